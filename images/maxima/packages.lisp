;;;; Loads share packages into Maxima and makes them part of it, as if they had come with it: no list of the user's own
;;;; names holds theirs, `kill(all)` leaves them, and `load` of one does nothing while its definitions stand.

(in-package :maxima)

(initialize-runtime-globals)

(defparameter *maximalab-packages*
  '("simplex" "draw" "graphs" "descriptive" "stats" "distrib" "lbfgs" "fmin_cobyla" "minpack" "augmented_lagrangian"
    "mnewton" "lsquares" "fourier_elim" "linearalgebra" "finance" "solve_rec" "solve_rat_ineq" "numericalio" "eigen"
    "drawdf" "to_poly_solve" "dynamics" "interpol" "diag" "functs" "implicit_plot" "stringproc" "romberg"
    "simplify_sum" "opsubst" "nelder_mead" "ratpow" "picture" "orthopoly" "bitwise"
    "pslq")
  "What a course of operations research loads.")

(defvar *maximalab-loaded* (make-hash-table :test #'equal)
  "Of each file that is part of this Maxima: the package and the functions it brought, as (symbol property . definition).")

(defun maximalab-definition-of (symbol)
  "What SYMBOL does when it is called: (property . definition)."
  (cond ((mget symbol 'mexpr) (cons 'mexpr (mget symbol 'mexpr)))
        ((mget symbol 'mmacro) (cons 'mmacro (mget symbol 'mmacro)))
        ((fboundp symbol) (cons 'function (symbol-function symbol)))))

(defun maximalab-all-definitions ()
  (let ((found (make-hash-table :test #'eq)))
    (do-symbols (symbol :maxima found)
      (when (and (plusp (length (symbol-name symbol))) (char= (char (symbol-name symbol) 0) #\$))
        (let ((definition (maximalab-definition-of symbol)))
          (when definition (setf (gethash symbol found) definition)))))))

(defun maximalab-new-definitions (before)
  (let ((new '()))
    (maphash (lambda (symbol definition)
               (unless (eq (cdr definition) (cdr (gethash symbol before)))
                 (push (cons symbol definition) new)))
             (maximalab-all-definitions))
    new))

(defun maximalab-stands-p (loaded)
  "True when nobody has taken away or replaced what the file brought."
  (loop for (symbol . definition) in loaded
        ;; `kill` gives a copy of the definition back
        always (equal definition (maximalab-definition-of symbol))))

(defvar *maximalab-paths* (make-hash-table :test #'equal) "Where a package was found by its name.")
(defvar *maximalab-search* nil "Maxima's lists of places to search, as they are at the start.")

(defun maximalab-note-search ()
  (setq *maximalab-search* (list $file_search_maxima $file_search_lisp)))

(defun maximalab-file-p (name)
  "Whether there is a file NAME; what `probe-file` does beside that takes a millisecond and a megabyte."
  (values (sb-unix:unix-stat name)))

(defun maximalab-own-file-p (name)
  "True when the user may have a file of that name in the places that are searched before the packages."
  (or (maximalab-file-p name)
      (some (lambda (type) (maximalab-file-p (concatenate 'string *maxima-userdir* "/" name "." type)))
            '("fasl" "lisp" "lsp" "mac" "mc" "wxm"))))

(defun maximalab-known-path (name)
  "The file of the package NAME without a search through two hundred folders, where that would find nothing else."
  (let ((path (gethash name *maximalab-paths*)))
    (and path
         (equal *maximalab-search* (list $file_search_maxima $file_search_lisp))
         (not (maximalab-own-file-p name))
         path)))

(defun maximalab-path-to-load (file)
  (when (or (stringp file) (symbolp file))
    (or (maximalab-known-path (if (stringp file) file (print-invert-case (stripdollar file))))
        ($file_search1 file '((mlist) $file_search_maxima $file_search_lisp)))))

;; While packages load, each file notes what it brings; later, a file that is here is not loaded again. What `load` does is
;; in a function of its own since Maxima 5.47, and compiled code calls that.
(let* ((name (if (fboundp 'load-impl) 'load-impl '$load))
       (original (symbol-function name)))
  (setf (symbol-function name)
        (lambda (file)
          (let* ((path (maximalab-path-to-load file))
                 (here (and path (gethash (namestring path) *maximalab-loaded*))))
            (if (and here (maximalab-stands-p (cdr here)))
                path
                (funcall original file))))))

(defun maximalab-preload (package)
  (let ((before (maximalab-all-definitions))
        (path (namestring ($load package))))
    (setf (gethash package *maximalab-paths*) path)
    (setf (gethash path *maximalab-loaded*) (cons package (maximalab-new-definitions before)))
    (format t "~&preloaded ~a: ~d definitions~%" path (length (cdr (gethash path *maximalab-loaded*))))
    (finish-output)))

(defun maximalab-note-definitions ()
  "Take what is there now for what each file brought: a later one, or our server, may have changed it on purpose."
  (maphash (lambda (path loaded)
             (setf (gethash path *maximalab-loaded*)
                   (loop for (symbol) in (cdr loaded)
                         collect (cons symbol (maximalab-definition-of symbol)) into now
                         finally (return (cons (car loaded) now)))))
           *maximalab-loaded*))

(defparameter *maximalab-own-lists*
  '($values $functions $arrays $macros $rules $aliases $dependencies $gradefs $structures $props $labels $myoptions)
  "Lists of what the user has made. Packages made nothing.")

(defun maximalab-make-builtin (symbols)
  "Have `kill` give SYMBOLS back what they have now, as it does with Maxima's own."
  (dolist (symbol symbols)
    (pushnew symbol *builtin-symbols*)
    (setf (gethash symbol *builtin-symbol-props*)
          (loop for (key value) on (symbol-plist symbol) by #'cddr
                ;; facts point to each other in circles
                unless (eq key 'data) append (list key (if (eq key 'mprops) (copy-list value) value))))
    (when (boundp symbol)
      (pushnew symbol *builtin-symbols-with-values*)
      (setf (gethash symbol *builtin-symbol-values*) (symbol-value symbol)))))

(defun maximalab-changed-symbols (before)
  "The symbols that packages gave properties or values."
  (let ((changed '()))
    (do-symbols (symbol :maxima changed)
      (when (and (eq (symbol-package symbol) (find-package :maxima))
                 (plusp (length (symbol-name symbol)))
                 (find (char (symbol-name symbol) 0) "$%")
                 (not (gethash symbol before))
                 (or (symbol-plist symbol) (boundp symbol)))
        (push symbol changed)))))

(defun maximalab-known-symbols ()
  (let ((known (make-hash-table :test #'eq)))
    (dolist (symbol *builtin-symbols* known) (setf (gethash symbol known) t))))

(let ((context '$global)                ; facts of packages survive kill(all)
      (known (maximalab-known-symbols))
      (own (mapcar (lambda (name) (cons name (copy-list (symbol-value name)))) *maximalab-own-lists*)))
  (declare (special context))
  (dolist (package *maximalab-packages*)
    (if (mfuncall '$file_search package)
        (maximalab-preload package)
        (format t "~&~a: not in this version of Maxima~%" package))) ; nelder_mead came with 5.47
  (loop for (name . value) in own do (setf (symbol-value name) value))
  (maximalab-make-builtin (maximalab-changed-symbols known))
  (maximalab-note-definitions))

(setq $linenum 0 *maxima-started* nil)

(defun maximalab-save-plain (path)
  "An ordinary Maxima with the packages in it; start it with --eval '(cl-user::run)'."
  (sb-ext:save-lisp-and-die path))
