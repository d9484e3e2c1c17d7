;;;; A recursion without end is an error in time: Lisp's stack must not run full. Where that happens while SBCL allocates, it
;;;; ends the process. What recursions pass through is therefore refused while there is room left: the call of a function,
;;;; the reading of an expression within another, and its writing. ECL signals a full stack of bindings in time, but ends at a full
;;;; stack of frames, and at a stack of bindings that it has extended too often.

(in-package :maxima)

(defmacro maximalab-deep-p ()
  "True where less than 400,000 bytes of this thread's stack are left, which grows downwards. What is kept free is for
allocation, the collector and an error's handlers."
  #+sbcl `(< (sb-sys:sap-int (sb-vm::current-sp))
             (+ 400000 (sb-sys:sap-int (sb-vm::current-thread-offset-sap sb-vm::thread-control-stack-start-slot)))))

(defmacro maximalab-refuse-too-deep (name arguments)
  "Have the function NAME signal what Lisp itself does for a full stack, where it is nearly full."
  #+sbcl `(progn
            (maximalab-original ',name)
            (defun ,name ,arguments
              (when (maximalab-deep-p) (error 'sb-kernel::control-stack-exhausted))
              (funcall (the function (load-time-value (maximalab-original ',name))) ,@arguments))))

#+sbcl
(progn
  (maximalab-refuse-too-deep mlambda (fn args fnname noeval form))
  (maximalab-refuse-too-deep parse (mode rbp))
  (maximalab-refuse-too-deep simplifya (x y))
  (maximalab-refuse-too-deep fmap1 (fn argl fmapcaarl)) ; an operation on the elements of a list
  (maximalab-refuse-too-deep msize (x l r lop rop)) ; the text of a result
  (maximalab-refuse-too-deep tex (x l r lop rop)))

;; Each call takes a frame and several bindings: with so many frames the bindings are what runs out. ECL has 2,048 itself.
#+ecl (ext:set-limit 'ext:frame-stack 8192)
#+ecl (defvar *maximalab-bindings* (ext:get-limit 'ext:binding-stack) "How many there may be.")

(defun maximalab-restore-stacks ()
  "Take back what ECL has added to a stack that was full: otherwise the next recursion goes deeper, and one ends it."
  #+ecl (when (> (ext:get-limit 'ext:binding-stack) *maximalab-bindings*)
          (ext:set-limit 'ext:binding-stack *maximalab-bindings*)))

(defvar *maximalab-killing* '() "The names that are being killed.")

;; max, min and round are verbs of themselves or of each other, so that `max: 5$ kill(all)$` would go on for ever.
(maximalab-original 'kill1)
(defun kill1 (x)
  "Kill what is not being killed already. The first call of a package took its autoload, and this what was loaded."
  (unless (and (symbolp x) (member x *maximalab-killing*))
    (let ((*maximalab-killing* (cons x *maximalab-killing*)))
      (funcall (maximalab-original 'kill1) x))
    (unless *maximalab-killing* (maximalab-autoload))))
