;;;; How the kernel and Maxima talk: requests come as s-expressions on descriptor 0, answers leave as one line of ASCII
;;;; JSON each on the descriptor that MAXIMALAB_FRAMES names. Descriptors 1 and 2 carry nothing but what the user's own code prints, so that no
;;;; printed text can ever be taken for an answer.

(in-package :maxima)

(defun maximalab-open (descriptor direction)
  "A UTF-8 stream on an inherited file descriptor."
  #+ecl (ext:make-stream-from-fd descriptor direction :element-type 'character :external-format :utf-8
                                 :buffering (if (eq direction :output) :line :full))
  #+sbcl (sb-sys:make-fd-stream descriptor :input (eq direction :input) :output (eq direction :output)
                                           :external-format :utf-8
                                           :buffering (if (eq direction :output) :line :full))
  #-(or ecl sbcl) (open (format nil "/dev/fd/~d" descriptor) :direction direction
                        :if-exists (if (eq direction :output) :append nil)))

(defvar *maximalab-requests* (maximalab-open 0 :input))
(defvar *maximalab-frames* (maximalab-open (parse-integer (maxima-getenv "MAXIMALAB_FRAMES")) :output))
(defvar *maximalab-id* 0 "The request that is being answered.")

(defun maximalab-write-unit (code stream)
  (format stream "\\u~(~4,'0x~)" code))

(defun maximalab-write-char (char stream)
  "Write CHAR as JSON in pure ASCII; beyond the basic plane as two units."
  (let ((code (char-code char)))
    (cond ((char= char #\") (write-string "\\\"" stream))
          ((char= char #\\) (write-string "\\\\" stream))
          ((<= 32 code 126) (write-char char stream))
          ((<= code #xffff) (maximalab-write-unit code stream))
          (t (let ((rest (- code #x10000)))
               (maximalab-write-unit (+ #xd800 (ash rest -10)) stream)
               (maximalab-write-unit (+ #xdc00 (logand rest #x3ff)) stream))))))

(defun maximalab-write-json (value stream)
  "Write a string, an integer, NIL (null), T (true) or a list of these."
  (cond ((null value) (write-string "null" stream))
        ((eq value t) (write-string "true" stream))
        ((integerp value) (format stream "~d" value))
        ((stringp value)
         (write-char #\" stream)
         (loop for char across value do (maximalab-write-char char stream))
         (write-char #\" stream))
        (t (write-char #\[ stream)
           (loop for (item . more) on value
                 do (maximalab-write-json item stream)
                    (when more (write-char #\, stream)))
           (write-char #\] stream))))

(defun maximalab-emit (kind &rest fields)
  "Send one frame whole, whatever interrupts there are."
  #+ecl (mp:without-interrupts (apply #'maximalab-write-frame kind fields))
  #+sbcl (sb-sys:without-interrupts (apply #'maximalab-write-frame kind fields))
  #-(or ecl sbcl) (apply #'maximalab-write-frame kind fields))

(defun maximalab-write-frame (kind &rest fields)
  "Write one frame; FIELDS alternate names and values. What was printed before it leaves before it."
  (finish-output *standard-output*)
  (finish-output *error-output*)
  (let ((*print-base* 10) (*print-radix* nil) (*print-pretty* nil) (out *maximalab-frames*))
    (format out "{\"id\":~d,\"kind\":\"~a\"" *maximalab-id* kind)
    (loop for (name value) on fields by #'cddr
          do (format out ",\"~a\":" name)
             (maximalab-write-json value out))
    (write-char #\} out)
    (terpri out)
    (finish-output out)))

(defun maximalab-next-request ()
  "The next request, (id operation text), or :EOF when the kernel is gone."
  (let ((*package* (find-package :maxima)) (*read-eval* nil) (*read-base* 10)
        (*readtable* (load-time-value (copy-readtable nil))))
    (read *maximalab-requests* nil :eof)))
