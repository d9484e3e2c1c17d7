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

(defun maximalab-window-plot-p (options)
  "True when plot2d and its kin would open a window: no file, no terminal and no output of the user's own."
  (and (not (getf options '$svg_file)) (not (getf options '$png_file))
       (not (getf options '$pdf_file)) (not (getf options '$ps_file))
       (not (getf options '$gnuplot_out_file))
       (eq (getf options '$gnuplot_term) '$default)
       (not (search "set out" (string-downcase (or (getf options '$gnuplot_preamble) ""))))))

(let ((choose #'gnuplot-terminal-and-file))
  (defun gnuplot-terminal-and-file (options)
    "Choose gnuplot's terminal and file; changes OPTIONS in place, as its original does."
    (let ((window (maximalab-window-plot-p options)))
      (setf (getf options '$plot_format) '$gnuplot)
      (cond (window
             (setf (getf options '$gnuplot_term) '$svg)
             (funcall choose (list* '$svg_file (concatenate 'string (maximalab-plot-path) ".svg") options)))
            (t (funcall choose options))))))

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

(defun maximalab-hook-draw ()
  "Once the package draw is there, have its plots without a terminal go to a file that the kernel shows."
  (when (and (fboundp 'draw_gnuplot) (not (get 'draw_gnuplot 'maximalab)))
    (setf (get 'draw_gnuplot 'maximalab) t)
    (let ((draw (symbol-function 'draw_gnuplot)))
      (setf (symbol-function 'draw_gnuplot)
            (lambda (&rest arguments)
              (if (maximalab-window-draw-p arguments)
                  (let ((path (maximalab-plot-path)))
                    (prog1 (apply draw (append arguments `(((mequal) $terminal $svg) ((mequal) $file_name ,path))))
                      (maximalab-show (concatenate 'string path ".svg"))))
                  (apply draw arguments)))))))

(defmacro maximalab-hook-after (name)
  `(let ((original (symbol-function ',name)))
     (setf (symbol-function ',name)
           (lambda (&rest arguments) (prog1 (apply original arguments) (maximalab-hook-draw))))))

(maximalab-hook-after $load)
(maximalab-hook-after generic-autoload)

(defun maximalab-plot-value-p (value)
  "True for the file list of a plot that is shown already: nothing to print."
  (and ($listp value) (member (car (last value)) *maximalab-shown* :test #'equal)))

(dolist (name '($minimize_lp $maximize_lp $linear_program))
  ($auto_mexpr name "simplex"))
(dolist (name '($histogram $barsplot $boxplot $piechart $scatterplot $starplot $stemplot))
  ($auto_mexpr name "descriptive"))
