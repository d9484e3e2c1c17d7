;;;; Linear programs of rational numbers: what the package `simplex` does, pivot for pivot, on a tableau of whole numbers over
;;;; one common denominator (Edmonds 1967). No step then looks for common divisors, and no division leaves a rest.

(in-package :maxima)

;; Of the tableau that the package would have, row I is row I of ROWS, over DENOMINATOR and over FACTORS[I].
(defstruct (maximalab-tableau (:conc-name maximalab-tab-))
  (rows #() :type simple-vector)        ; each a vector: coefficients, then the right side
  (factors #() :type simple-vector)
  (basis #() :type simple-vector)       ; of each constraint; from the number of variables on, an artificial one
  (variables 0 :type fixnum)
  (denominator 1 :type integer)
  (pivots 0 :type fixnum))

(defun maximalab-starting-rows (rows limits costs)
  "The rows of the package's first tableau: constraints with right sides that are not negative, costs, sum of constraints."
  (let ((constraints (loop for row in rows for limit in limits
                           for whole = (append row (list limit))
                           collect (if (minusp limit) (maximalab-times-all whole -1) whole))))
    (append constraints
            (list (append (maximalab-times-all costs -1) (list 0)))
            (list (apply #'mapcar #'+ constraints)))))

(defun maximalab-first-tableau (rows limits costs)
  (let* ((all (maximalab-starting-rows rows limits costs))
         (factors (mapcar #'maximalab-common-denominator all))
         (variables (length costs)))
    (make-maximalab-tableau
     :rows (map 'simple-vector (lambda (row factor) (coerce (maximalab-times-all row factor) 'simple-vector)) all factors)
     :factors (coerce factors 'simple-vector)
     :basis (coerce (loop for i below (length rows) collect (+ variables i)) 'simple-vector)
     :variables variables)))

(defun maximalab-entering (costs variables)
  "The first column with the largest of COSTS, NIL where none is positive."
  (declare (simple-vector costs))
  (loop with best = 0 and column = nil
        for j below variables
        do (when (< best (svref costs j)) (setq best (svref costs j) column j))
        finally (return column)))

(defun maximalab-leaving (rows constraints column variables)
  "The first row that bounds COLUMN most, NIL where none does."
  (declare (simple-vector rows))
  (loop with limit = 0 and by = 0 and best = nil
        for i below constraints
        for row of-type simple-vector = (svref rows i)
        for entry = (svref row column)
        do (when (and (plusp entry)
                      (or (null best) (< (* (svref row variables) by) (* limit entry))))
             (setq limit (svref row variables) by entry best i))
        finally (return best)))

(defun maximalab-columns-at-work (tableau row column)
  "The columns that a pivot changes: those outside the basis, the one that leaves it at ROW, and the right side."
  (let ((resting (map 'list #'identity (maximalab-tab-basis tableau))))
    (loop for j to (maximalab-tab-variables tableau)
          unless (or (= j column)
                     (and (member j resting) (/= j (svref (maximalab-tab-basis tableau) row))
                          (< j (maximalab-tab-variables tableau))))
            collect j)))

(defun maximalab-update-row (row pivot-row column columns denominator)
  "Subtract from ROW so much of PIVOT-ROW that it has 0 in COLUMN, all over the new denominator."
  (declare (simple-vector row pivot-row))
  (let ((pivot (svref pivot-row column)) (factor (svref row column)))
    (dolist (j columns)
      (let ((product (* pivot (svref row j))))
        (unless (or (eql factor 0) (eql (svref pivot-row j) 0))
          (setq product (- product (* factor (svref pivot-row j)))))
        (setf (svref row j) (if (eql denominator 1) product (values (truncate product denominator))))))
    (setf (svref row column) 0)))

(defun maximalab-pivot (tableau row column count)
  "Take COLUMN into the basis at ROW; only the first COUNT rows are kept up to date."
  (let* ((rows (maximalab-tab-rows tableau)) (pivot-row (svref rows row)) (basis (maximalab-tab-basis tableau))
         (denominator (maximalab-tab-denominator tableau)) (leaving (svref basis row)))
    ;; what is in the basis is 0 but in its own row, and that is written only now
    (when (< leaving (maximalab-tab-variables tableau)) (setf (svref pivot-row leaving) denominator))
    (when (minusp (svref pivot-row column)) (map-into pivot-row #'- pivot-row))
    (let ((columns (maximalab-columns-at-work tableau row column)))
      (dotimes (i count)
        (unless (= i row) (maximalab-update-row (svref rows i) pivot-row column columns denominator))))
    (setf (svref basis row) column
          (svref (maximalab-tab-factors tableau) row) 1
          (maximalab-tab-denominator tableau) (svref pivot-row column))
    (when (= (incf (maximalab-tab-pivots tableau)) $pivot_max_sx)
      (throw 'maximalab-too-many nil))))

(defun maximalab-optimize (tableau count)
  "Pivot until the last of COUNT rows has no positive cost; NIL where there is no bound."
  (loop with rows = (maximalab-tab-rows tableau) and variables = (maximalab-tab-variables tableau)
        for column = (maximalab-entering (svref rows (1- count)) variables)
        for row = (and column (maximalab-leaving rows (length (maximalab-tab-basis tableau)) column variables))
        while row do (maximalab-pivot tableau row column count)
        finally (return (null column))))

(defun maximalab-drive-out-artificial (tableau)
  "Exchange artificial variables that are still in the basis, where their row is not redundant."
  (let ((variables (maximalab-tab-variables tableau)) (rows (maximalab-tab-rows tableau)))
    (dotimes (i (length (maximalab-tab-basis tableau)))
      (when (>= (svref (maximalab-tab-basis tableau) i) variables)
        (let ((column (loop for j below variables unless (eql 0 (svref (svref rows i) j)) return j)))
          (when column (maximalab-pivot tableau i column (length rows))))))))

(defun maximalab-solution (tableau)
  "What the package returns: the values of the variables, and of the costs."
  (let* ((variables (maximalab-tab-variables tableau)) (rows (maximalab-tab-rows tableau))
         (basis (maximalab-tab-basis tableau)) (values (make-list variables :initial-element 0)))
    (flet ((limit (i) (maximalab-quotient (svref (svref rows i) variables)
                                          (* (maximalab-tab-denominator tableau)
                                             (svref (maximalab-tab-factors tableau) i)))))
      (dotimes (i (length basis))
        (when (< (svref basis i) variables) (setf (nth (svref basis i) values) (limit i))))
      (list '(mlist simp) (cons '(mlist simp) values) (limit (length basis))))))

(defun maximalab-solve-program (tableau)
  "Both phases; the package's answer, in its words."
  (let* ((constraints (length (maximalab-tab-basis tableau)))
         (artificial (svref (maximalab-tab-rows tableau) (1+ constraints))))
    (maximalab-optimize tableau (+ 2 constraints))
    (cond ((plusp (svref artificial (maximalab-tab-variables tableau))) "Problem not feasible!")
          (t (maximalab-drive-out-artificial tableau)
             (if (maximalab-optimize tableau (1+ constraints)) (maximalab-solution tableau) "Problem not bounded!")))))

(defun maximalab-linear-program (a b c)
  "What `linear_program` returns, NIL where the package itself is to do it: for floats, symbols, scaling and complaints."
  (let ((rows (and (not $scale_lp) (not $warn_rank_sx) (maximalab-rows a)))
        (limits (and ($listp b) (maximalab-row b))) (costs (and ($listp c) (maximalab-row c))))
    (when (and (consp rows) (consp limits) (consp costs)
               (= (length rows) (length limits)) (= (length (first rows)) (length costs)))
      (let ((tableau (maximalab-first-tableau rows limits costs)))
        (catch 'maximalab-too-many
          (prog1 (maximalab-solve-program tableau)
            (setq $pivot_count_sx (maximalab-tab-pivots tableau))))))))

(maximalab-define-faster $linear_program (a b c) maximalab-linear-program)
