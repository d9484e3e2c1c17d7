;;;; Exact arithmetic on matrices of rational numbers without fractions: what Maxima computes, the same results, sooner.
;;;; Whatever is not made of whole numbers and fractions alone is left to Maxima's own functions, and so is everything as
;;;; soon as `maximalab_exact` is false.

(in-package :maxima)

(defmvar $maximalab_exact t "Invert matrices and solve linear programs of rational numbers without fractions." boolean)

(defun maximalab-rational (x)
  "X as a number of Lisp, NIL where it is no rational number, or one in Maxima's canonical form."
  (cond ((integerp x) x)
        ((and (ratnump x) (integerp (cadr x)) (integerp (caddr x)) (plusp (caddr x))) (/ (cadr x) (caddr x)))))

(defun maximalab-fraction (numerator denominator)
  "A fraction in lowest terms as Maxima writes it; DENOMINATOR is positive."
  (if (= denominator 1) numerator (list '(rat simp) numerator denominator)))

(defun maximalab-quotient (numerator denominator)
  "NUMERATOR over DENOMINATOR as Maxima writes it."
  (let ((value (/ numerator denominator)))
    (maximalab-fraction (numerator value) (denominator value))))

(defun maximalab-row (list)
  "The elements of LIST as numbers of Lisp, or :OTHER where one is none."
  (loop for x in (cdr list)
        collect (or (maximalab-rational x) (return :other))))

(defun maximalab-rows (matrix)
  "The rows of MATRIX as lists of numbers, NIL where they are anything else or differ in length."
  (when (and ($matrixp matrix) (every #'$listp (cdr matrix)))
    (let ((rows (mapcar #'maximalab-row (cdr matrix))))
      (and (notany (lambda (row) (eq row :other)) rows)
           (every (lambda (row) (= (length row) (length (first rows)))) rows)
           rows))))

(defun maximalab-common-denominator (row)
  (reduce #'lcm row :key #'denominator :initial-value 1))

(defun maximalab-times-all (row factor)
  (mapcar (lambda (x) (* x factor)) row))

(defmacro maximalab-define-faster (name arguments faster)
  "Have the function NAME try FASTER first, and do what it did where that gives NIL or is switched off."
  (let ((original (intern (format nil "MAXIMALAB-PLAIN-~a" name) :maxima)))
    `(progn
       (unless (fboundp ',original) (setf (symbol-function ',original) (symbol-function ',name)))
       (setf (symbol-function ',name)
             (lambda ,arguments
               (or (and $maximalab_exact (,faster ,@arguments))
                   (,original ,@arguments)))))))
