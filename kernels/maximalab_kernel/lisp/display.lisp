;;;; What a result looks like: one line of Maxima's own syntax, and LaTeX that MathJax and LaTeX both take.

(in-package :maxima)

(defvar *maximalab-longest-text* 100000 "Characters of a result's text; the rest is cut off.")
(defvar *maximalab-longest-latex* 4000 "Characters of a result's text up to which LaTeX is made of it.")

(defun maximalab-line (value)
  "VALUE on one line, as it could be typed in again."
  (if (stringp value)
      value
      (let (($display2d nil) ($stringdisp t)) (coerce (mstring value) 'string))))

(defun maximalab-matrix-text (value)
  "A matrix too wide for LaTeX, drawn in characters."
  (let (($display2d t)) (maximalab-printed (lambda () (displa value)))))

(defun maximalab-latex (value)
  "LaTeX of VALUE without delimiters, or NIL where text is better or Maxima cannot say."
  (unless (stringp value)
    (let ((latex (handler-case (mfuncall '$tex1 value) (error () nil))))
      (and (stringp latex) (<= (length latex) (* 2 *maximalab-longest-latex*)) latex))))

(defun maximalab-emit-result (label value)
  (let* ((line (maximalab-line value))
         (size (length line))
         (latex (and (<= size *maximalab-longest-latex*) (maximalab-latex value)))
         (text (if (and (null latex) ($matrixp value) (<= size *maximalab-longest-text*))
                   (maximalab-matrix-text value)
                   line)))
    (maximalab-emit "result" "label" label "latex" latex "size" (length text)
                             "hints" (and $maximalab_hints t)
                             "unknown" (and $maximalab_hints (<= size *maximalab-longest-latex*)
                                            (maximalab-unknown-functions value))
                             "text" (subseq text 0 (min (length text) *maximalab-longest-text*)))))

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
