;;;; What a result looks like: one line of Maxima's own syntax, and LaTeX that MathJax and LaTeX both take.

(in-package :maxima)

(defvar *maximalab-longest-latex* 4000 "Characters of a result's text up to which LaTeX is made of it.")

(defvar *maximalab-most-columns* 20 "Columns of a matrix up to which it is written as LaTeX.")
(defvar *maximalab-most-rows* 30)

(defun maximalab-wide-p (value)
  "True for a matrix that is a table rather than a formula."
  (and ($matrixp value) (cdr value)
       (or (> (length (cdr value)) *maximalab-most-rows*)
           (> (length (cdadr value)) *maximalab-most-columns*))))

(defun maximalab-matrix-text (value)
  "A matrix too large for LaTeX, drawn in characters; its rows are never broken."
  (progv '($display2d $linel linel) '(t 100000 100000) ; `linel` alone counts before Maxima 5.47
    (maximalab-printed (lambda () (displa value)))))

(defun maximalab-latex (value)
  "LaTeX of VALUE without delimiters, or NIL where text is better or Maxima cannot say."
  (unless (stringp value)
    (let ((latex (handler-case (mfuncall '$tex1 value) (error () nil))))
      (and (stringp latex) (<= (length latex) (* 2 *maximalab-longest-latex*)) latex))))

(defun maximalab-cells (value)
  "The elements of a matrix row by row, as texts."
  (loop for row in (cdr value) append (mapcar #'maximalab-line (cdr row))))

(defun maximalab-length (text)
  "Characters of TEXT; GCL's are bytes."
  #+gcl (count-if-not (lambda (char) (<= 128 (char-code char) 191)) text)
  #-gcl (length text))

(defun maximalab-emit-result (label value)
  (if (maximalab-large-p value)
      (multiple-value-bind (text size path whole) (maximalab-kept value label)
        (maximalab-emit "result" "label" label "text" text "size" size "path" path "whole" whole
                                 "hints" (and $maximalab_hints t)))
      (maximalab-emit-short label value (maximalab-line value))))

(defun maximalab-emit-short (label value line)
  (let* ((short (<= (length line) *maximalab-longest-latex*))
         (latex (and short (not (maximalab-wide-p value)) (maximalab-latex value)))
         (table (and (null latex) ($matrixp value) (cdr value)))
         (text (if table (maximalab-matrix-text value) line)))
    (maximalab-emit "result" "label" label "latex" latex "size" (maximalab-length text) "whole" t
                             "columns" (and table (length (cdadr value)))
                             "cells" (and table (maximalab-cells value))
                             "hints" (and $maximalab_hints t)
                             "unknown" (and $maximalab_hints short (maximalab-unknown-functions value))
                             "text" (subseq text 0 (min (length text) (* 4 *maximalab-longest-text*))))))

;; Maxima's defaults write plain TeX, which MathJax refuses: \pmatrix{...}, \over, \mbox.
(defun tex-matrix (x l r)
  (append l (list "\\begin{pmatrix}")
          (loop for (row . more) on (cdr x)
                append (tex-list (cdr row) nil (and more (list " \\\\ ")) " & "))
          (list "\\end{pmatrix}") r))

(defun tex-mquotient (x l r)
  (append l (list "\\frac{") (tex (second x) nil nil 'mparen 'mparen)
          (list "}{") (tex (third x) nil nil 'mparen 'mparen) (list "}") r))

;; -a/b, not -(a/b): what is drawn as a fraction, or as a product, needs no brackets behind a minus.
(setf (get 'mminus 'tex-rbp) 110)

(defun maximalab-partial-p (x)
  "True for a derivative by several variables, or of an unknown function of several."
  (let ((what (second x)))
    (or (cdddr (cdr x))
        (and (consp what) (symbolp (caar what)) (not (get (caar what) 'tex)) (not (member 'array (car what)))
             (cddr what)))))

(defun tex-derivative (x l r)
  (tex (if $derivabbrev (tex-dabbrev x) (tex-d x (if (maximalab-partial-p x) "\\partial" '$d))) l r lop rop))

(defun tex-bigfloat (x l r)
  "3.14, and 3.14 \\times 10^{20}, as other numbers are written."
  (let* ((text (string-downcase (format nil "~{~a~}" (fpformat x)))) (mark (position #\b text)))
    (append l (list (cond ((null mark) text)
                          ((string= (subseq text mark) "b0") (subseq text 0 mark))
                          (t (format nil "~a \\times 10^{~a}" (subseq text 0 mark) (subseq text (1+ mark))))))
            r)))

;; Results of the package stats: what it writes itself is plain TeX, too.
(defun maximalab-tex-inference (x l r)
  "A test's title, and below it each item that it is to show."
  (append l (list "\\left|\\begin{array}{l}") (tex (second x) nil nil 'mparen 'mparen)
          (loop for place in (cdr (fourth x))
                for (nil name value) = (nth place (third x))
                append (tex `((mequal) ,name ,value) (list "\\\\ ") nil 'mparen 'mparen))
          (list "\\end{array}\\right.") r))

;; Strings reach us with $, %, & and _ escaped already.
(defun maximalab-tex-escape (char)
  (case char
    ((#\# #\$ #\% #\& #\_ #\{ #\}) (format nil "\\~a" char))
    (#\\ "}\\backslash \\text{")
    (#\^ "}\\hat{\\ }\\text{")
    (#\~ "}{\\sim}\\text{")
    (t (string char))))

(defun tex-string (text)
  (if (string= text "\\partial") ; Maxima's own, see tex-derivative
      text
      (with-output-to-string (out)
        (write-string "\\text{" out)
        (loop for index from 0 below (length text)
              for char = (char text index)
              for next = (and (< (1+ index) (length text)) (char text (1+ index)))
              do (when (and (char= char #\\) next (find next "$%&_")) (setq char next) (incf index))
                 (write-string (maximalab-tex-escape char) out))
        (write-char #\} out))))
