;;;; The switch that closes what reaches beyond the notebook, and the mode for graders. A fence for accidents and for graders, not
;;;; a security boundary: that is the container. What is refused stands in fence.lisp and gnuplot.lisp.

(in-package :maxima)

(defvar *maximalab-trusted* nil "True while one of Maxima's own packages is loaded.")
(defvar *maximalab-shipped* '() "Folders of Maxima's own files, as they were when the room was closed.")
(defvar *maximalab-notebook* nil "The notebook's folder, as it was then.")
(defvar *maximalab-own-folder* nil "The kernel's folder for plots, as it was then.")
(defvar *maximalab-beside* nil
  "Behind the kernel's wall: the folder from where the kernel carries pictures beside the notebook. Without a wall NIL.")
(defvar *maximalab-own-gnuplot* "gnuplot" "The program that draws.")
(defvar *maximalab-own-objects* nil "Where packages are compiled to.")

(defun maximalab-on-p (variable)
  (let ((told (maxima-getenv variable)))
    (and told (not (member (string-trim " " told) '("" "0" "no" "off" "false") :test #'string-equal)))))

(defun maximalab-refuse (what)
  "End the statement: the kernel says that WHAT, as the reader wrote it, is switched off, and who may open it."
  (setq *maximalab-trouble* (list "MaximaClosed" (princ-to-string what) "" nil))
  (throw 'macsyma-quit 'maxima-error))

#+gcl
(defun maximalab-folder (folder)
  "The name of a folder that is there: GCL finds none with `probe-file`."
  (let ((name (string-right-trim "/" (if (string= folder "./") (namestring (si::getcwd)) folder))))
    (and (plusp (length name)) (si::stat name) name)))

(defun maximalab-path-text (path)
  "The name of PATH as the system knows it; one with signs for any letters has none but Lisp's."
  (or #+sbcl (ignore-errors (sb-ext:native-namestring path))
      (namestring path)))

(defun maximalab-place (folder)
  "The true name of FOLDER without a slash at its end, or NIL where there is none."
  (let ((place (and folder #+gcl (maximalab-folder folder)
                           #-gcl (ignore-errors (probe-file (format nil "~a/" (string-right-trim "/" folder)))))))
    (and place (string-right-trim "/" (maximalab-path-text place)))))

(defun maximalab-within (path place)
  "What stands behind PLACE and its slash in the text PATH, or NIL; nothing is within a place that is not known."
  (let ((size (length place)))
    (and place (plusp size) (> (length path) size) (string= place path :end2 size) (char= (char path size) #\/)
         (not (search "/../" path))
         (subseq path (1+ size)))))

(defun maximalab-hidden-p (path)
  "True where a part of the text PATH begins with a dot, as the names of keys and settings do."
  (search "/." (concatenate 'string "/" path)))

(defun maximalab-shipped-p (path)
  "True for a file that came with Maxima; PATH is its true name."
  (let ((text (maximalab-path-text path)))
    (some (lambda (place) (maximalab-within text place)) *maximalab-shipped*)))

(defun maximalab-beside-notebook-p (path)
  "True for a file in the notebook's folder, none that is hidden; PATH is its true name."
  (let ((rest (maximalab-within (maximalab-path-text path) *maximalab-notebook*)))
    (and rest (not (maximalab-hidden-p rest)))))

(defun maximalab-own-path-p (text)
  "True for the name of a file in the kernel's own folder."
  (let ((rest (maximalab-within text *maximalab-own-folder*)))
    (and rest (not (maximalab-hidden-p rest)))))

(defun maximalab-type (path)
  (let ((type (pathname-type (pathname path)))) (if (stringp type) (string-downcase type) "")))

(defun maximalab-picture-place-p (text)
  "True where gnuplot may write a picture TEXT: in our own folder, or beside the notebook by the type of a picture."
  (let ((rest (cond ((zerop (length text)) nil)
                    ((char= (char text 0) #\/) (and (not *maximalab-beside*) (maximalab-within text *maximalab-notebook*)))
                    ((eql 0 (search "./" text)) (subseq text 2))
                    (t text))))
    (or (and (maximalab-own-path-p text) ; the next Maxima looks for its init files there
             (member (maximalab-type text) *maximalab-picture-types* :test #'string=))
        (and rest (not (maximalab-hidden-p rest)) (notany (lambda (char) (find char "|<>~`$")) rest)
             (member (maximalab-type rest) *maximalab-picture-types* :test #'string=)))))

(defun maximalab-folders ()
  "The folders of Maxima's own files, as its variables say."
  (append (list (format nil "~a/lib/maxima" *maxima-prefix*))
          (loop for name in '(*maxima-sharedir* *maxima-srcdir* *maxima-demodir* *maxima-testsdir* *maxima-infodir*
                              *maxima-localedir*)
                when (and (boundp name) (stringp (symbol-value name))) collect (symbol-value name))))

(defun maximalab-note-places ()
  "Remember what is where: Maxima's variables for that can be set by anybody."
  (setq *maximalab-notebook* (maximalab-place "./")
        *maximalab-own-folder* (string-right-trim "/" (namestring *maxima-tempdir*))
        *maximalab-own-objects* *maxima-objdir*
        *maximalab-beside* (maxima-getenv "MAXIMALAB_BESIDE")
        *maximalab-own-gnuplot* (or (maxima-getenv "MAXIMALAB_GNUPLOT") "gnuplot")
        *maximalab-shipped* (remove nil (mapcar #'maximalab-place (maximalab-folders)))))

(defun maximalab-close ()
  "Close what reaches beyond the notebook, for the rest of this process."
  (maximalab-note-places)
  (maximalab-wrap-all)
  (when (fboundp 'maximalab-note-definitions) ; or a saved core would take its packages for changed, and load them again
    (funcall 'maximalab-note-definitions))
  (maximalab-guard-lisp)
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
