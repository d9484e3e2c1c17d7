;;;; The functions that a closed room refuses or looks at, and below them Lisp's own, where a Lisp lets us: open, load and
;;;; what starts programs. See closed.lisp for what is where.

(in-package :maxima)

(defparameter *maximalab-refused*
  '($system $openw $opena $openw_binary $opena_binary $save $fassave $stringout $writefile $appendfile $with_stdout
    $compfile $compile_file $translate_file $compile $write_data $write_binary_data $delete_file $rename_file $mkdir
    $rmdir $copy_file $chdir os-chdir os-mkdir os-rmdir os-copy-file $tcl_output $ed $to_lisp $eval_string_lisp $gnuplot_start $gnuplot_restart $gnuplot_send
    $gnuplot_reset $gnuplot_replot start-gnuplot-process $multiplot_mode draw_vtk $loadfile $graph6_export
    $sparse6_export $dig6_export $texend $save_sound_wav $play_sound $adjust_external_format $gentranin $gentranout $gentran $xgraph_curves $run_testsuite $test_batch)
  "Functions that write files, run programs or call Lisp.")

(defparameter *maximalab-reading*
  '($load $batch $batchload $demo $openr $openr_binary $printfile $read_matrix $read_list $read_nested_list $read_array
    $read_hashed_array $read_binary_matrix $read_binary_list $read_binary_array $graph6_import
    $sparse6_import $dig6_import $read_xpm $load_sound_wav $testodelin $aload_mac generic-autoload aload $directory)
  "Functions whose first argument names a file or folder to read.")

(defparameter *maximalab-loading* '($load $batchload $batch $demo $aload_mac generic-autoload aload)
  "Those of them that run what they read.")

(defparameter *maximalab-writing-second* '($tex $mathml $prmathml $ctmathml)
  "Functions whose second argument names a file to write.")

(defparameter *maximalab-maxima-types* '("mac" "mc" "demo" "dem" "dm1" "dm2" "dm3" "dmt" "wxm")
  "Files of Maxima's language, which `load` takes from the notebook's folder; every other type it would take for Lisp.")

(defun maximalab-readable-p (path)
  "True for a file that may be read in a closed room: Maxima's own, or one in the notebook's folder."
  (let ((true (ignore-errors (probe-file path))))
    (or (null true)                     ; the original says that it is not there
        (maximalab-shipped-p true)
        (maximalab-beside-notebook-p true))))

(defun maximalab-loadable-p (path)
  (let ((true (ignore-errors (probe-file path))))
    (or (null true) (maximalab-shipped-p true)
        (member (maximalab-type true) *maximalab-maxima-types* :test #'string=))))

(defun maximalab-found (name)
  "The file that Maxima would take for NAME, as a path."
  (let ((text (if (and name (symbolp name)) (maximalab-line name) name)))
    (or (and (stringp text)
             (or (ignore-errors (probe-file text))
                 (loop for places in (list $file_search_maxima $file_search_lisp $file_search_demo)
                       thereis (ignore-errors ($file_search text places)))))
        text)))

(defun maximalab-folder-readable-p (path)
  "True for the name of a folder, with signs for any letters, that may be looked into."
  (let* ((text (maximalab-path-text (pathname path))) (star (position-if (lambda (char) (find char "*?[")) text))
         (slash (position #\/ text :end star :from-end t)) (place (maximalab-place (subseq text 0 (or slash 0)))))
    (and (not (search ".." text))
         (or (null slash)
             (and place (or (string= place *maximalab-notebook*) (maximalab-beside-notebook-p place)
                            (maximalab-shipped-p (concatenate 'string place "/x"))))))))

(defun maximalab-admitted-p (called file)
  "Whether the function NAME may have FILE."
  (cond ((eq called '$directory) (maximalab-folder-readable-p ($filename_merge file)))
        ((consp file) (maximalab-admitted-p called (maximalab-found (cdr file)))) ; an autoload's (function . file)
        ((not (or (stringp file) (pathnamep file))) t)
        (t (and (maximalab-readable-p file)
                (or (member called '($batch $demo)) (not (member called *maximalab-loading*)) (maximalab-loadable-p file))))))

(defun maximalab-calling-loader (original arguments file)
  "Call a function that runs FILE. What it has brought may be among what is refused."
  (when *maximalab-closed* (setq *maxima-objdir* *maximalab-own-objects*))
  (let ((true (and (or (stringp file) (pathnamep file)) (ignore-errors (probe-file file)))))
    (let ((*maximalab-trusted* (or *maximalab-trusted* (and true (maximalab-shipped-p true)))))
      (progv '($file_type_lisp $file_type_maxima)
          (list '((mlist) "l" "lsp" "lisp") (cons '(mlist) *maximalab-maxima-types*))
        (multiple-value-prog1 (apply original arguments) (maximalab-wrap-all))))))

(defun maximalab-reading (called word original)
  "What the function NAME, called WORD by the reader, becomes: files outside are refused."
  (lambda (&rest arguments)
    (let ((file (and arguments (not (streamp (car arguments)))
                     (if (consp (car arguments)) (car arguments) (maximalab-found (car arguments))))))
      (when (and *maximalab-closed* file (not (maximalab-admitted-p called file)))
        (maximalab-refuse (format nil "~a(\"~a\")" word (if (consp file) (cdr file) file))))
      (if (member called *maximalab-loading*)
          (maximalab-calling-loader original arguments (if (consp file) (maximalab-found (cdr file)) file))
          (apply original arguments)))))

(defun maximalab-refused (called word original)
  (lambda (&rest arguments)
    (cond ((or (not *maximalab-closed*) (and (eq called '$system) (eq *maximalab-trusted* :drawing)))
           (apply original arguments))
          ((eq called '$system) (maximalab-draw-closed original arguments))
          (t (maximalab-refuse word)))))

(defun maximalab-writing-second (called word original)
  "What NAME becomes: a second argument may be a stream or false, but no file."
  (lambda (&rest arguments)
    (let* ((form (car arguments))       ; a special form gets the whole call
           (whole (and (consp form) (consp (car form)) (eq (caar form) called)))
           (second (if whole (meval (third form)) (second arguments))))
      (when (and *maximalab-closed* second (not (eq second t)) (not (streamp second))) (maximalab-refuse word))
      (if (and whole (cddr form))
          (funcall original `(,(car form) ,(second form) ,(and second `((mquote) ,second))))
          (apply original arguments)))))

(defun maximalab-keep-for-kill (called)
  "Have `kill` give CALLED back as it is now, not as it was before it was wrapped."
  (when (and (boundp '*builtin-symbol-props*) (gethash called (symbol-value '*builtin-symbol-props*)))
    (setf (getf (gethash called (symbol-value '*builtin-symbol-props*)) 'mfexpr*) (get called 'mfexpr*))))

(defvar *maximalab-wrapped* (make-hash-table :test 'eq) "What each wrapped function has become; `kill` forgets properties.")
(defvar *maximalab-wrapped-forms* (make-hash-table :test 'eq) "The same of special forms.")

(defun maximalab-wrap-function (symbol called word wrap)
  "Put WRAP around the function SYMBOL, once; again after a package has defined it anew."
  (when (and symbol (fboundp symbol) (not (macro-function symbol))
             (not (eq (symbol-function symbol) (gethash symbol *maximalab-wrapped*))))
    (setf (symbol-function symbol) (funcall wrap called word (symbol-function symbol))
          (gethash symbol *maximalab-wrapped*) (symbol-function symbol))))

(defun maximalab-wrap (called wrap)
  "Put WRAP around CALLED, a function or special form, and around what compiled code calls instead since Maxima 5.47."
  (let* ((shown (string-left-trim "$" (print-invert-case called)))
         (word (subseq shown (if (eql 0 (search "os-" shown)) 3 0))) ; what the package operatingsystem has behind its functions
         (inner (find-symbol (concatenate 'string (string-left-trim "$" (symbol-name called)) "-IMPL") :maxima))
         (form (get called 'mfexpr*)))
    (maximalab-wrap-function called called word wrap)
    (maximalab-wrap-function inner called word wrap)
    (when (and form (not (eq form (gethash called *maximalab-wrapped-forms*))))
      (setf (get called 'mfexpr*) (funcall wrap called word form)
            (gethash called *maximalab-wrapped-forms*) (get called 'mfexpr*))
      (maximalab-keep-for-kill called))))

(defun maximalab-wrap-all ()
  (dolist (name *maximalab-refused*) (maximalab-wrap name #'maximalab-refused))
  (dolist (name *maximalab-reading*) (maximalab-wrap name #'maximalab-reading))
  (dolist (name *maximalab-writing-second*) (maximalab-wrap name #'maximalab-writing-second)))

;; Plots.

(defun maximalab-safe-name-p (text)
  (and (stringp text) (plusp (length text)) (char/= (char text 0) #\.)
       (every (lambda (char) (or (alphanumericp char) (find char "-_."))) text)
       (not (member (maximalab-type text) '("mac" "lisp" "lsp" "o" "fas" "fasl" "so") :test #'string=))))

(defun maximalab-drawn-script (words)
  "Of a command by which a plot is drawn, gnuplot on a script in our own folder: the script's name and what follows it."
  (let* ((command (format nil "~{~a~^ ~}" words)) (size (length *maximalab-own-gnuplot*))
         (rest (and (eql 0 (search *maximalab-own-gnuplot* command))
                    (string-left-trim " " (subseq command (min (length command) size)))))
         (plain (and rest (remove #\" rest)))
         (end (and plain (or (search " 2>'" plain) (length plain))))
         (script (and plain (subseq plain 0 end)))
         (name (and script (maximalab-within script *maximalab-own-folder*))))
    (when (and name (maximalab-safe-name-p name))
      (let ((log (subseq plain end)))
        (when (or (string= log "")
                  (string= log (format nil " 2>'~a.log'" (subseq script 0 (position #\. script :from-end t)))))
          (list script log))))))

(defun maximalab-draw-closed (system words)
  "Have gnuplot draw a plot by SYSTEM, once its script has been looked through; any other program is refused."
  (destructuring-bind (&optional script log) (maximalab-drawn-script words)
    (unless script (maximalab-refuse "system"))
    (maximalab-check-gnuplot-script script)
    (let ((*maximalab-trusted* :drawing))
      (maximalab-scene-by-scene script)
      (funcall system (format nil "~@[cd \"~a\" && exec ~]~a -d \"~a\"~a" *maximalab-beside* *maximalab-own-gnuplot* script log)))))

(defun maximalab-check-file-options (options)
  "Refuse files elsewhere: OPTIONS is a tree of options of plots."
  (loop for (name value) on (if (consp options) options '())
        do (when (and name value (symbolp name) (search "FILE" (string-upcase (symbol-name name))))
             (unless (or (if (member name '($gnuplot_file_name $data_file_name))
                             (maximalab-safe-name-p value)
                             (and (stringp value)
                                  (maximalab-picture-place-p (if (eq name '$file_name) (format nil "~a.svg" value) value))))
                         (and (eq name '$xy_file) (equal value "")))
               (maximalab-refuse (format nil "~(~a~)" (string-left-trim "$" (symbol-name name))))))
           (when (consp name) (maximalab-check-file-options name))))

(defun maximalab-prepare-drawing (options)
  (when *maximalab-closed*
    (setq $gnuplot_command *maximalab-own-gnuplot* $gnuplot_file_args "~a" $gnuplot_view_args "~a")
    (setq *maxima-tempdir* *maximalab-own-folder*)
    (maximalab-check-file-options options)
    (when (boundp '*user-gr-default-options*)
      (maximalab-check-file-options (symbol-value '*user-gr-default-options*)))))

(defmethod plot-shipout :around ((plot t) options &optional files)
  (declare (ignorable options files))
  (when (and *maximalab-closed* (not (typep plot 'gnuplot-plot))) (maximalab-refuse "plot_format"))
  (call-next-method))
