;;;; The request server inside Maxima: reads a request, answers with frames, for as long as the kernel lives.

(in-package :maxima)

(dolist (part '("frames" "files" "interrupts" "guard" "depth" "questions" "scripts" "hints" "help" "lines" "display" "plots"
                "drawings" "variables" "familiar" "sliders" "closed" "gnuplot" "fence" "underneath"))
  (load (merge-pathnames (concatenate 'string part ".lisp") *load-truename*)))
(maximalab-hook-packages)               ; where they are part of this Maxima already

(defun maximalab-emit-failure (status)
  (if (eq status :interrupted)
      (maximalab-emit "error" "name" "KeyboardInterrupt" "message" "")
      (destructuring-bind (name message trace position) *maximalab-trouble*
        (maximalab-emit "error" "name" name "message" message "trace" trace "position" position
                               "hints" (and $maximalab_hints t)
                               "file" (first *maximalab-place*) "start" (second *maximalab-place*)
                               "at" (third *maximalab-place*)))))

(defvar *maximalab-counters* (list 1 $inchar $outchar) "The last LINENUM, INCHAR and OUTCHAR that make labels.")

(defun maximalab-mend-counters ()
  "Where a cell has put something else there, no later one would get a label: take what was there before."
  (destructuring-bind (line in out) *maximalab-counters*
    (unless (typep $linenum '(integer 0)) (setq $linenum line))
    (unless (atom $inchar) (setq $inchar in))
    (unless (atom $outchar) (setq $outchar out)))
  (setq *maximalab-counters* (list $linenum $inchar $outchar)))

(defun maximalab-next-label ()
  "Count on as Maxima's own loop does, and return the input label."
  (maximalab-mend-counters)
  (when (or (not (checklabel $inchar)) (not (checklabel $outchar))) (incf $linenum))
  (makelabel $inchar))

(defun maximalab-remember (label value)
  (unless $nolabels (setf (symbol-value label) value)))

(defun maximalab-note-time (label run real)
  "Keep for `time` how long the evaluation of LABEL took that began at RUN and REAL, and say so where `showtime` wants it.
Not to a grader, who wants the same outputs each time."
  (flet ((seconds (from to) (/ (float (- to from) 1d0) internal-time-units-per-second)))
    (let ((used (seconds run (get-internal-run-time))) (elapsed (seconds real (get-internal-real-time))))
      (unless $nolabels
        (putprop '$% (cons used 0) 'time)
        (putprop label (cons used 0) 'time))
      (when (and $showtime (not (maximalab-on-p "MAXIMALAB_GRADING")))
        (format t "~&Evaluation took ~,4f seconds (~,4f elapsed)~%" used elapsed)))))

(defun maximalab-evaluate (text)
  "Parse and evaluate one statement; the result's frame unless it ended in a dollar or is a plot that is shown."
  (let* ((*standard-input* (make-string-input-stream (format nil "none~%"))) ; of several help topics: list them
         (*maximalab-text* text)
         (*maximalab-source* (make-string-input-stream text))
         (input-label (maximalab-next-label))
         (run (get-internal-run-time)) (real (get-internal-real-time))
         (statement (dbm-read *maximalab-source* nil nil)))
    (when statement
      (setq $__ (third statement))
      (maximalab-remember input-label $__)
      (setq $% (toplevel-macsyma-eval $__))
      (let ((label (makelabel $outchar)))
        (maximalab-remember label $%)
        (maximalab-note-time label run real)
        (setq $_ $__)
        (when (and (eq (caar statement) 'displayinput) (not (maximalab-plot-value-p $%)))
          (maximalab-emit-result (string-left-trim "$" (print-invert-case label)) $%))))))

(defun maximalab-eval (form)
  "The values of FORM. SBCL compiles it first, and says much of each name that Maxima alone knows."
  #+sbcl (setq form `(locally (declare (sb-ext:muffle-conditions warning) (optimize (sb-ext:inhibit-warnings 3))) ,form))
  (eval form))

(defun maximalab-run-lisp (text)
  "Evaluate the Lisp forms in TEXT and print their values. How Lisp reads and prints is theirs for this line only."
  (let ((*read-base* *read-base*) (*print-base* *print-base*) (*print-radix* *print-radix*)
        (*print-length* *print-length*) (*print-level* *print-level*) (*readtable* *readtable*))
    (with-input-from-string (source text)
      (loop for form = (read source nil source)
            until (eq form source)
            do (format t "~&~{~s~%~}" (multiple-value-list (maximalab-eval form)))))))

(defun maximalab-expression (text)
  "The value of one expression, outside the labels and the history."
  (maximalab-emit-result "" (meval* (third (mread (make-string-input-stream (maximalab-terminated text)) nil)))))

(defvar *maximalab-given* (make-hash-table :test 'eq) "Functions that were there before the user came.")

(defun maximalab-take-stock ()
  (dolist (form (append (cdr $functions) (cdr $macros)))
    (setf (gethash (caar form) *maximalab-given*) (mget (caar form) 'mexpr))))

(defun maximalab-own-p (form)
  (let ((symbol (caar form)))
    (multiple-value-bind (given known) (gethash symbol *maximalab-given*)
      (not (and known (eq given (mget symbol 'mexpr)))))))

(defun maximalab-names (ignored)
  "The user's own functions with their arguments, and variables."
  (declare (ignore ignored))
  (flet ((told (kind things) (mapcar (lambda (thing) (format nil "~a ~a" kind (maximalab-line thing))) things)))
    (maximalab-emit "names" "names"
                    (append (told "function" (remove-if-not #'maximalab-own-p
                                                            (append (cdr $functions) (cdr $macros))))
                            (told "variable" (append (cdr $values) (cdr $arrays)))))))

(defun maximalab-definition (name)
  "The user's own function or the value of the user's own variable, or NIL."
  (let ((symbol (find-symbol (concatenate 'string "$" (maybe-invert-string-case name)) :maxima)))
    (cond ((null symbol) nil)
          ((and (mget symbol 'mexpr) (member symbol (cdr $functions) :key #'caar))
           (maximalab-line (mfuncall '$fundef symbol)))
          ((member symbol (cdr $values)) (format nil "~a: ~a" name (maximalab-line (symbol-value symbol)))))))

(defun maximalab-describe (name)
  "The user's own definition; the manual is the kernel's affair."
  (maximalab-emit "text" "text" (maximalab-definition name)))

(defun maximalab-settle (text)
  "Let in the interrupt that came too late for the evaluation it was meant for: until TEXT of them have been taken."
  (loop with wanted = (parse-integer text)
        repeat 500
        until (>= *maximalab-interrupts* wanted)
        do (sleep 0.005)))

#+sbcl
(defvar *maximalab-own-memory* 0 "Bytes of the heap that the core itself takes.")

(defun maximalab-collect (text)
  "Give back the memory of what nobody refers to any more. SBCL copies what is referred to: where there is no room for all
of it, a full collection might end the process."
  (declare (ignore text))
  #+sbcl (let ((used (progn (sb-ext:gc) (sb-kernel:dynamic-usage))))
           (when (<= (- used *maximalab-own-memory*) (- (sb-ext:dynamic-space-size) used))
             (sb-ext:gc :full t)))
  #+ecl (si:gc t)
  #+gcl (si::gbc t))

(defun maximalab-operation (operation)
  (ecase operation
    (:eval #'maximalab-evaluate)
    (:lisp #'maximalab-run-lisp)
    (:value #'maximalab-expression)
    (:names #'maximalab-names)
    (:describe #'maximalab-describe)
    (:functions #'maximalab-function-names)
    (:slide #'maximalab-slide)
    (:settle #'maximalab-settle)
    (:collect #'maximalab-collect)))

(defun maximalab-serve-one (request)
  (destructuring-bind (id operation &optional text signals) request
    (setq *maximalab-id* id *maximalab-shown* nil *maximalab-signals* signals)
    (maximalab-forget-strange signals)
    (setf scan-buffered-token (list nil))
    (let ((status (maximalab-guarded (lambda ()
                                        (maximalab-placing
                                         (lambda () (funcall (maximalab-operation operation) text)))))))
      (unless (eq status :ok) (maximalab-emit-failure status)))
    (setq *standard-output* *maximalab-output* *error-output* *maximalab-errors*)
    (setq *package* (find-package :maxima) *maximalab-counted* *maximalab-interrupts*)
    (maximalab-emit "done")
    (maximalab-finalize)))

(defun maximalab-take-streams ()
  "Descriptors 1 and 2 for what is printed; nothing to read for whoever tries."
  (let ((empty (make-concatenated-stream)))
    (setq *standard-output* *maximalab-output*
          *error-output* *maximalab-errors*
          *standard-input* empty
          *terminal-io* (make-two-way-stream empty *maximalab-output*)
          *query-io* *terminal-io*
          *debug-io* *terminal-io*)))

(defun maximalab-load-own-start ()
  "The user's maxima-init files, as Maxima itself loads them; what is wrong in one ends there."
  (catch 'macsyma-quit
    (loop for (loader name) in `(($load ,*maxima-initlisp*) ($batchload ,*maxima-initmac*))
          for path = (combine-path *maxima-userdir* name)
          do (when (probe-file path)
               (format t "Loading ~A~%" path)
               (funcall loader path)))))

(defun macsyma-top-level (&rest ignored)
  "Maxima's own loop is replaced by ours."
  (declare (ignore ignored))
  (let ((*package* (find-package :maxima)))
    (unless (fboundp 'load-user-init-file) (maximalab-load-own-start)) ; before 5.47 that was the loop's affair
    (setq *debugger-hook* nil $gnuplot_command (or (maxima-getenv "MAXIMALAB_GNUPLOT") "gnuplot"))
    #+gcl (setq *mread-prompt* nil      ; its image has kept one, and would print it
                compiler::*suppress-compiler-notes* t compiler::*suppress-compiler-warnings* t)
    #+sbcl (setf *maximalab-own-memory* (sb-kernel:dynamic-usage)
                 (sb-ext:bytes-consed-between-gcs) (min (sb-ext:bytes-consed-between-gcs) 26843545)) ; its garbage costs memory
    (maximalab-connect)
    (maximalab-take-interrupts)
    (maximalab-take-streams)
    (maximalab-take-rules)
    (catch 'maximalab-over
      (maximalab-sheltered
        (maximalab-take-stock)
        (maximalab-emit "ready" "version" *autoconf-version* "lisp"
                        (format nil "~a ~a" (lisp-implementation-type) (lisp-implementation-version)))
        (loop for request = (maximalab-next-request)
              until (eq request :eof)
              do (maximalab-serve-one request))))
    ($quit)))
