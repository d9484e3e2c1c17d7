;;;; An interrupt leaves the evaluation, and nothing else: interrupts are let in only while a user's code runs, so that none can
;;;; hit the protocol. One that comes at another moment is counted.

(in-package :maxima)

(defun maximalab-leave ()
  "Leave the evaluation, whatever error handlers the user's code has set."
  (when *maximalab-interruptible* (throw 'maximalab-interrupted :interrupted)))

(defun maximalab-stop (&rest ignored)
  "What an interrupt does."
  (declare (ignore ignored))
  (incf *maximalab-interrupts*)
  (maximalab-leave))

;; ECL takes the signal in a thread of its own, which passes it on to the one that evaluates: ECL then forbids that one to write
;; into its own state until it lets interrupts in again. The compiler of ECL and Maxima, however, has put one such write after
;; the moment from which it is forbidden, at each binding of a special variable. Whom an interrupt hits there ends, or goes
;; where *QUIT-TAG* says: an evaluation is lost then, which is what the interrupt wanted; anything else of ours would be, too.
;; So the signal is passed on during an evaluation only, and what was passed on is heard before the next thing is done.
#+ecl
(progn
  (defvar *maximalab-thread* mp:*current-process*)
  (defvar *maximalab-passing* (mp:make-lock :name "maximalab-passing") "Held by who passes on, or lets come or not.")
  (defvar *maximalab-evaluates* nil "True while interrupts are passed on.")
  (defvar *maximalab-passed* 0 "How many have been passed on.")
  (defvar *maximalab-heard* 0 "How many of these have arrived.")

  (defun maximalab-hear ()
    (incf *maximalab-heard*)
    (maximalab-leave))

  (defun maximalab-pass-on (&rest ignored)
    (declare (ignore ignored))
    (mp:with-lock (*maximalab-passing*)
      (incf *maximalab-interrupts*)
      (when *maximalab-evaluates*
        (incf *maximalab-passed*)
        (mp:interrupt-process *maximalab-thread* #'maximalab-hear)))))

(defmacro maximalab-rescued (&body body)
  "The value of BODY, which is not NIL; NIL where ECL has given it up."
  #+ecl `(let ((si::*quit-tag* 'maximalab-given-up)) (catch 'maximalab-given-up ,@body))
  #-ecl `(progn ,@body))

(defun maximalab-let-interrupts-come ()
  #+ecl (mp:with-lock (*maximalab-passing*) (setq *maximalab-evaluates* t)))

#+ecl
(defun maximalab-hear-all ()
  "Let in every interrupt that was passed on. ECL may lose one with what it gives up: after five seconds it is taken for heard."
  (mp:with-lock (*maximalab-passing*) (setq *maximalab-evaluates* nil))
  (loop repeat 5000
        while (< *maximalab-heard* *maximalab-passed*)
        do (maximalab-exposed (sleep 0.001)))
  (setq *maximalab-heard* *maximalab-passed*))

(defun maximalab-let-no-more-come ()
  "End what MAXIMALAB-LET-INTERRUPTS-COME began; whether one has come since."
  #+ecl (let ((before *maximalab-heard*))
          (loop until (maximalab-rescued (maximalab-hear-all)))
          (/= before *maximalab-heard*)))

(defun maximalab-collector (name types values)
  "Call NAME, a function of ECL's collector, where this ECL has a way to."
  (declare (ignorable name types values))
  #+(and ecl dffi) (ignore-errors
                    (si:call-cfun (si:find-foreign-symbol name :default :pointer-void 0) :int types values)))

;; ECL's collector calls finalizers in whatever has just allocated. One that an interrupt waits for writes where ECL has then
;; forbidden itself to write, and Maxima ends. So they are called between two requests, where no interrupt is let in.
(defun maximalab-defer-finalizers ()
  (maximalab-collector "GC_set_finalize_on_demand" '(:int) '(1)))

(defun maximalab-finalize ()
  (maximalab-collector "GC_invoke_finalizers" '() '()))

(defun maximalab-take-interrupts ()
  "Have the interrupt signal end the evaluation, in this process, from now on."
  (maximalab-defer-finalizers)
  #+ecl (progn
          (ext:package-lock "SI" nil)
          (dolist (name '(si:terminal-interrupt si::simple-terminal-interrupt
                          si::single-threaded-terminal-interrupt))
            (setf (symbol-function name) #'maximalab-pass-on)))
  #+gcl (setf (symbol-function 'si::terminal-interrupt) #'maximalab-stop)
  ;; As SBCL's own handler does: left to the thread, which takes it as soon as it lets interrupts in.
  #+sbcl (let ((thread sb-thread:*current-thread*))
           (sb-sys:enable-interrupt sb-unix:sigint
                                    (lambda (&rest ignored)
                                      (declare (ignore ignored))
                                      (sb-thread:interrupt-thread thread #'maximalab-stop)))))
