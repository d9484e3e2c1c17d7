;;;; Plots without a window: where the user names no file and no terminal, each plot goes to an SVG file of its own, which
;;;; the kernel shows and removes. gnuplot is always waited for: the pipe to it would return before the file is whole.

(in-package :maxima)

(defvar *maximalab-plots* 0 "How many plots this process has made.")
(defvar *maximalab-shown* nil "The plot files of this statement that the kernel shows.")

(defun maximalab-plot-path ()
  "A path for the next plot, without its type."
  (format nil "~a/maximalab-~d" *maxima-tempdir* (incf *maximalab-plots*)))

(defun maximalab-show (path)
  (when (probe-file path)
    (push path *maximalab-shown*)
    (maximalab-emit "plot" "path" path)))

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

(maximalab-original 'gnuplot-terminal-and-file)
(defun gnuplot-terminal-and-file (options)
  "Choose gnuplot's terminal and file; changes OPTIONS in place, as its original does."
  (let ((window (maximalab-window-plot-p options)) (choose (maximalab-original 'gnuplot-terminal-and-file)))
    (setf (getf options (maximalab-key '$plot_format)) '$gnuplot)
    (cond (window
           (setf (getf options (maximalab-key '$gnuplot_term)) '$svg)
           (funcall choose (list* (maximalab-key '$svg_file) (concatenate 'string (maximalab-plot-path) ".svg")
                                  options)))
          (t (funcall choose options)))))

(defun maximalab-own-plot-p (path)
  (and (stringp path) (search "/maximalab-" path) t))

(defmethod plot-shipout :around ((plot gnuplot-plot) options &optional files)
  (declare (ignorable options))
  (prog1 (call-next-method)
    (dolist (path files)
      (when (maximalab-own-plot-p path) (maximalab-show path)))))

(defun maximalab-option (name arguments)
  "The value of NAME=... among draw's ARGUMENTS, in lists and scenes, too."
  (dolist (argument arguments)
    (when (consp argument)
      (cond ((and (eq (caar argument) 'mequal) (eq (second argument) name)) (return (third argument)))
            ((member (caar argument) '(mlist $gr2d $gr3d))
             (let ((inner (maximalab-option name (cdr argument)))) (when inner (return inner))))))))

(defun maximalab-window-draw-p (arguments)
  (let ((terminal (or (maximalab-option '$terminal arguments)
                      (maximalab-option '$terminal (symbol-value '*user-gr-default-options*)))))
    (member terminal '(nil $screen $wxt $x11 $qt $aquaterm $windows))))

(defun maximalab-drawing (draw)
  "What `draw_gnuplot` becomes: plots without a terminal go to a file that the kernel shows."
  (lambda (&rest arguments)
    (if (maximalab-window-draw-p arguments)
        (let ((path (maximalab-plot-path)))
          (prog1 (apply draw (append arguments `(((mequal) $terminal $svg) ((mequal) $file_name ,path))))
            (maximalab-show (concatenate 'string path ".svg"))))
        (apply draw arguments))))

(defun maximalab-hook-draw ()
  "Once the package draw is there, and each time it is loaded again."
  (when (and (fboundp 'draw_gnuplot)
             (not (eq (symbol-function 'draw_gnuplot) (get 'draw_gnuplot 'maximalab))))
    (setf (get 'draw_gnuplot 'maximalab) (maximalab-drawing (symbol-function 'draw_gnuplot))
          (symbol-function 'draw_gnuplot) (get 'draw_gnuplot 'maximalab))))

(defmacro maximalab-hook-after (name)
  `(let ((original (symbol-function ',name)))
     (setf (symbol-function ',name)
           (lambda (&rest arguments) (prog1 (apply original arguments) (maximalab-hook-draw))))))

(maximalab-hook-after $load)
(maximalab-hook-after generic-autoload)

(defun maximalab-plot-value-p (value)
  "True for the file list of a plot that is shown already: nothing to print."
  (and ($listp value) (member (car (last value)) *maximalab-shown* :test #'equal)))

(defun maximalab-load-when-called (package &rest names)
  "Have PACKAGE loaded at the first call of one of NAMES, unless it is part of this Maxima."
  (dolist (name names)
    (unless (or (mget name 'mexpr) (fboundp name)) ($auto_mexpr name package))))

(maximalab-load-when-called "simplex" '$minimize_lp '$maximize_lp '$linear_program)
(maximalab-load-when-called "descriptive" '$histogram '$barsplot '$boxplot '$piechart '$scatterplot '$starplot
                            '$stemplot)
