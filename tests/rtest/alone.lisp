;;;; Maxima alone: the problems of a file of its own test suite, one by one as its top level takes them, and what each gives.
;;;; Nothing of the kernel is in here.

(in-package :maxima)

(defun alone-line (value)
  "VALUE on one line, a text as it is: what the kernel promises of a result."
  (if (stringp value)
      value
      (let (($display2d nil) ($stringdisp t)) (coerce (mstring value) 'string))))

(defun alone-outcome (statement)
  "Evaluate STATEMENT: (values kind text)."
  (let ((input-label (progn (when (or (not (checklabel $inchar)) (not (checklabel $outchar))) (incf $linenum))
                            (makelabel $inchar)))
        (done nil))
    (setq $__ (third statement))
    (unless $nolabels (setf (symbol-value input-label) $__))
    (catch 'macsyma-quit
      (catch 'return-from-debugger
        (setq $% (toplevel-macsyma-eval $__) done t)))
    (if (not done)
        (values "error" "")
        (let ((label (makelabel $outchar)))
          (unless $nolabels (setf (symbol-value label) $%))
          (setq $_ $__)
          (values "result" (alone-line $%))))))

;; A problem's limit is of processor time, so that a busy machine changes no result; by the clock it may take some times as
;; long. Whatever the time is up in is left as by an interrupt, past all handlers of errors.
(defvar *alone-until* nil "(processor time . clock), in internal units, until which the problem may go on.")

(defun alone-look ()
  (when (and *alone-until*
             (or (> (get-internal-run-time) (car *alone-until*)) (> (get-internal-real-time) (cdr *alone-until*))))
    (throw 'alone-late (values "late" ""))))

(defun alone-keep-watch ()
  (sb-ext:schedule-timer (sb-ext:make-timer #'alone-look :thread sb-thread:*current-thread*) 0.1 :repeat-interval 0.1))

(defun alone-guarded (statement seconds wall)
  (if (zerop seconds)
      (values "left-out" "")
      (catch 'alone-late
        (let ((*alone-until* (flet ((units (seconds) (round (* seconds internal-time-units-per-second))))
                               (cons (+ (get-internal-run-time) (units seconds))
                                     (+ (get-internal-real-time) (units (* wall seconds)))))))
          (handler-case (alone-outcome statement)
            (serious-condition () (values "error" "")))))))

(defun alone-numbers (variable)
  (let ((*read-default-float-format* 'double-float))
    (read-from-string (format nil "(~a)" (maxima-getenv variable)))))

(defun alone-tell (out kind text)
  "Kind, length and text, so that any text can be in it."
  (format out "~a ~d~%~a~%" kind (length text) text)
  (finish-output out))

(let ((retrieve (symbol-function 'retrieve)))
  (setf (symbol-function 'retrieve)
        (lambda (&rest arguments)
          "Where no answer is left, Maxima would ask for ever: as in the kernel, that fails."
          (if (peek-char t *standard-input* nil nil)
              (apply retrieve arguments)
              (throw 'macsyma-quit 'maxima-error)))))

(defun alone-text (file)
  (with-open-file (in file :external-format '(:utf-8 :replacement #\?))
    (let ((text (make-string (file-length in))))
      (subseq text 0 (read-sequence text in)))))

(defun alone-run (file answers told)
  "Evaluate the problems in FILE and write to TOLD what they give.
The file ANSWERS, where there is one, has what Maxima's questions get."
  (let ((input (make-string-input-stream (if (string= answers "") "" (alone-text answers)))) (end (list nil)))
    (with-input-from-string (in (alone-text file)) ; from a file, statements would carry their place and look different
      (with-open-file (out told :direction :output :if-exists :supersede :external-format :utf-8)
        (let ((*standard-input* input) (*query-io* (make-two-way-stream input *standard-output*))
              (*debugger-hook* nil) (*mread-prompt* "") (wall (first (alone-numbers "RTEST_WALL"))))
          (alone-keep-watch)
          (loop for seconds in (alone-numbers "RTEST_SECONDS")
                for statement = (catch 'macsyma-quit (mread in end))
                until (eq statement end)
                do (multiple-value-call #'alone-tell out (if (consp statement)
                                                             (alone-guarded statement seconds wall)
                                                             (values "error" "")))))))
    (sb-ext:exit :code 0 :abort t)))

(defun macsyma-top-level (&rest ignored)
  "Instead of Maxima's own loop, which would read a terminal: the file, where that loop would begin."
  (declare (ignore ignored))
  (alone-run (maxima-getenv "RTEST_FILE") (maxima-getenv "RTEST_ANSWERS") (maxima-getenv "RTEST_TOLD")))
