;;;; The last line of a closed room, below Maxima's functions: Lisp's own for files and programs. SBCL and GCL call them by
;;;; their names, so that nothing gets by; what the wheel of ECL has compiled calls them directly, and only what stands in
;;;; fence.lisp holds there.

(in-package :maxima)

(defun maximalab-around (name around)
  "Have NAME, a function of Lisp itself, go through AROUND, which is called with it and its arguments."
  (when (fboundp name)
    #+sbcl (sb-int:encapsulate name 'maximalab
                               (lambda (original &rest arguments) (apply around original arguments)))
    #-sbcl (let* ((original (symbol-function name))
                  (guarded (lambda (&rest arguments) (apply around original arguments))))
             #+gcl (si:fset name guarded)
             #-gcl (setf (symbol-function name) guarded))))

(defun maximalab-kept-p (path)
  "True for a file among the long outputs, which the kernel keeps."
  (eql 0 (search (format nil "~a/" (string-right-trim "/" (maximalab-outputs))) path)))

(defun maximalab-openable-p (path)
  (let ((text (maximalab-path-text path)))
    (and (not (find (char (concatenate 'string (string-left-trim " " text) " ") 0) "|<"))
         (or (string= text "/dev/urandom") (maximalab-own-path-p text) (maximalab-kept-p text)
             (maximalab-readable-p path)))))

(defun maximalab-writable-p (path)
  "True for a file of the kernel's own; one that could be loaded, only while one of Maxima's packages is."
  (let ((text (maximalab-path-text path)))
    (and (not (search ".." text))
         (or (maximalab-kept-p text)
             (and (maximalab-within text *maximalab-own-folder*)
                  (or *maximalab-trusted* (maximalab-safe-name-p (maximalab-within text *maximalab-own-folder*))))))))

(defun maximalab-refuse-file (word path)
  (maximalab-refuse (format nil "~a(\"~a\")" word (maximalab-path-text path))))

(defun maximalab-guarded-open (open path &rest options)
  (when (and *maximalab-closed* (not (streamp path)))
    (unless (if (member (getf options :direction :input) '(:input :probe))
                (maximalab-openable-p path)
                (maximalab-writable-p path))
      (maximalab-refuse-file "open" path)))
  (apply open path options))

(defun maximalab-guarded-load (load file &rest options)
  (let ((true (and *maximalab-closed* (not (streamp file)) (ignore-errors (probe-file file)))))
    (when (and true (not (maximalab-shipped-p true))
               (not (and *maximalab-trusted* (maximalab-within (maximalab-path-text true) *maximalab-own-folder*))))
      (maximalab-refuse-file "load" file)))
  (apply load file options))

(defun maximalab-guarded-change (word)
  "What a function becomes that makes, moves or removes files."
  (lambda (change path &rest more)
    (when (and *maximalab-closed* (not (streamp path)) (not (maximalab-writable-p path)))
      (maximalab-refuse-file word path))
    (apply change path more)))

(defun maximalab-guarded-program (run &rest arguments)
  "Programs: gnuplot, on a script that has been read; GCL also compiles Maxima's packages by one."
  (when (and *maximalab-closed* (not (eq *maximalab-trusted* :drawing))
             (not #+gcl *maximalab-trusted* #-gcl nil))
    (maximalab-refuse (format nil "~s" (if (consp (cdr arguments)) (car arguments) (format nil "~{~a~}" arguments)))))
  (apply run arguments))

(defun maximalab-own-words-p ()
  "True while a file that came with Maxima is parsed: those may call Lisp by `?`."
  (let ((file (ignore-errors (probe-file (pathname *parse-stream*)))))
    (and file (maximalab-shipped-p file))))

(defun maximalab-guard-lisp ()
  "Put all of that in place."
  #+ecl (dolist (package '("COMMON-LISP" "EXT" "SI")) (ext:package-lock package nil))
  (maximalab-around 'open #'maximalab-guarded-open)
  (maximalab-around 'load #'maximalab-guarded-load)
  (dolist (name '(delete-file rename-file ensure-directories-exist))
    (maximalab-around name (maximalab-guarded-change (string-downcase (symbol-name name)))))
  (dolist (name '(#+sbcl sb-ext:run-program #+ecl ext:run-program #+ecl ext:system #+gcl si::system))
    (maximalab-around name #'maximalab-guarded-program))
  (let ((original (symbol-function 'scan-lisp-token)))
    (setf (symbol-function 'scan-lisp-token)
          (lambda (&rest arguments)
            (when (and *maximalab-closed* (not (maximalab-own-words-p))) (maximalab-refuse "?"))
            (apply original arguments)))))
