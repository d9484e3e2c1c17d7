;;;; Nothing that a user's code does may end the server's loop: errors of Maxima and of Lisp, throws, interrupts. Each
;;;; becomes a status.

(in-package :maxima)

(defvar *maximalab-trouble* nil "What the last failure said: (name message trace position).")
(defvar *maximalab-source* nil "The stream that the statement under evaluation is parsed from.")
(defvar *maximalab-text* "" "The text of that statement.")

(defun maximalab-printed (function)
  "What FUNCTION prints, trimmed."
  (let* ((out (make-string-output-stream))
         (*standard-output* out) (*error-output* out) (*debug-io* (make-two-way-stream *standard-input* out)))
    (funcall function)
    (string-trim '(#\space #\newline #\tab) (get-output-stream-string out))))

(defun maximalab-trace ()
  "The user's functions that were running, innermost first; empty when Maxima cannot tell."
  (handler-case (maximalab-printed (lambda () ($backtrace 5)))
    (error () "")))

(maximalab-original 'merror)
(defun merror (control &rest arguments)
  "Signal an error of Maxima. One that nobody catches leaves the evaluation silently: the kernel shows it."
  (when (or *merror-signals-$error-p* errcatch)
    (apply (maximalab-original 'merror) control arguments))
  (maximalab-note-place)
  (setq $error (list* '(mlist simp) control arguments))
  (setq *maximalab-trouble*
        (list "MaximaError"
              (let (($display2d nil)) (maximalab-printed #'$errormsg))
              (maximalab-trace) nil))
  (throw 'macsyma-quit 'maxima-error))

(defun gf-merror (control &rest arguments)
  "The packages for texts and finite fields have an error of their own, which would only be printed."
  (apply #'merror control arguments))

(defun maximalab-syntax-word (word)
  (cond ((symbolp word) (print-invert-case (stripdollar word)))
        ((stringp word) (maybe-invert-string-case word))
        (t word)))

(defun maximalab-characters-read (position)
  "How many characters of the statement the parser has read. GCL's POSITION counts bytes."
  #-gcl position
  #+gcl (count-if-not (lambda (char) (<= 128 (char-code char) 191)) *maximalab-text*
                      :end (min position (length *maximalab-text*))))

(defun mread-synerr (control &rest arguments)
  "Refuse what cannot be parsed, with the place where the parser stood."
  (let ((message (format nil "incorrect syntax: ~?" control (mapcar #'maximalab-syntax-word arguments))))
    (maximalab-note-place *parse-stream*)
    (setq *maximalab-trouble*
          (list "MaximaSyntaxError" message ""
                (and *maximalab-source* (eq *parse-stream* *maximalab-source*)
                     (maximalab-characters-read (file-position *maximalab-source*)))))
    (when errcatch (format *error-output* "~&~a~%" message))
    (throw 'macsyma-quit 'maxima-error)))

(defun maximalab-clean-up ()
  "Put right what an abandoned evaluation may leave behind: local variables, parser, system variables."
  (when bindlist (errlfun1 (cons nil nil)))
  (setf (fill-pointer *mlambda-call-stack*) 0)
  (setf scan-buffered-token (list nil))
  (maphash (lambda (name value) (unless (boundp name) (setf (symbol-value name) value)))
           *variable-initial-values*))

(defun maximalab-catching (function)
  "Call FUNCTION; a throw to Maxima's or Lisp's top level becomes :FAILED."
  (let ((thrown
          (catch 'macsyma-quit
            (catch 'return-from-debugger
              (return-from maximalab-catching (values :ok (funcall function)))))))
    (unless (and *maximalab-trouble* (eq thrown 'maxima-error))
      (setq *maximalab-trouble* (list "MaximaError" "maximalab:abandoned" "" nil)))
    :failed))

(defun maximalab-said (condition)
  "The condition's own words; GCL puts the name of its class before them."
  (let* ((text (format nil "~a" condition)) (place (search "parser: end" text)))
    (if place (subseq text place) text)))

(defun maximalab-out-of-memory-p (condition)
  "True where Lisp has no room left for what an evaluation wants."
  (declare (ignorable condition))
  #+sbcl (typep condition 'sb-kernel::heap-exhausted-error)
  #+ecl (typep condition 'ext:storage-exhausted)
  #+gcl (let ((text (format nil "~a" condition)))
          (and (search "The storage for" text) (search "is exhausted" text))))

(defun maximalab-lisp-trouble (condition)
  "What to tell of an error of Lisp itself."
  (cond ((typep condition #+sbcl '(or sb-kernel::control-stack-exhausted sb-kernel::binding-stack-exhausted)
                          #+ecl 'ext:stack-overflow #-(or sbcl ecl) nil)
         (list "MaximaError" "maximalab:too_deep" "" nil)) ; the kernel has the words
        ((maximalab-out-of-memory-p condition)
         (list "MaximaOutOfMemory" "" "" nil))
        ((search "parser: end of file" (maximalab-said condition)) ; an open text or comment, before Maxima 5.47
         (list "MaximaSyntaxError" (format nil "incorrect syntax: ~a" (maximalab-said condition)) "" nil))
        (t (list "MaximaError" (format nil "Lisp error: ~a" condition) "" nil))))

(defun maximalab-forget-strange (signals)
  "Interrupts that the kernel has not sent, such as those of a user's own program, count for nothing later. SIGNALS is how
many it had sent by the time of a request: more than that cannot have come before it."
  (when (and signals (> *maximalab-counted* signals))
    (decf *maximalab-interrupts* (- *maximalab-counted* signals))))

(defun maximalab-take-early ()
  "Let the interrupt take effect that came while its own request was still on its way: then it has been counted only."
  (when (and *maximalab-signals* (> *maximalab-interrupts* *maximalab-signals*))
    (throw 'maximalab-interrupted :interrupted)))

(defun maximalab-guarded (function)
  "Call FUNCTION with interrupts let in: (values :ok value), or :failed, or :interrupted."
  (let ((status :interrupted) (value nil) (whole t))
    (setq *maximalab-trouble* nil)
    (maximalab-let-interrupts-come)
    (catch 'maximalab-interrupted
      (setq whole (maximalab-rescued
                    (setf (values status value)
                          (handler-case (let ((*maximalab-interruptible* t))
                                          (maximalab-exposed (maximalab-take-early) (maximalab-catching function)))
                            (serious-condition (condition)
                              (setq *maximalab-trouble* (maximalab-lisp-trouble condition))
                              :failed)))
                    t)))
    (unless (or (maximalab-let-no-more-come) whole)
      (throw 'maximalab-over nil))      ; ECL's own stack is full, or broken: there is no going on
    (unless (eq status :ok) (maximalab-clean-up))
    (maximalab-restore-stacks)
    (values status value)))
