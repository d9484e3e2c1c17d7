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
  (let (($display2d t) ($linel 100000)) (maximalab-printed (lambda () (displa value)))))

(defun maximalab-latex (value)
  "LaTeX of VALUE without delimiters, or NIL where text is better or Maxima cannot say."
  (unless (stringp value)
    (let ((latex (handler-case (mfuncall '$tex1 value) (error () nil))))
      (and (stringp latex) (<= (length latex) (* 2 *maximalab-longest-latex*)) latex))))

(defun maximalab-cells (value)
  "The elements of a matrix row by row, as texts."
  (loop for row in (cdr value) append (mapcar #'maximalab-line (cdr row))))

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
    (maximalab-emit "result" "label" label "latex" latex "size" (length text) "whole" t
                             "columns" (and table (length (cdadr value)))
                             "cells" (and table (maximalab-cells value))
                             "hints" (and $maximalab_hints t)
                             "unknown" (and $maximalab_hints short (maximalab-unknown-functions value))
                             "text" (subseq text 0 (min (length text) (* 4 *maximalab-longest-text*))))))

;; Maxima's defaults write plain TeX, which MathJax refuses: \pmatrix{...}, \over, \mbox.
(defun tex-matrix (x l r)
  (append l (list "\\begin{pmatrix}")
          (loop for row in (cdr x) append (tex-list (cdr row) nil (list " \\\\ ") " & "))
          (list "\\end{pmatrix}") r))

(defun tex-mquotient (x l r)
  (append l (list "\\frac{") (tex (second x) nil nil 'mparen 'mparen)
          (list "}{") (tex (third x) nil nil 'mparen 'mparen) (list "}") r))

;; Strings reach us with their per cent signs escaped already.
(defun maximalab-tex-escape (char)
  (case char
    ((#\# #\$ #\& #\_ #\{ #\}) (format nil "\\~a" char))
    (#\\ "\\backslash ")
    (#\^ "\\hat{}")
    (#\~ "\\tilde{}")
    (t (string char))))

(defun tex-string (text)
  (with-output-to-string (out)
    (write-string "\\text{" out)
    (loop for index from 0 below (length text)
          do (cond ((eql (search "\\%" text :start2 index) index)
                    (write-string "\\%" out)
                    (incf index))
                   (t (write-string (maximalab-tex-escape (char text index)) out))))
    (write-char #\} out)))
