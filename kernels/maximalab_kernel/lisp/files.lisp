;;;; Which file of Maxima's language is being read, and where in it: an error is then told with its place. Positions are in
;;;; bytes, as streams have them; the kernel makes lines of them.

(in-package :maxima)

(defvar *maximalab-file* nil "The innermost file: its stream, its name, and where in it the statement begins that runs.")
(defvar *maximalab-place* nil "Where the last failure was, (name start at); NIL for none in a file.")

(defun maximalab-note-start (stream)
  "The next statement of STREAM is about to be read."
  (when (and *maximalab-file* (eq stream (car *maximalab-file*)))
    (setf (third *maximalab-file*) (file-position stream))))

(defun maximalab-file-of (stream)
  "What is to be known of a file before its first statement; of another stream there is no name."
  (let ((name (get-stream-truename stream)))
    (list stream (and name (namestring name)) nil)))

(defun maximalab-note-place (&optional parsed)
  "Something fails here. PARSED is the stream that cannot be parsed, if that is why. The stack may be full: this needs little."
  (setq *maximalab-place*
        (when (second *maximalab-file*)
          (list (second *maximalab-file*) (third *maximalab-file*)
                (and parsed (eq parsed (first *maximalab-file*)) (file-position parsed))))))

(defun maximalab-placing (function)
  "Call FUNCTION; an error of Lisp that nobody in it catches is noted with its place."
  (setq *maximalab-place* nil)
  (handler-bind ((serious-condition (lambda (condition) (declare (ignore condition)) (maximalab-note-place))))
    (funcall function)))

(maximalab-original 'mread)
(defun mread (&rest arguments)
  "Read one statement, and remember where it begins."
  (maximalab-note-start (first arguments))
  (apply (maximalab-original 'mread) arguments))

(maximalab-original 'batchload-stream)
(defun batchload-stream (stream &rest options)
  "Read and evaluate a file as `load` and `batchload` do."
  (let ((*maximalab-file* (maximalab-file-of stream)))
    (apply (maximalab-original 'batchload-stream) stream options)))
