;;;; What people know from elsewhere: wxMaxima's names for plots, functions of packages without `load`, and plotdf, which
;;;; elsewhere opens a window of its own.

(in-package :maxima)

(defun maximalab-load-when-called (package &rest names)
  "Have PACKAGE loaded at the first call of one of NAMES, unless it is part of this Maxima."
  (dolist (name names)
    (unless (or (mget name 'mexpr) (fboundp name)) ($auto_mexpr name package))))

(defparameter *maximalab-loaded-when-called*
  '(("simplex" $minimize_lp $maximize_lp $linear_program)
    ("descriptive" $histogram $barsplot $boxplot $piechart $scatterplot $starplot $stemplot
     $wxhistogram $wxbarsplot $wxboxplot $wxpiechart $wxscatterplot $wxstarplot)
    ("graphs" $draw_graph $create_graph $complete_graph $complete_bipartite_graph $cycle_graph $path_graph $grid_graph
     $petersen_graph $random_graph $random_tree $shortest_path $shortest_weighted_path $minimum_spanning_tree $max_flow
     $max_matching $vertices $edges)
    ("drawdf" $drawdf $wxdrawdf $df_graphics))
  "Packages, and the functions of theirs that are called without `load`.")

(defun maximalab-autoload ()
  "Have each package loaded at the first call of a function of its own that is not there."
  (loop for (package . names) in *maximalab-loaded-when-called*
        do (apply #'maximalab-load-when-called package names)))

(maximalab-autoload)

(unless (fboundp '$implicit_plot)
  (setf (get '$implicit_plot 'autoload) "implicit_plot"))

(defun maximalab-call (name arguments)
  "Call the function NAME of Maxima, which may have to be loaded first, with ARGUMENTS that are evaluated already."
  (meval `((,name) ,@(mapcar (lambda (argument) `((mquote) ,argument)) arguments))))

(defmacro maximalab-alias (known name)
  "Have KNOWN do what NAME does, unless the user or a package has defined it."
  `(unless (or (fboundp ',known) (mget ',known 'mexpr))
     (setf (symbol-function ',known) (lambda (&rest arguments) (maximalab-call ',name arguments)))))

(maximalab-alias $wxplot2d $plot2d)
(maximalab-alias $wxplot3d $plot3d)
(maximalab-alias $wxcontour_plot $contour_plot)
(maximalab-alias $wximplicit_plot $implicit_plot)
(maximalab-alias $wxdraw $draw)
(maximalab-alias $wxdraw2d $draw2d)
(maximalab-alias $wxdraw3d $draw3d)

;; plotdf draws with drawdf, whose options have the same names but other shapes.

(defun maximalab-assignments (text)
  "What a text such as \"k=2,m=0.5\" sets: a list of equations."
  (let ((terminated (format nil "[~a];" text)))
    (cdr (meval* (third (mread (make-string-input-stream terminated) nil))))))

(defun maximalab-field-option (option state)
  "One option of plotdf as those of drawdf; STATE are the names of the two variables."
  (let ((name (second option)) (values (cddr option)))
    (cond ((or (member name state) (eq name '$trajectory_at)) (list option))
          ((member name '($direction $nsteps $tstep)) (list (maximalab-setting name (first values))))
          ((eq name '$vectors) (when (equal (first values) "") (list (maximalab-setting '$field_arrows nil))))
          ((eq name '$xaxislabel) (list (maximalab-setting '$xlabel (first values))))
          ((eq name '$yaxislabel) (list (maximalab-setting '$ylabel (first values))))
          ((eq name '$windowtitle) (list (maximalab-setting '$title (first values))))
          ((member name '($parameters $sliders $width $height $tinitial $versus_t $xfun $axes mbox)) nil)
          (t (merror "plotdf: the option ~M is not known in a notebook; drawdf has more" option)))))

(defun maximalab-field-range (name options)
  "The range of the variable NAME: plotdf's default is that from -10 to 10."
  (unless (find name options :key #'second) `(((mlist) ,name -10 10))))

(defun maximalab-plotdf (field &rest options)
  "Draw the direction field of dy/dx = FIELD or of the system [dx/dt, dy/dt]."
  (let* ((named (find-if (lambda (option) (and ($listp option) (= (length option) 3) (every #'symbolp (cdr option))))
                         options))
         (options (remove named options))
         (state (if named (cdr named) '($x $y)))
         (set (find '$parameters options :key #'second))
         (field (if set ($substitute `((mlist) ,@(maximalab-assignments (third set))) field) field)))
    (maximalab-call '$drawdf
                    `(,field ((mlist) ,@state)
                      ,@(mapcan (lambda (name) (maximalab-field-range name options)) state)
                      ,@(mapcan (lambda (option) (copy-list (maximalab-field-option option state))) options)))))

(remprop '$plotdf 'autoload)
(setf (symbol-function '$plotdf) #'maximalab-plotdf)
