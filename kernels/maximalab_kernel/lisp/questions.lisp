;;;; Whatever in Maxima would read from a terminal asks the kernel instead.

(in-package :maxima)

(defun maximalab-refuse-question (prompt)
  (maximalab-note-place)
  (setq *maximalab-trouble* (list "MaximaQuestion" prompt "" nil))
  (throw 'macsyma-quit 'maxima-error))

(defun maximalab-ask (prompt &optional (asker ""))
  "Ask PROMPT through the notebook; the answer's text. Without anyone to ask, the evaluation fails with the question."
  (maximalab-emit "input" "prompt" prompt "asker" asker)
  (let ((reply (maximalab-next-request)))
    (cond ((eq reply :eof) (throw 'maximalab-over nil))
          ((eq (second reply) :answer) (third reply))
          (t (maximalab-refuse-question prompt)))))

(defun maximalab-terminated (text)
  (let ((text (string-right-trim '(#\space #\tab #\newline) text)))
    (if (and (plusp (length text)) (find (char text (1- (length text))) ";$"))
        text
        (concatenate 'string text ";"))))

(defvar *maximalab-answers* nil "A file that a batch takes its answers from, where batch_answers_from_file says so.")

(defun maximalab-answer (prompt &optional (asker ""))
  "Ask until the answer is an expression, and return it unevaluated. ASKER is maxima where it is no question of the user's."
  (when *maximalab-answers*
    (return-from maximalab-answer (third (mread *maximalab-answers* nil))))
  (loop
    (let* ((text (maximalab-terminated (maximalab-ask prompt asker)))
           (parsed (unless (string= text ";")
                     (catch 'macsyma-quit (mread (make-string-input-stream text) nil)))))
      (when (consp parsed) (return (third parsed))))))

(defun retrieve (message flag)
  "Maxima's own question, for example by asksign."
  (maximalab-answer
   (cond ((or (null message) (eq flag 'noprint)) "")
         ((atom message) (format nil "~a" message))
         ((eq flag t) (format nil "~{~a~}" (cdr message)))
         (t (let (($display2d nil)) (string-trim '(#\space #\newline) (aformat nil "~M" message)))))
   "maxima"))

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

(defvar *maximalab-closed* nil "True while programs, Lisp and files are refused; see closed.lisp.")

(defun maximalab-refuse-command (command)
  "A file's `:lisp` is no more allowed than a cell's."
  (when *maximalab-closed* (maximalab-refuse (format nil ":~(~a~)" command))))

(defun maximalab-pause ()
  "Between two commands of a demonstration, in the words of the kernel; an answer that begins with `e` ends it."
  (let ((answer (maximalab-ask "maximalab:pause")))
    (and (plusp (length answer)) (char-equal (char answer 0) #\e))))

(defun maximalab-batch-one (statement demo)
  "Echo, evaluate and show one statement of a file; true where a demonstration is to end."
  (if (keywordp (car statement))
      (progn (maximalab-refuse-command (car statement))
             (break-call (car statement) (cdr statement) 'break-command) nil)
      (let ((input-label (maximalab-next-label)) (*display-labels-p* t))
        (setq $__ (third statement))
        (maximalab-remember input-label $__)
        (unless (and (boundp '*suppress-input-echo*) (symbol-value '*suppress-input-echo*)) (let (($display2d nil)) (displa `((mlabel) ,input-label ,$__))))
        (setq $% (toplevel-macsyma-eval $__))
        (let ((label (makelabel $outchar)))
          (maximalab-remember label $%)
          (setq $_ $__)
          (when (eq (caar statement) 'displayinput) (displa `((mlabel) ,label ,$%))))
        (and (eq demo :demo) (maximalab-pause)))))

(defun batch-stream (source demo)
  "Run the statements of a file as `batch` and `demo` do. An error in it is the error of the cell."
  (let* (($load_pathname (let ((name (get-stream-truename source))) (and name (namestring name))))
         (name (or $load_pathname (format nil "~a" source)))
         (*read-base* 10)
         (*maximalab-file* (maximalab-file-of source))
         (*maximalab-answers* (and (boundp '$batch_answers_from_file) ; since 5.48
                                    (symbol-value '$batch_answers_from_file)
                                    source)))
    (loop with end = (list nil)
          for statement = (progn (maximalab-note-start source) (dbm-read source nil end))
          until (or (eq statement end) (maximalab-batch-one statement demo)))
    (incf $linenum)
    name))

;; GCL starts a program without a shell, which would have the kernel's pipes: a script has neither.
#+gcl
(defun maximalab-shell (command)
  (let ((script (maximalab-with-type (maximalab-plot-path) "sh")))
    (with-open-file (out script :direction :output)
      (format out "for fd in /proc/$$/fd/*; do n=${fd##*/}; ((n > 2 && n != 255)) && eval \"exec $n>&-\"; done~%~
                   exec sh -c \"$(sed 1,2d \"$0\")\"~%~a~%" command))
    (unwind-protect (si::system (format nil "bash ~a" script))
      (ignore-errors (delete-file script)))))

;; An interrupt ends ECL's wait for a program, and the kernel ends the program; yet it takes a moment until the interrupt
;; has reached the evaluation, which would go on meanwhile.
#+ecl
(defun maximalab-shell (command)
  (let ((process (nth-value 2 (ext:run-program "/bin/sh" (list "-c" command)
                                               :input nil :output *standard-output* :error *error-output*))))
    (unless (eq (ext:external-process-status process) :exited)
      (loop repeat 25 do (sleep 0.02)))))

(let ((original (symbol-function '$system)))
  (declare (ignorable original))
  (setf (symbol-function '$system)
        (lambda (&rest words)
          "Run a command of the shell, what it prints and complains of in the notebook. The value is DONE on every Lisp."
          (finish-output *standard-output*)
          #+ecl (maximalab-shell (format nil "~{~a~^ ~}" words))
          #+gcl (maximalab-shell (format nil "~{~a~^ ~}" words))
          #-(or ecl gcl) (apply original words)
          '$done)))
