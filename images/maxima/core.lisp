;;;; Saves the core that the kernel starts: everything that is the same at each start is done here, once.

(in-package :maxima)

(defconstant +maximalab-nursery+ (* 8 1024 1024) "Bytes that are allocated between two collections.")

(defun maximalab-give-up (condition hook)
  "There is no terminal to debug at: say what it was, and end."
  (declare (ignore hook))
  (format *error-output* "~&~a~%" condition)
  (finish-output *error-output*)
  (sb-ext:exit :code 70 :abort t))

(defun maximalab-begin ()
  "What is left to do when the core starts; then serve."
  (setf (sb-ext:bytes-consed-between-gcs) +maximalab-nursery+
        *maximalab-gmp* :unknown)       ; a library is not part of a core
  (setf sb-ext:*invoke-debugger-hook* #'maximalab-give-up)
  (adjust-character-encoding)
  (initialize-real-and-run-time)
  (set-pathnames)
  (maximalab-note-search)
  (let ((newer (maxima-getenv "MAXIMALAB_SERVER")))
    (when newer (handler-bind ((warning #'muffle-warning)) (load newer))))
  (maximalab-load-own-start)
  (macsyma-top-level))

(defun maximalab-save-core (path)
  (maximalab-take-arithmetic)
  (maximalab-note-definitions)
  (sb-ext:save-lisp-and-die path :toplevel #'maximalab-begin))
