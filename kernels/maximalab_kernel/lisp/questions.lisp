;;;; Whatever in Maxima would read from a terminal asks the kernel instead.

(in-package :maxima)

(defun maximalab-refuse-question (prompt)
  (setq *maximalab-trouble* (list "MaximaQuestion" prompt "" nil))
  (throw 'macsyma-quit 'maxima-error))

(defun maximalab-ask (prompt)
  "Ask PROMPT through the notebook; the answer's text. Without anyone to ask, the evaluation fails with the question."
  (maximalab-emit "input" "prompt" prompt)
  (let ((reply (maximalab-next-request)))
    (cond ((eq reply :eof) (throw 'maximalab-over nil))
          ((eq (second reply) :answer) (third reply))
          (t (maximalab-refuse-question prompt)))))

(defun maximalab-terminated (text)
  (let ((text (string-right-trim '(#\space #\tab #\newline) text)))
    (if (and (plusp (length text)) (find (char text (1- (length text))) ";$"))
        text
        (concatenate 'string text ";"))))

(defun maximalab-answer (prompt)
  "Ask until the answer is an expression, and return it unevaluated."
  (loop
    (let* ((text (maximalab-terminated (maximalab-ask prompt)))
           (parsed (unless (string= text ";")
                     (catch 'macsyma-quit (mread (make-string-input-stream text) nil)))))
      (when (consp parsed) (return (third parsed))))))

(defun retrieve (message flag)
  "Maxima's own question, for example by asksign."
  (maximalab-answer
   (cond ((or (null message) (eq flag 'noprint)) "")
         ((atom message) (format nil "~a" message))
         ((eq flag t) (format nil "~{~a~}" (cdr message)))
         (t (let (($display2d nil)) (string-trim '(#\space #\newline) (aformat nil "~M" message)))))))

(defmfun $readonly (&rest words)
  (maximalab-answer
   (if words
       (let (($display2d nil)) (maximalab-printed (lambda () (apply #'$print words))))
       "")))

(defmfun $read (&rest words)
  (meval (apply #'$readonly words)))

(defun maximalab-no-terminal (what)
  (merror "~a: not in a notebook; there is no terminal to talk to" what))

(defmfun $to_lisp () (maximalab-no-terminal "to_lisp"))
(defun mbreak-loop () (maximalab-no-terminal "break"))
(defun break-dbm-loop (at) (declare (ignore at)) (maximalab-no-terminal "the debugger"))
