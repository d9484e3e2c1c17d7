;;;; Expressions with parameters that the reader moves: interact(expr, [n, 1, 10]), and wxMaxima's with_slider and its kin.
;;;; Maxima keeps the expression; the kernel shows the controls and asks for the value anew at each move.

(in-package :maxima)

(defvar *maximalab-panels* (make-hash-table) "Key: (expression name ...), each name (symbol . choices or NIL).")
(defvar *maximalab-panel-count* 0)

(defun maximalab-control-line (&rest parts)
  "One control as the kernel reads it: a line for each part."
  (format nil "~{~a~^~%~}" parts))

(defun maximalab-parameter-name (symbol)
  (string-left-trim "$" (print-invert-case symbol)))

(defun maximalab-choice-control (name choices at)
  (apply #'maximalab-control-line (maximalab-parameter-name name) "choice" at
         (mapcar (lambda (choice) (substitute #\space #\newline (maximalab-line choice))) choices)))

(defun maximalab-number (value what)
  "VALUE as an integer or a float, or an error that says WHAT it is for."
  (let ((number (if (integerp value) value ($float value))))
    (if (realp number) number (merror "interact: ~M is no number, but ~A" value what))))

(defun maximalab-number-control (name numbers)
  "A slider from NUMBERS: low, high, and perhaps step and first value."
  (destructuring-bind (low high &optional step value)
      (mapcar (lambda (each) (maximalab-number each "a slider goes from number to number")) numbers)
    (unless (< low high) (merror "interact: ~A does not lie below ~A" low high))
    (let ((whole (every #'integerp (list low high (or step 1) (or value low)))))
      (maximalab-control-line (maximalab-parameter-name name) (if whole "whole" "real") low high
                              (or step (if whole 1 (/ (- high low) 100d0))) (or value low)))))

(defun maximalab-parameter (given)
  "A parameter such as [n, 1, 10], [n, 0, 1, 0.1, 0.5] or [c, [red, blue]]: its name, choices and control."
  (unless (and ($listp given) (symbolp (second given)) (cddr given))
    (merror "interact: a parameter looks like [n, 1, 10] or [n, [a, b, c]]; found: ~M" given))
  (let ((name (second given)) (values (mapcar #'meval (cddr given))))
    (cond (($listp (first values))
           (let* ((choices (cdr (first values))) (at (position (second values) choices :test #'alike1)))
             (unless choices (merror "interact: ~M has nothing to choose from" name))
             (list name choices (maximalab-choice-control name choices (or at 0)))))
          ((<= 2 (length values) 4) (list name nil (maximalab-number-control name values)))
          (t (merror "interact: a parameter looks like [n, 1, 10] or [n, [a, b, c]]; found: ~M" given)))))

(defun maximalab-panel (expression parameters)
  "Remember EXPRESSION and tell the kernel to show controls for PARAMETERS."
  (let ((key (incf *maximalab-panel-count*)) (known (mapcar #'maximalab-parameter parameters)))
    (setf (gethash key *maximalab-panels*)
          (cons expression (mapcar (lambda (each) (cons (first each) (second each))) known)))
    (maximalab-emit "sliders" "key" key "controls" (mapcar #'third known))
    (push "sliders" *maximalab-shown*)
    '((mlist) "sliders")))

(defmspec $interact (form)
  (unless (cddr form) (merror "interact: an expression and its parameters are wanted: interact(n^2, [n, 1, 10])"))
  (maximalab-panel (second form) (cddr form)))

(defun maximalab-animation (form plot)
  "wxMaxima's way: the parameter, its values, and what PLOT is called with."
  (let ((name (maximalab-parameter-name (caar form)))
        (values (and (cddr form) (meval (third form)))))
    (unless ($listp values)
      (merror "~A: a parameter and a list of its values are wanted: ~A(n, [1, 2, 3], ~A)" name name
              (if (eq plot '$plot2d) "sin(n*x), [x, 0, 6]" "...")))
    (maximalab-panel (cons (list plot) (cdddr form)) `(((mlist) ,(second form) ((mquote) ,values))))))

(defmspec $with_slider (form) (maximalab-animation form '$plot2d))
(defmspec $with_slider_draw (form) (maximalab-animation form '$draw2d))
(defmspec $with_slider_draw3d (form) (maximalab-animation form '$draw3d))
(defmspec $wxanimate (form) (maximalab-animation form '$plot2d))
(defmspec $wxanimate_draw (form) (maximalab-animation form '$draw2d))
(defmspec $wxanimate_draw3d (form) (maximalab-animation form '$draw3d))

(defun maximalab-settings-of (panel numbers)
  "Assignments of NUMBERS, or of the choices at these places, to the parameters of PANEL."
  (loop for (symbol . choices) in (cdr panel)
        for number in numbers
        collect `((msetq) ,symbol ((mquote) ,(if choices (nth number choices) number)))))

(defun maximalab-slide (text)
  "Evaluate the expression of a panel: TEXT is its key and a number for each parameter."
  (let* ((*read-default-float-format* 'double-float)
         (numbers (with-input-from-string (in text) (loop for each = (read in nil) while each collect each)))
         (panel (gethash (first numbers) *maximalab-panels*)))
    (unless panel (merror "interact: this Maxima does not know the expression any more; run the cell again"))
    (let ((value (meval `((mprog) ((mlist) ,@(maximalab-settings-of panel (rest numbers))) ,(car panel)))))
      (unless (or (maximalab-plot-value-p value) (eq value '$done) *maximalab-shown*)
        (maximalab-emit-result "" value)))))
