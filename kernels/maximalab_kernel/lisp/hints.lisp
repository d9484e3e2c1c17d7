;;;; What the kernel needs to know for its hints: functions in a result that nobody has defined, and the names of all that are.

(in-package :maxima)

(defmvar $maximalab_hints t "False: the kernel gives no hints at mistakes.")

(defvar *maximalab-hint-terms* 2000 "How many terms of a result are looked at.")

(defun maximalab-function-p (symbol)
  (or (fboundp symbol) (get symbol 'autoload) (get symbol 'mfexpr*) (get symbol 'mspec) (get symbol 'operators)
      (get symbol 'noun) (mget symbol 'mexpr) (mget symbol 'mmacro) (mget symbol 'depends) (mget symbol 'hashar)
      (mget symbol 'array) (member symbol (cdr $functions) :key #'caar)))

(defun maximalab-name-p (symbol)
  "True for a symbol as a user writes it."
  (let ((name (symbol-name symbol))) (and (> (length name) 1) (char= (char name 0) #\$))))

(defun maximalab-unknown-functions (value)
  "The names of functions that VALUE calls and that are defined nowhere, each once."
  (let ((found '()) (left *maximalab-hint-terms*) (todo (list value)))
    (loop while (and todo (plusp (decf left)))
          do (let ((term (pop todo)))
               (when (and (consp term) (consp (car term)))
                 (let ((operator (caar term)))
                   (when (and (symbolp operator) (maximalab-name-p operator) (not (member 'array (cdar term)))
                              (not (maximalab-function-p operator)))
                     (pushnew (subseq (print-invert-case operator) 1) found :test #'string=)))
                 (loop for rest on (cdr term)
                       while (consp rest)
                       do (push (car rest) todo)))))
    found))

(defun maximalab-function-names (ignored)
  "All functions that could be called."
  (declare (ignore ignored))
  (let ((names '()))
    (do-symbols (symbol :maxima)
      (when (and (maximalab-name-p symbol) (maximalab-function-p symbol))
        (push (subseq (print-invert-case symbol) 1) names)))
    (maximalab-emit "names" "names" (remove-duplicates names :test #'string=))))
