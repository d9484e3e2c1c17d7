;;;; How the kernel and Maxima talk: requests come as s-expressions on the descriptor that MAXIMALAB_REQUESTS names, answers
;;;; leave as one line of ASCII JSON each on the one that MAXIMALAB_FRAMES names. Descriptor 0 is empty, so that no program
;;;; that Maxima starts can eat a request; 1 and 2 carry nothing but what the user's own code prints, so that no printed
;;;; text can ever be taken for an answer.

(in-package :maxima)

;; SBCL takes #'NAME inside a redefinition of NAME for the new one, even from a variable around it; and where a newer
;; server is loaded over the one in a core, what we replaced the first time is what counts.
(defun maximalab-original (name)
  "The function that NAME had before us. To be called first where NAME is not redefined yet."
  (or (get name 'maximalab-original)
      (setf (get name 'maximalab-original) (symbol-function name))))

(defmacro maximalab-sheltered (&body body)
  "Run BODY without interrupts, except inside MAXIMALAB-EXPOSED."
  #+ecl `(mp:without-interrupts (mp:allow-with-interrupts ,@body))
  #+sbcl `(sb-sys:without-interrupts (sb-sys:allow-with-interrupts ,@body))
  #-(or ecl sbcl) `(progn ,@body))

(defmacro maximalab-exposed (&body body)
  #+ecl `(mp:with-interrupts ,@body)
  #+sbcl `(sb-sys:with-interrupts ,@body)
  #-(or ecl sbcl) `(progn ,@body))

(defmacro maximalab-waiting (&body body)
  "Wait for a request. SBCL must let interrupts in for that: there is no evaluation, so one is only counted."
  #+sbcl `(sb-sys:with-interrupts ,@body)
  #-sbcl `(progn ,@body))

(defun maximalab-open (descriptor direction)
  "A UTF-8 stream on an inherited file descriptor."
  #+ecl (ext:make-stream-from-fd descriptor direction :element-type 'character :external-format :utf-8
                                 :buffering (if (eq direction :output) :line :full))
  #+sbcl (sb-sys:make-fd-stream descriptor :input (eq direction :input) :output (eq direction :output)
                                           :external-format :utf-8
                                           :buffering (if (eq direction :output) :line :full))
  #-(or ecl sbcl) (open (format nil "/dev/fd/~d" descriptor) :direction direction
                        :if-exists (if (eq direction :output) :append nil)))

(defun maximalab-keep-from-programs (descriptor)
  "Have DESCRIPTOR closed in programs that Maxima starts: fcntl's F_SETFD is 2, its FD_CLOEXEC 1. Where this Lisp has no
way to say so, they inherit it, and what they write there is noise to the kernel."
  (ignore-errors
   #+(and ecl dffi) (si:call-cfun (si:find-foreign-symbol "fcntl" :default :pointer-void 0)
                                  :int '(:int :int :int) (list descriptor 2 1))
   #+sbcl (sb-alien:alien-funcall
           (sb-alien:extern-alien "fcntl" (function sb-alien:int sb-alien:int sb-alien:int sb-alien:int))
           descriptor 2 1))
  descriptor)

(defun maximalab-open-own (variable direction)
  "A stream on the descriptor that the environment's VARIABLE names, for this process alone."
  (maximalab-open (maximalab-keep-from-programs (parse-integer (maxima-getenv variable))) direction))

(defvar *maximalab-requests* nil "Where requests come from.")
(defvar *maximalab-frames* nil "Where answers go.")
(defvar *maximalab-output* nil "Descriptor 1.")
(defvar *maximalab-errors* nil "Descriptor 2.")

(defun maximalab-connect ()
  "Open the pipes of this process. Not when this file is loaded: that may have been long ago, for a saved image."
  (setq *maximalab-requests* (maximalab-open-own "MAXIMALAB_REQUESTS" :input)
        *maximalab-frames* (maximalab-open-own "MAXIMALAB_FRAMES" :output)
        *maximalab-output* (maximalab-open 1 :output)
        *maximalab-errors* (maximalab-open 2 :output)))

(defvar *maximalab-id* 0 "The request that is being answered.")

(defvar *maximalab-interrupts* 0 "How many interrupts this process has taken.")

(defvar *maximalab-signals* nil "How many had been sent when the request was made.")

(defvar *maximalab-counted* 0 "How many had been taken when the last request was done.")

(defvar *maximalab-interruptible* nil "True while there is an evaluation that an interrupt can leave.")

(defun maximalab-write-unit (code stream)
  (format stream "\\u~(~4,'0x~)" code))

(defun maximalab-write-char (char stream)
  "Write CHAR as JSON in pure ASCII; beyond the basic plane as two units."
  (let ((code (char-code char)))
    (cond ((char= char #\") (write-string "\\\"" stream))
          ((char= char #\\) (write-string "\\\\" stream))
          ((<= 32 code 126) (write-char char stream))
          #+gcl ((<= 128 code 255) (write-char char stream)) ; a byte of UTF-8: GCL knows no other characters
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
  "Send one frame whole, whatever interrupts there are: one that comes meanwhile takes effect behind it. SBCL holds it back
itself; on the others it is only counted, since their streams let it in while they write."
  (let ((before *maximalab-interrupts*))
    (let ((*maximalab-interruptible* nil))
      #+sbcl (sb-sys:without-interrupts (apply #'maximalab-write-frame kind fields))
      #-sbcl (apply #'maximalab-write-frame kind fields))
    (when (and *maximalab-interruptible* (/= before *maximalab-interrupts*))
      (throw 'maximalab-interrupted :interrupted))))

(defvar *maximalab-half-written* nil "True where a frame was begun, and may have been given up.")

(defun maximalab-write-frame (kind &rest fields)
  "Write one frame; FIELDS alternate names and values. What was printed before it leaves before it."
  (finish-output *standard-output*)
  (finish-output *error-output*)
  (let ((*print-base* 10) (*print-radix* nil) (*print-pretty* nil) (out *maximalab-frames*))
    (when *maximalab-half-written* (terpri out)) ; a line of its own: the kernel passes over what is no whole frame
    (setq *maximalab-half-written* t)
    (format out "{\"id\":~d,\"kind\":\"~a\"" *maximalab-id* kind)
    (loop for (name value) on fields by #'cddr
          do (format out ",\"~a\":" name)
             (maximalab-write-json value out))
    (write-char #\} out)
    (terpri out)
    (finish-output out)
    (setq *maximalab-half-written* nil)))

(defun maximalab-next-request ()
  "The next request, (id operation text), or :EOF when the kernel is gone."
  (let ((*package* (find-package :maxima)) (*read-eval* nil) (*read-base* 10)
        (*readtable* (load-time-value (copy-readtable nil))))
    ;; A signal can end ECL's wait with what looks like the end of the pipe: at the real end, asking again costs nothing.
    (loop repeat #+ecl 5 #-ecl 1
          for request = (maximalab-waiting (read *maximalab-requests* nil :eof))
          while (eq request :eof)
          finally (return request))))
