;;;; Plots without a window: where the user names no file and no terminal, each plot goes to files of its own, which the
;;;; kernel shows and removes. gnuplot is always waited for: the pipe to it would return before the picture is whole.

(in-package :maxima)

(defvar *maximalab-plots* 0 "How many plots this process has made.")
(defvar *maximalab-shown* nil "The plot files of this statement that the kernel shows.")
(defvar *maximalab-drawing* nil "The path, without its type, of the plot that gnuplot is drawing for the kernel.")

(defun maximalab-plot-path ()
  "A path for the next plot, without its type."
  (format nil "~a/maximalab-~d" *maxima-tempdir* (incf *maximalab-plots*)))

(defun maximalab-with-type (path type)
  (concatenate 'string path "." type))

(defun maximalab-forget-plot (path)
  "Remove what an abandoned plot has left."
  (dolist (type '("svg" "gnuplot" "data" "log"))
    (ignore-errors (delete-file (maximalab-with-type path type)))))

(defun maximalab-show-plot (path)
  "Tell the kernel of the plot PATH: it takes the picture, gnuplot's script with the numbers, and what gnuplot said."
  (let ((picture (maximalab-with-type path "svg")))
    (push picture *maximalab-shown*)
    (maximalab-emit "plot" "path" picture "script" (maximalab-with-type path "gnuplot"))))

(defun maximalab-show-file (path)
  "Tell the kernel of a picture in the user's own file: it stays where it is."
  (let ((place (maximalab-beside path)))
    (when (probe-file place) (maximalab-emit "plot" "path" (namestring (truename place))))))

(defun maximalab-draw-plot (path draw)
  "Call DRAW, which has gnuplot draw the plot PATH; what gnuplot says goes to a file beside it, for the kernel."
  (let ((whole nil)
        (*maximalab-drawing* path)
        ($gnuplot_file_args (format nil "~a 2>'~a.log'" $gnuplot_file_args path)))
    (unwind-protect (prog1 (funcall draw) (setq whole t))
      (unless whole (maximalab-forget-plot path)))))

(defun maximalab-size ()
  "Width and height that the user wants of pictures (wxplot_size, as in wxMaxima), or NIL."
  (let ((size (and (boundp '$wxplot_size) (symbol-value '$wxplot_size))))
    (when (and ($listp size) (= (length size) 3) (every #'realp (cdr size)))
      (mapcar #'round (cdr size)))))

;; plot2d, plot3d and their kin.

(defun maximalab-key (name)
  "How this Maxima calls the plot option NAME in its own lists: $svg_file since 5.48, :svg_file before."
  (if (getf *plot-options* :plot_format) (intern (subseq (symbol-name name) 1) :keyword) name))

(defun maximalab-plot-option (options name)
  (getf options (maximalab-key name)))

(defun maximalab-window-plot-p (options)
  "True when plot2d and its kin would open a window: no file, no terminal and no output of the user's own."
  (and (notany (lambda (name) (maximalab-plot-option options name))
               '($svg_file $png_file $pdf_file $ps_file $gnuplot_out_file))
       (eq (maximalab-plot-option options '$gnuplot_term) '$default)
       (not (search "set out" (string-downcase (or (maximalab-plot-option options '$gnuplot_preamble) ""))))))

(defun maximalab-beside-notebook (options)
  "A file without a folder is meant to stay: in the notebook's folder, for the one of plots goes with the kernel."
  (dolist (option '($svg_file $png_file $pdf_file $ps_file $gnuplot_out_file))
    (let ((file (getf options (maximalab-key option))))
      (when (and (stringp file) (not (find #\/ file)))
        (setf (getf options (maximalab-key option)) (concatenate 'string "./" file)))))
  options)

(defun maximalab-png-terminal (strings)
  "A gnuplot without cairo, such as that of the wheel, has another terminal for PNG."
  (format nil "if (strstrt(GPVAL_TERMINALS,\"pngcairo\")) set term pngcairo font \",12\" ~a; ~
               else set term png font \",12\" truecolor ~a" strings strings))

(defun maximalab-own-terminal (options)
  "OPTIONS for a picture of the user's own, or of ours with the size that the user wants."
  (let ((strings (if (getf options (maximalab-key '$gnuplot_strings)) "enhanced" "noenhanced")) (size (maximalab-size)))
    (unless (getf options (maximalab-key '$gnuplot_png_term_command))
      (setf (getf options (maximalab-key '$gnuplot_png_term_command)) (maximalab-png-terminal strings)))
    (when (and size (not (getf options (maximalab-key '$gnuplot_svg_term_command))))
      (setf (getf options (maximalab-key '$gnuplot_svg_term_command))
            (format nil "set term svg size ~{~d,~d~} font \",14\" ~a" size strings)))
    options))

;; Maxima 5.47 wants a list of legends even where there is one; false, for none, is an empty one.
(defun maximalab-list-legends (options)
  (let ((legend (nthcdr (or (position (maximalab-key '$legend) options) (length options)) options)))
    (when (and legend (atom (second legend))) (setf (second legend) (and (second legend) (list (second legend)))))))

(maximalab-original 'gnuplot-terminal-and-file)
(defun gnuplot-terminal-and-file (options)
  "Choose gnuplot's terminal and file; changes OPTIONS in place, as its original does."
    (maximalab-prepare-drawing options)
    (maximalab-list-legends options)
    (let ((window (maximalab-window-plot-p options)) (choose (maximalab-original 'gnuplot-terminal-and-file)))
      (setf (getf options (maximalab-key '$plot_format)) '$gnuplot)
      (when window (setf (getf options (maximalab-key '$gnuplot_term)) '$svg))
      (let ((ours (maximalab-own-terminal (maximalab-beside-notebook (copy-list options)))))
        (funcall choose (if window
                            (list* (maximalab-key '$svg_file) (maximalab-with-type (maximalab-plot-path) "svg") ours)
                            ours)))))

(maximalab-original 'plot-set-gnuplot-script-file-name)
(defun plot-set-gnuplot-script-file-name (options)
  (if (or *maximalab-drawing* *maximalab-closed*)
      (maximalab-with-type (or *maximalab-drawing* (maximalab-plot-path)) "gnuplot")
      (funcall (maximalab-original 'plot-set-gnuplot-script-file-name) options)))

(defun maximalab-own-plot (files)
  "The path, without its type, of the plot among FILES that goes to a file of ours, or NIL."
  (let ((own (find-if (lambda (path) (and (stringp path) (search "/maximalab-" path))) files)))
    (when own (subseq own 0 (position #\. own :from-end t)))))

(defun maximalab-escaped (text)
  "TEXT as gnuplot takes it between quotes: a quote with a backslash before it, and another line by its letter."
  (with-output-to-string (out)
    (loop with bare = t
          for char across text
          do (cond ((char= char #\Newline) (write-string "\\n" out))
                   ((and bare (char= char #\")) (write-string "\\\"" out))
                   (t (write-char char out)))
             (setq bare (not (and bare (char= char #\\))))
          finally (unless bare (write-char #\\ out)))))

(defun maximalab-keep-title (plot options)
  "Most versions write the title between quotes as it is, so that a quote or a new line in it would end it."
  (let ((title (maximalab-plot-option options '$title)) (script (slot-value plot 'data)))
    (when (and (stringp title) (stringp script) (find-if (lambda (char) (find char '(#\" #\\ #\Newline))) title))
      (let* ((written (format nil "set title \"~a\"~%" title)) (at (search written script)))
        (when at
          (setf (slot-value plot 'data)
                (concatenate 'string (subseq script 0 at) (format nil "set title \"~a\"~%" (maximalab-escaped title))
                             (subseq script (+ at (length written))))))))))

(defmethod plot-shipout :around ((plot gnuplot-plot) options &optional files)
  (maximalab-keep-title plot options)
  (let ((own (maximalab-own-plot files)))
    (if own
        (prog1 (maximalab-draw-plot own (lambda () (call-next-method))) (maximalab-show-plot own))
        (prog1 (call-next-method) (mapc #'maximalab-show-file files)))))

(defun maximalab-plot-value-p (value)
  "True for the file list of a plot that is shown already: nothing to print."
  (and ($listp value) (member (car (last value)) *maximalab-shown* :test #'equal)))
