;;;; Large integers on SBCL: its own arithmetic takes minutes for what GMP does in a second, such as a number of ten million
;;;; digits. What is large goes to GMP, which each Debian has (libgmp10, for coreutils); where it is missing, all is as before.
;;;; No interrupt may leave GMP in the middle of its work, so it gets no piece that takes much more than a second: of larger
;;;; numbers Karatsuba's and Burnikel and Ziegler's ways make pieces.

(in-package :maxima)

(handler-bind ((warning #'muffle-warning)) (require :sb-gmp))
(sb-gmp:unload-gmp)                     ; it would take over all arithmetic, and fail at the start where there is none

(defconstant +maximalab-least-product+ 24 "Words of the smaller factor from which on GMP is quicker.")
(defconstant +maximalab-least-quotient+ 16)
(defconstant +maximalab-least-divisor+ 3 "Words of the smaller number from which on GMP finds common divisors sooner.")
(defvar *maximalab-most-words* (expt 2 19) "Words that GMP gets at once.")
(defconstant +maximalab-most-words-of-gcd+ (expt 2 14) "The same for common divisors, which take longer.")

(defvar *maximalab-gmp* :unknown "True once GMP is there; it is looked for when it is needed first.")

(defun maximalab-gmp-p ()
  (when (eq *maximalab-gmp* :unknown)
    (setq *maximalab-gmp* (and (handler-case (sb-alien:load-shared-object "libgmp.so.10" :dont-save t)
                                 (error () nil))
                               t)))
  *maximalab-gmp*)

(declaim (inline maximalab-words))
(defun maximalab-words (number)
  (if (typep number 'bignum) (sb-bignum:%bignum-length number) 1))

(defvar *maximalab-multiply* #'sb-bignum:multiply-bignums "SBCL's own.")
(defvar *maximalab-truncate* #'sb-bignum:bignum-truncate)
(defvar *maximalab-gcd* #'sb-bignum:bignum-gcd)

(defun maximalab-parts (number bits)
  "NUMBER, which is not negative, as (values high low) around so many BITS."
  (values (ash number (- bits)) (ldb (byte bits 0) number)))

(defun maximalab-product (a b)
  "The product of two numbers that are not negative, in pieces that GMP gets."
  (let ((words (max (maximalab-words a) (maximalab-words b))))
    (cond ((or (< words *maximalab-most-words*) (typep a 'fixnum) (typep b 'fixnum)) (* a b))
          ((< (* 2 (min (maximalab-words a) (maximalab-words b))) words) (maximalab-lopsided-product a b words))
          (t (maximalab-even-product a b (* 32 words))))))

(defun maximalab-lopsided-product (a b words)
  (multiple-value-bind (high low) (maximalab-parts (max a b) (* 32 words))
    (+ (ash (maximalab-product high (min a b)) (* 32 words)) (maximalab-product low (min a b)))))

(defun maximalab-even-product (a b bits)
  "Three products of half the length instead of four."
  (multiple-value-bind (a1 a0) (maximalab-parts a bits)
    (multiple-value-bind (b1 b0) (maximalab-parts b bits)
      (let* ((high (maximalab-product a1 b1)) (low (maximalab-product a0 b0))
             (middle (- (maximalab-product (+ a1 a0) (+ b1 b0)) high low)))
        (+ (ash (+ (ash high bits) middle) bits) low)))))

(defun maximalab-multiply (a b)
  "What SBCL multiplies two bignums with."
  (let ((least (min (maximalab-words a) (maximalab-words b))) (most (max (maximalab-words a) (maximalab-words b))))
    (cond ((or (< least +maximalab-least-product+) (not (maximalab-gmp-p))) (funcall *maximalab-multiply* a b))
          ((< most *maximalab-most-words*) (sb-sys:without-interrupts (sb-gmp:mpz-mul a b)))
          ((eq (minusp a) (minusp b)) (maximalab-product (abs a) (abs b)))
          (t (- (maximalab-product (abs a) (abs b)))))))

(defun maximalab-two-by-one (a b bits)
  "Divide A by B, which has exactly so many BITS, for a quotient of no more than that."
  (if (or (oddp bits) (< (maximalab-words a) *maximalab-most-words*))
      (truncate a b)
      (let ((half (ash bits -1)))
        (multiple-value-bind (high low) (maximalab-parts a half)
          (multiple-value-bind (q1 rest) (maximalab-three-by-two high b half)
            (multiple-value-bind (q0 rest) (maximalab-three-by-two (+ (ash rest half) low) b half)
              (values (+ (ash q1 half) q0) rest)))))))

(defun maximalab-three-by-two (a b half)
  "Divide A by B, which has two HALVES of bits, for a quotient of one: guess it from the upper half, then put it right."
  (multiple-value-bind (b1 b0) (maximalab-parts b half)
    (multiple-value-bind (a-high a-low) (maximalab-parts a half)
      (multiple-value-bind (quotient rest)
          (if (< (ash a-high (- half)) b1)
              (maximalab-two-by-one a-high b1 half)
              (values (1- (ash 1 half)) (+ (- a-high (ash b1 half)) b1)))
        (let ((rest (- (+ (ash rest half) a-low) (* quotient b0))))
          (loop while (minusp rest)
                do (decf quotient)
                   (incf rest b))
          (values quotient rest))))))

(defun maximalab-long-division (a b)
  "Divide numbers that are not negative, block by block, each as long as B."
  (let* ((bits (* 1024 (ceiling (integer-length b) 1024)))
         (shift (- bits (integer-length b)))
         (a (ash a shift)) (b (ash b shift)) (quotient 0) (rest 0))
    (loop for place from (floor (integer-length a) bits) downto 0
          do (multiple-value-bind (digit left)
                 (maximalab-two-by-one (+ (ash rest bits) (ldb (byte bits (* place bits)) a)) b bits)
               (setq quotient (+ (ash quotient bits) digit) rest left)))
    (values quotient (ash rest (- shift)))))

(defun maximalab-truncate (a b)
  "What SBCL divides two bignums with."
  (cond ((or (< (maximalab-words b) +maximalab-least-quotient+)
             (< (maximalab-words a) (+ (maximalab-words b) +maximalab-least-quotient+))
             (not (maximalab-gmp-p)))
         (funcall *maximalab-truncate* a b))
        ((< (maximalab-words a) (* 2 *maximalab-most-words*)) (sb-sys:without-interrupts (sb-gmp:mpz-tdiv a b)))
        (t (multiple-value-bind (quotient rest) (maximalab-long-division (abs a) (abs b))
             (values (if (eq (minusp a) (minusp b)) quotient (- quotient)) (if (minusp a) (- rest) rest))))))

(defun maximalab-gcd (a b)
  "What SBCL finds the common divisor of two bignums with."
  (if (and (<= +maximalab-least-divisor+ (min (maximalab-words a) (maximalab-words b)))
           (< (max (maximalab-words a) (maximalab-words b)) +maximalab-most-words-of-gcd+)
           (maximalab-gmp-p))
      (sb-sys:without-interrupts (sb-gmp:mpz-gcd a b))
      (funcall *maximalab-gcd* a b)))

(defun maximalab-take-arithmetic ()
  "From now on SBCL's products, quotients and common divisors of large integers are ours."
  (sb-ext:without-package-locks
    (setf (fdefinition 'sb-bignum:multiply-bignums) #'maximalab-multiply
          (fdefinition 'sb-bignum:bignum-truncate) #'maximalab-truncate
          (fdefinition 'sb-bignum:bignum-gcd) #'maximalab-gcd)))
