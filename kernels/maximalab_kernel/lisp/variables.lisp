;;;; Where an expression becomes a function of Lisp, to be drawn or to look for its roots, its variables have to be names.

(in-package :maxima)

(defun maximalab-of-its-variables-p (expression)
  "True unless EXPRESSION is itself a function, which does not care what its arguments were to be called."
  (or (numberp expression)
      (and (consp expression) (consp (car expression)) (not (eq (caar expression) 'lambda))
           (not (functionp expression)))))

(maximalab-original 'coerce-float-fun)
(defun coerce-float-fun (expression &rest rest)
  "Refuse in Maxima's words a variable that has a number for its value; what Lisp's compiler says is nothing for readers."
  (let ((number (and (consp (first rest)) (find-if #'mnump (cdr (first rest))))))
    (when (and number (maximalab-of-its-variables-p expression))
      (merror "variable must not be a number; found: ~M" number))
    (let ((*error-output* (make-broadcast-stream)))
      (apply (maximalab-original 'coerce-float-fun) expression rest))))
