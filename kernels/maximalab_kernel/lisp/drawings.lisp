;;;; The package draw, and what draws with it: histogram and its kin, graphs, direction fields.

(in-package :maxima)

(defun maximalab-option (name arguments)
  "The value of NAME=... among draw's ARGUMENTS, in lists and scenes, too."
  (dolist (argument arguments)
    (when (consp argument)
      (cond ((and (eq (caar argument) 'mequal) (eq (second argument) name)) (return (third argument)))
            ((member (caar argument) '(mlist $gr2d $gr3d))
             (let ((inner (maximalab-option name (cdr argument)))) (when inner (return inner))))))))

(defun maximalab-draw-option (name arguments)
  "What draw takes for NAME: the arguments', else the user's default."
  (or (maximalab-option name arguments)
      (maximalab-option name (symbol-value '*user-gr-default-options*))))

(defun maximalab-window-draw-p (arguments)
  (member (maximalab-draw-option '$terminal arguments) '(nil $screen $wxt $x11 $qt $aquaterm $windows $wxmaxima)))

(defun maximalab-setting (name value)
  `((mequal) ,name ,value))

(defun maximalab-draw-arguments (path arguments)
  "ARGUMENTS with files of ours for whatever the user has not named."
  (let ((size (and (not (maximalab-draw-option '$dimensions arguments)) (maximalab-size)))
        (name (subseq path (1+ (position #\/ path :from-end t)))))
    (append arguments
            (when size (list (maximalab-setting '$dimensions `((mlist) ,@size))))
            (unless (maximalab-option '$gnuplot_file_name arguments)
              (list (maximalab-setting '$gnuplot_file_name (maximalab-with-type name "gnuplot"))))
            (unless (maximalab-option '$data_file_name arguments)
              (list (maximalab-setting '$data_file_name (maximalab-with-type name "data"))))
            (list (maximalab-setting '$terminal '$svg) (maximalab-setting '$file_name path)))))

(defun maximalab-drawn-file (arguments)
  "The picture that draw has made in a file of the user's own, or NIL where its format is none to be shown."
  (let ((type (case (maximalab-draw-option '$terminal arguments)
                ($svg "svg") (($png $pngcairo) "png") ($jpg "jpg") (($gif $animated_gif) "gif"))))
    (when type
      (maximalab-with-type (or (maximalab-draw-option '$file_name arguments) "maxima_out") type))))

(defun maximalab-draw (draw arguments)
  (maximalab-prepare-drawing arguments)
  (if (maximalab-window-draw-p arguments)
      (let ((path (maximalab-plot-path)))
        (prog1 (maximalab-draw-plot path (lambda () (apply draw (maximalab-draw-arguments path arguments))))
          (maximalab-show-plot path)))
      (let ((file (maximalab-drawn-file arguments)))
        (prog1 (apply draw arguments) (when file (maximalab-show-file file))))))

(defun maximalab-drawing (draw)
  "What `draw_gnuplot` becomes."
  (lambda (&rest arguments) (maximalab-draw draw arguments)))

(defun maximalab-quotable (text)
  "TEXT as gnuplot takes it between apostrophes, each of which stands twice: in Ukrainian it is a letter of words."
  (with-output-to-string (out)
    (loop for start = 0 then end
          while (< start (length text))
          for within = (char= (char text start) #\')
          for end = (or (position-if (lambda (one) (not (eq (char= one #\') within))) text :start start) (length text))
          do (write-string text out :start start :end end)
             (when (and within (oddp (- end start))) (write-char #\' out)))))

(defparameter *maximalab-draw-words*
  '($title $key $xlabel $ylabel $zlabel $xlabel_secondary $ylabel_secondary $colorbox)
  "Options of draw whose text goes between apostrophes.")

(defparameter *maximalab-draw-tics* '($xtics $ytics $ztics $xtics_secondary $ytics_secondary $cbtics)
  "Options of draw that may be a set of pairs: a text, where it stands.")

(defun maximalab-draw-value (name value)
  "VALUE of the option NAME as draw can write it for gnuplot."
  (cond ((and (stringp value) (member name *maximalab-draw-words*)) (maximalab-quotable value))
        ((and (consp value) (member name *maximalab-draw-tics*))
         (cons (car value)
               (mapcar (lambda (pair)
                         (if (and (consp pair) (stringp (second pair)))
                             (list* (first pair) (maximalab-quotable (second pair)) (cddr pair))
                             pair))
                       (cdr value))))
        (t value)))

(defun maximalab-drawing-option (update)
  "What `update-gr-option` becomes."
  (lambda (name value) (funcall update name (maximalab-draw-value name value))))

(defun maximalab-hook (name wrapped)
  "Have the function NAME be what WRAPPED makes of it, once; again where it was defined anew."
  (when (and (fboundp name) (not (eq (symbol-function name) (get name 'maximalab))))
    (setf (get name 'maximalab) (funcall wrapped (symbol-function name))
          (symbol-function name) (get name 'maximalab))))

(defun maximalab-hook-packages ()
  "Once a package is there, and each time it is loaded again: have draw's plots without a terminal go to the kernel, and what
stats writes as TeX be what MathJax takes."
  (maximalab-hook 'tex-inference_result (lambda (theirs) (declare (ignore theirs)) #'maximalab-tex-inference))
  (maximalab-hook 'draw_gnuplot #'maximalab-drawing)
  (maximalab-hook 'update-gr-option #'maximalab-drawing-option))

(defmacro maximalab-hook-after (name)
  `(let ((original (symbol-function ',name)))
     (setf (symbol-function ',name)
           (lambda (&rest arguments) (prog1 (apply original arguments) (maximalab-hook-packages))))))

(maximalab-hook-packages)
(maximalab-hook-after $load)
(maximalab-hook-after generic-autoload)
