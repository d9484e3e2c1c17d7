;;;; The switch that closes what reaches beyond the notebook, and the mode for graders. A fence for accidents and for graders, not
;;;; a security boundary: that is the container.

(in-package :maxima)

(defvar *maximalab-trusted* nil "True while one of Maxima's own packages is loaded.")

(defun maximalab-on-p (variable)
  (let ((told (maxima-getenv variable)))
    (and told (not (member (string-trim " " told) '("" "0" "no" "off" "false") :test #'string-equal)))))

(defun maximalab-refuse (what)
  (setq *maximalab-trouble* (list "MaximaClosed" what "" nil))
  (throw 'macsyma-quit 'maxima-error))

#+gcl
(defun maximalab-folder (folder)
  "The name of a folder that is there: GCL finds none with `probe-file`."
  (let ((name (string-right-trim "/" (if (string= folder "./") (namestring (si::getcwd)) folder))))
    (and (plusp (length name)) (si::stat name) name)))

(defun maximalab-under-p (path folder)
  (let ((place (and folder #+gcl (maximalab-folder folder) #-gcl (probe-file folder))))
    (and place (eql 0 (search (string-right-trim "/" (namestring place)) (namestring path))))))

(defun maximalab-shipped-p (path)
  "True for a file that came with Maxima."
  (some (lambda (folder) (maximalab-under-p path (format nil "~a/" folder)))
        (remove nil (list *maxima-sharedir* *maxima-srcdir* *maxima-demodir* *maxima-objdir* *maxima-testsdir*
                          (format nil "~a/lib/maxima" *maxima-prefix*)))))

(defun maximalab-lisp-file-p (path)
  (member (pathname-type path) '("lisp" "lsp" "l" "fas" "fasl" "o" "so") :test #'equal))

(defun maximalab-readable-p (path)
  "True for a file that may be read in a closed room: Maxima's own, or in the notebook's folder and no Lisp."
  (let ((true (probe-file path)))
    (or (null true)                     ; the original says that it is not there
        (maximalab-shipped-p true)
        (and (maximalab-under-p true "./") (not (maximalab-lisp-file-p true))))))

(defun maximalab-found (name)
  "The file that Maxima would take for NAME, as a path."
  (let ((text (if (symbolp name) (maximalab-line name) name)))
    (or (and (stringp text)
             (or (probe-file text)
                 (loop for places in (list $file_search_maxima $file_search_lisp $file_search_demo)
                       thereis ($file_search text places))))
        text)))

(defun maximalab-reading (word original)
  "What the function called WORD becomes: files outside are refused, and Maxima's own may use Lisp."
  (lambda (&rest arguments)
    (let ((file (and arguments (not (streamp (car arguments))) (maximalab-found (car arguments)))))
      (when (and *maximalab-closed* (not *maximalab-trusted*) (or (stringp file) (pathnamep file))
                 (not (maximalab-readable-p file)))
        (maximalab-refuse (format nil "~a(\"~a\")" word file)))
      (let ((*maximalab-trusted* (or *maximalab-trusted*
                                     (and file (probe-file file) (maximalab-shipped-p (probe-file file))))))
        (apply original arguments)))))

(defun maximalab-shipped-picture-p (arguments)
  "True for the command by which a plot of ours is drawn: gnuplot on a script in the kernel's own folder."
  (let ((command (format nil "~{~a~^ ~}" arguments)))
    (and (eql 0 (search $gnuplot_command command))
         (search (namestring *maxima-tempdir*) command)
         (notany (lambda (char) (find char command)) ";|&$`#"))))

(defun maximalab-refused (word original)
  (lambda (&rest arguments)
    (if (and *maximalab-closed* (not *maximalab-trusted*)
             (not (and (string= word "system") (maximalab-shipped-picture-p arguments))))
        (maximalab-refuse word)
        (apply original arguments))))

(defvar *maximalab-refused*
  '($system $openw $opena $openw_binary $opena_binary $save $fassave $stringout $writefile $appendfile $with_stdout
    $compfile $compile_file $translate_file $compile $write_data $write_binary_data $delete_file $rename_file $mkdir
    $rmdir $copy_file $chdir $tcl_output $ed $to_lisp $eval_string_lisp $gnuplot_start $gnuplot_send $loadfile))

(defvar *maximalab-reading*
  '($load $batch $batchload $demo $openr $openr_binary $printfile $read_matrix $read_list $read_nested_list $read_array
    $read_hashed_array $read_binary_matrix $read_binary_list $file_type))

(defun maximalab-wrap (name wrap)
  "Put WRAP around the function or the special form NAME, once; again after a package has defined it anew."
  (let ((word (string-left-trim "$" (print-invert-case name))))
    (when (and (fboundp name) (not (eq (symbol-function name) (get name 'maximalab-closed))))
      (setf (get name 'maximalab-closed) (funcall wrap word (symbol-function name))
            (symbol-function name) (get name 'maximalab-closed)))
    (when (and (get name 'mfexpr*) (not (eq (get name 'mfexpr*) (get name 'maximalab-closed-form))))
      (let ((form (get name 'mfexpr*)))
        (setf (get name 'maximalab-closed-form) (funcall wrap word form)
              (get name 'mfexpr*) (get name 'maximalab-closed-form))))))

(defun maximalab-wrap-all ()
  (dolist (name *maximalab-refused*) (maximalab-wrap name #'maximalab-refused))
  (dolist (name *maximalab-reading*) (maximalab-wrap name #'maximalab-reading)))

(defun maximalab-plain-gnuplot-p (text)
  "True for a text that has gnuplot do no more than draw."
  (let ((text (string-downcase text)))
    (notany (lambda (word) (search word text)) '("`" "system" "shell" "load" "call" "!" "set out" "|" "'<" "\"<"))))

(defun maximalab-check-gnuplot (options)
  "Refuse backquotes in any text, more than settings in preambles, and files elsewhere: OPTIONS is a tree of options."
  (setq $gnuplot_command (or (maxima-getenv "MAXIMALAB_GNUPLOT") "gnuplot") $gnuplot_file_args "~a")
  (loop for (name value) on (if (consp options) options '())
        do (when (and (stringp value) (symbolp name) (search "AMBLE" (string-upcase (symbol-name name)))
                      (not (maximalab-plain-gnuplot-p value)))
             (maximalab-refuse (string-downcase (string-left-trim "$" (symbol-name name)))))
           (when (and (stringp value) (symbolp name) (search "FILE" (string-upcase (symbol-name name)))
                      (or (search ".." value) (char= (char (concatenate 'string value " ") 0) #\/)))
             (maximalab-refuse (format nil "~(~a~)" (string-left-trim "$" (symbol-name name)))))
           (when (and (stringp name) (find #\` name)) (maximalab-refuse "`"))
           (when (consp name) (maximalab-check-gnuplot name))))

(defun maximalab-guard-gnuplot ()
  (let ((terminal #'gnuplot-terminal-and-file))
    (setf (symbol-function 'gnuplot-terminal-and-file)
          (lambda (options)
            (when *maximalab-closed* (maximalab-check-gnuplot options))
            (funcall terminal options))))
  (let ((draw #'maximalab-draw))
    (setf (symbol-function 'maximalab-draw)
          (lambda (function arguments)
            (when *maximalab-closed* (maximalab-check-gnuplot arguments))
            (funcall draw function arguments)))))

(defun maximalab-close ()
  "Close what reaches beyond the notebook, for the rest of this process."
  (maximalab-wrap-all)
  (maximalab-guard-gnuplot)
  (let ((original (symbol-function 'generic-autoload)))
    (setf (symbol-function 'generic-autoload)
          (lambda (&rest arguments)
            (prog1 (let ((*maximalab-trusted* t)) (apply original arguments)) (maximalab-wrap-all)))))
  (let ((original (symbol-function '$load)))
    (setf (symbol-function '$load)
          (lambda (&rest arguments) (prog1 (apply original arguments) (maximalab-wrap-all)))
          (get '$load 'maximalab-closed) (symbol-function '$load)))
  (let ((original (symbol-function 'scan-lisp-token)))
    (setf (symbol-function 'scan-lisp-token)
          (lambda (&rest arguments)
            (when (and *maximalab-closed* (not *maximalab-trusted*)) (maximalab-refuse "?"))
            (apply original arguments))))
  (setq *maximalab-closed* t))

(defun maximalab-grade ()
  "Have random numbers be the same in every run."
  (let ((make (symbol-function '$make_random_state)))
    (setf (symbol-function '$make_random_state)
          (lambda (seed) (funcall make (if (eq seed t) 1 seed)))))
  ($set_random_state ($make_random_state 1)))

(defun maximalab-take-rules ()
  "As the environment says, at the start of a process."
  (when (maximalab-on-p "MAXIMALAB_GRADING") (maximalab-grade))
  (when (maximalab-on-p "MAXIMALAB_CLOSED") (maximalab-close)))
