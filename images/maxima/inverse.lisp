;;;; The inverse of a matrix of rational numbers: computed modulo as many primes of 31 bits as its elements can need, and put
;;;; together by the Chinese remainder theorem. How many that are follows from Hadamard's bound, so nothing is left to chance.

(in-package :maxima)

(deftype maximalab-word () '(unsigned-byte 64))
(deftype maximalab-residue () '(unsigned-byte 31))
(deftype maximalab-residues () '(simple-array (unsigned-byte 32) (*)))

(defvar *maximalab-primes* (make-array 0 :adjustable t :fill-pointer t) "The primes below 2^31, from the largest on.")

(defun maximalab-prime (index)
  "The prime number INDEX of *MAXIMALAB-PRIMES*."
  (loop until (< index (length *maximalab-primes*))
        do (loop for candidate downfrom (if (plusp index) (- (aref *maximalab-primes* (1- index)) 2) (1- (ash 1 31))) by 2
                 until (primep candidate)
                 finally (vector-push-extend candidate *maximalab-primes*)))
  (aref *maximalab-primes* index))

(defun maximalab-reciprocal (a modulus)
  "The X below MODULUS with A X = 1; A and MODULUS have no common divisor."
  (loop with (r0 r1 x0 x1) = (list modulus (mod a modulus) 0 1)
        until (= r1 1)
        do (multiple-value-bind (quotient rest) (floor r0 r1)
             (psetq r0 r1 r1 rest x0 x1 x1 (- x0 (* quotient x1))))
        finally (return (mod x1 modulus))))

;; Montgomery's product: a b 2^-32 modulo p, without a division. So a factor times 2^32 gives a plain product.
(declaim (inline maximalab-montgomery))
(defun maximalab-montgomery (a b p negative-reciprocal)
  (declare (type maximalab-residue a b p) (type (unsigned-byte 32) negative-reciprocal) (optimize (speed 3) (safety 0)))
  (let* ((product (* a b))
         (multiple (ldb (byte 32 0) (* (ldb (byte 32 0) product) negative-reciprocal)))
         (reduced (ash (the maximalab-word (+ product (the maximalab-word (* multiple p)))) -32)))
    (declare (type maximalab-word product multiple reduced))
    (the maximalab-residue (if (>= reduced p) (- reduced p) reduced))))

(defun maximalab-subtract-row (a from row factor n p negative-reciprocal)
  "Take FACTOR times the row that begins at ROW from the one that begins at FROM."
  (declare (type maximalab-residues a) (type (unsigned-byte 31) from row n factor p)
           (type (unsigned-byte 32) negative-reciprocal) (optimize (speed 3) (safety 0)))
  (let ((shifted (rem (ash factor 32) p)))
    (dotimes (j n)
      (let* ((product (maximalab-montgomery shifted (aref a (+ row j)) p negative-reciprocal))
             (old (aref a (+ from j))))
        (setf (aref a (+ from j)) (if (< old product) (- (+ old p) product) (- old product)))))))

(defun maximalab-scale-row (a row factor n p)
  (declare (type maximalab-residues a) (type (unsigned-byte 31) row n factor p) (optimize (speed 3) (safety 0)))
  (dotimes (j n)
    (setf (aref a (+ row j)) (rem (* factor (aref a (+ row j))) p))))

(defun maximalab-swap-rows (a first second n)
  (declare (type maximalab-residues a))
  (dotimes (j n)
    (rotatef (aref a (+ (* first n) j)) (aref a (+ (* second n) j)))))

(defun maximalab-swap-columns (a first second n)
  (declare (type maximalab-residues a))
  (dotimes (i n)
    (rotatef (aref a (+ (* i n) first)) (aref a (+ (* i n) second)))))

(defun maximalab-pivot-row (a k n)
  "The first row from K on whose element in column K is not 0, or NIL."
  (declare (type maximalab-residues a))
  (loop for i from k below n
        unless (zerop (aref a (+ (* i n) k))) return i))

(defun maximalab-eliminate (a k n p negative-reciprocal)
  "One step of Gauss and Jordan in place: from then on column K is one of the inverse. The pivot that it had."
  (declare (type maximalab-residues a))
  (let* ((row (* k n)) (pivot (aref a (+ row k))))
    (setf (aref a (+ row k)) 1)
    (maximalab-scale-row a row (maximalab-reciprocal pivot p) n p)
    (dotimes (i n pivot)
      (let ((factor (aref a (+ (* i n) k))))
        (unless (or (= i k) (zerop factor))
          (setf (aref a (+ (* i n) k)) 0)
          (maximalab-subtract-row a (* i n) row factor n p negative-reciprocal))))))

(defun maximalab-invert-modulo (a n p)
  "Put the inverse of A in its place; its determinant, 0 where there is no inverse."
  (let ((negative (- (ash 1 32) (maximalab-reciprocal p (ash 1 32)))) (determinant 1) (swaps '()))
    (dotimes (k n)
      (let ((row (maximalab-pivot-row a k n)))
        (unless row (return-from maximalab-invert-modulo 0))
        (unless (= row k)
          (push (cons k row) swaps)
          (maximalab-swap-rows a k row n)
          (setq determinant (- p determinant)))
        (setq determinant (rem (* determinant (maximalab-eliminate a k n p negative)) p))))
    (loop for (first . second) in swaps do (maximalab-swap-columns a first second n))
    determinant))

(defun maximalab-adjugate-modulo (rows n p)
  "(values residues determinant) of the adjugate of ROWS; NIL where P divides the determinant."
  (let ((a (make-array (* n n) :element-type '(unsigned-byte 32))))
    (loop with index = -1
          for row in rows do (dolist (x row) (setf (aref a (incf index)) (mod x p))))
    (let ((determinant (maximalab-invert-modulo a n p)))
      (unless (zerop determinant)
        (dotimes (i n) (maximalab-scale-row a (* i n) determinant n p))
        (values a determinant)))))

(defun maximalab-minor-bound (rows)
  "No minor of ROWS is larger, and neither is their determinant: the product of the rows' lengths (Hadamard)."
  (reduce #'* rows :key (lambda (row) (max 1 (1+ (isqrt (reduce #'+ row :key (lambda (x) (* x x)))))))))

;; An image is (prime determinant residues): what is known of the adjugate and the determinant modulo one prime.

(defun maximalab-images (rows n)
  "As many images as tell the adjugate and the determinant; NIL where the matrix seems to have no inverse."
  (loop with bound = (* 2 (maximalab-minor-bound rows)) and product = 1 and refused = 0 and images = '()
        for index from 0
        for p = (maximalab-prime index)
        do (multiple-value-bind (residues determinant) (maximalab-adjugate-modulo rows n p)
             (cond (residues (push (list p determinant residues) images) (setq product (* product p)))
                   ((> (incf refused) 1) (return nil)))) ; Maxima's own will say what is wrong
        until (> product bound)
        finally (return images)))

;; A node is (product prime cofactor) or (product left right): of the product of all primes below it.

(defun maximalab-tree (primes product)
  "The tree of the Chinese remainder theorem for PRIMES, which are part of PRODUCT."
  (if (rest primes)
      (let* ((half (floor (length primes) 2))
             (left (maximalab-tree (subseq primes 0 half) product))
             (right (maximalab-tree (nthcdr half primes) product)))
        (list (* (first left) (first right)) left right))
      (let ((p (first primes)))
        (list p p (maximalab-reciprocal (mod (/ product p) p) p)))))

(defun maximalab-combined (node residues)
  "(values number rest): a number with RESIDUES modulo the primes below NODE, times what the root still lacks."
  (destructuring-bind (product first second) node
    (if (integerp first)
        (values (rem (* (the fixnum second) (the fixnum (first residues))) (the fixnum product)) (rest residues))
        (multiple-value-bind (left more) (maximalab-combined first residues)
          (multiple-value-bind (right rest) (maximalab-combined second more)
            (values (+ (* left (first second)) (* right (first first))) rest))))))

(defun maximalab-symmetric (number modulus)
  "The number nearest to 0 that equals NUMBER modulo MODULUS."
  (let ((rest (mod number modulus)))
    (if (> (* 2 rest) modulus) (- rest modulus) rest)))

(defun maximalab-adjugate (rows n)
  "(values elements determinant) of the adjugate of ROWS, whole numbers, row by row; NIL without an inverse."
  (let ((images (maximalab-images rows n)))
    (when images
      (let* ((product (reduce #'* images :key #'first))
             (tree (maximalab-tree (mapcar #'first images) product))
             (residues (mapcar #'third images)))
        (flet ((number-of (residues) (maximalab-symmetric (maximalab-combined tree residues) product)))
          (values (loop for index below (* n n)
                        collect (number-of (loop for each in residues
                                                 collect (aref (the maximalab-residues each) index))))
                  (number-of (mapcar #'second images))))))))

(defun maximalab-shared-part (numbers denominator)
  "The part of DENOMINATOR whose primes divide one of NUMBERS: what is left is in lowest terms with all of them."
  (let* ((product 1) (alone denominator))
    (dolist (number numbers)
      (unless (zerop number) (setq product (rem (* product number) denominator))))
    (loop for divisor = (gcd product alone) then (gcd divisor alone)
          until (= divisor 1)
          do (setq alone (floor alone divisor)))
    (floor denominator alone)))

(defun maximalab-fractions (numbers denominator)
  "NUMBERS over DENOMINATOR, which is positive, as Maxima writes them: most of a greatest common divisor is found at once."
  (let ((shared (maximalab-shared-part numbers denominator)) (reduced (make-hash-table :test #'eql)))
    (loop for number in numbers
          for divisor = (gcd (rem number shared) shared)
          collect (cond ((zerop number) 0)
                        (t (maximalab-fraction (truncate number divisor)
                                             (or (gethash divisor reduced)
                                                 (setf (gethash divisor reduced) (floor denominator divisor)))))))))

(defun maximalab-inverse-elements (rows n)
  "The elements of the inverse of ROWS, row by row; NIL without one."
  (let ((factors (mapcar #'maximalab-common-denominator rows)))
    (multiple-value-bind (adjugate determinant) (maximalab-adjugate (mapcar #'maximalab-times-all rows factors) n)
      (when adjugate
        (maximalab-fractions (loop with sign = (signum determinant)
                                   for rest = adjugate then (nthcdr n rest)
                                   while rest
                                   nconc (loop for x in rest for factor in factors collect (* sign x factor)))
                             (abs determinant))))))

(defun maximalab-inverse (matrix)
  "The inverse of MATRIX, NIL where Maxima's own way is to be taken: nothing here knows symbols, floats or `detout`."
  (let ((rows (and (not $ratmx) (not $detout) (null modulus) (maximalab-rows matrix))))
    (when (and rows (= (length rows) (length (first rows))))
      (let* ((n (length rows)) (elements (maximalab-inverse-elements rows n)))
        (when elements
          (cons '($matrix simp)
                (loop for rest = elements then (nthcdr n rest)
                      while rest collect (cons '(mlist simp) (subseq rest 0 n)))))))))

(maximalab-define-faster $invert_by_gausselim (matrix) maximalab-inverse)
