;;;; Saves the core that the kernel starts: everything that is the same at each start is done here, once.

(in-package :maxima)

(defconstant +maximalab-nursery+ (* 8 1024 1024) "Bytes that are allocated between two collections.")

(defun maximalab-begin ()
  "What is left to do when the core starts; then serve."
  (setf (sb-ext:bytes-consed-between-gcs) +maximalab-nursery+)
  (setf sb-ext:*invoke-debugger-hook* (lambda (&rest ignored) (declare (ignore ignored)) (sb-ext:exit :code 70 :abort t)))
  (adjust-character-encoding)
  (initialize-real-and-run-time)
  (set-pathnames)
  (maximalab-note-search)
  (let ((newer (maxima-getenv "MAXIMALAB_SERVER")))
    (when newer (handler-bind ((warning #'muffle-warning)) (load newer))))
  (load-user-init-file)
  (macsyma-top-level))

(defun maximalab-save-core (path)
  (maximalab-note-definitions)
  (sb-ext:save-lisp-and-die path :toplevel #'maximalab-begin))
