;;;; The package draw, and what draws with it: histogram and its kin, graphs, direction fields.

(in-package :maxima)

(defun maximalab-option (name arguments)
  "The value of NAME=... among draw's ARGUMENTS, in lists and scenes, too."
  (dolist (argument arguments)
    (when (consp argument)
      (cond ((and (eq (caar argument) 'mequal) (eq (second argument) name)) (return (third argument)))
            ((member (caar argument) '(mlist $gr2d $gr3d))
             (let ((inner (maximalab-option name (cdr argument)))) (when inner (return inner))))))))

(defun maximalab-draw-option (name arguments)
  "What draw takes for NAME: the arguments', else the user's default."
  (or (maximalab-option name arguments)
      (maximalab-option name (symbol-value '*user-gr-default-options*))))

(defun maximalab-window-draw-p (arguments)
  (member (maximalab-draw-option '$terminal arguments) '(nil $screen $wxt $x11 $qt $aquaterm $windows $wxmaxima)))

(defun maximalab-setting (name value)
  `((mequal) ,name ,value))

(defun maximalab-draw-arguments (path arguments)
  "ARGUMENTS with files of ours for whatever the user has not named."
  (let ((size (and (not (maximalab-draw-option '$dimensions arguments)) (maximalab-size)))
        (name (subseq path (1+ (position #\/ path :from-end t)))))
    (append arguments
            (when size (list (maximalab-setting '$dimensions `((mlist) ,@size))))
            (unless (maximalab-option '$gnuplot_file_name arguments)
              (list (maximalab-setting '$gnuplot_file_name (maximalab-with-type name "gnuplot"))))
            (unless (maximalab-option '$data_file_name arguments)
              (list (maximalab-setting '$data_file_name (maximalab-with-type name "data"))))
            (list (maximalab-setting '$terminal '$svg) (maximalab-setting '$file_name path)))))

(defun maximalab-drawn-file (arguments)
  "The picture that draw has made in a file of the user's own, or NIL where its format is none to be shown."
  (let ((type (case (maximalab-draw-option '$terminal arguments)
                ($svg "svg") (($png $pngcairo) "png") ($jpg "jpg") (($gif $animated_gif) "gif"))))
    (when type
      (maximalab-with-type (or (maximalab-draw-option '$file_name arguments) "maxima_out") type))))

(defun maximalab-draw (draw arguments)
  (maximalab-prepare-drawing arguments)
  (if (maximalab-window-draw-p arguments)
      (let ((path (maximalab-plot-path)))
        (prog1 (maximalab-draw-plot path (lambda () (apply draw (maximalab-draw-arguments path arguments))))
          (maximalab-show-plot path)))
      (let ((file (maximalab-drawn-file arguments)))
        (prog1 (apply draw arguments) (when file (maximalab-show-file file))))))

(defun maximalab-drawing (draw)
  "What `draw_gnuplot` becomes."
  (lambda (&rest arguments) (maximalab-draw draw arguments)))

(defun maximalab-hook-draw ()
  "Once the package draw is there, and each time it is loaded again, have its plots without a terminal go to the kernel."
  (when (and (fboundp 'draw_gnuplot)
             (not (eq (symbol-function 'draw_gnuplot) (get 'draw_gnuplot 'maximalab))))
    (setf (get 'draw_gnuplot 'maximalab) (maximalab-drawing (symbol-function 'draw_gnuplot))
          (symbol-function 'draw_gnuplot) (get 'draw_gnuplot 'maximalab))))

(defmacro maximalab-hook-after (name)
  `(let ((original (symbol-function ',name)))
     (setf (symbol-function ',name)
           (lambda (&rest arguments) (prog1 (apply original arguments) (maximalab-hook-draw))))))

(maximalab-hook-draw)
(maximalab-hook-after $load)
(maximalab-hook-after generic-autoload)
