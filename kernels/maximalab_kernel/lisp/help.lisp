;;;; What `?`, `??` and `describe` answer where there is no page to show: the kernel has the words, in the reader's language.

(in-package :maxima)

(defun maximalab-notice (key topic)
  (maximalab-emit "notice" "key" key "topic" topic "hints" (and $maximalab_hints t))
  nil)

(defvar *maximalab-describe* (or (get '$describe 'maximalab-original)
                                 (setf (get '$describe 'maximalab-original) (get '$describe 'mfexpr*)))
  "Maxima's own.")

(defun maximalab-page (form)
  "Show the page of a topic; what Maxima would say where there is none is left out."
  (let* ((found nil)
         (text (with-output-to-string (*standard-output*) (setq found (funcall *maximalab-describe* form)))))
    (when found (write-string text))
    found))

(defun maximalab-pages (form)
  "List the pages of a topic, or show the only one. The question which of several to show is left out: it would get no
answer, and GCL makes an error of that."
  (let* ((found nil)
         (text (with-output-to-string (*standard-output*)
                 (setq found (handler-case (funcall *maximalab-describe* form) (end-of-file () t)))))
         (question (search "Enter space-separated" text)))
    (when found (write-string text *standard-output* :end (or question (length text))))
    (when question (maximalab-notice "help_choose" ""))
    found))

(defun maximalab-help (form)
  "What `describe` becomes: true where there is something to read."
  (let ((topic (if (cdr form) (string-trim '(#\space #\tab) ($sconcat (second form))) ""))
        (exact (member (third form) '(nil $exact))))
    (cond ((string= topic "") (maximalab-notice "help_how" ""))
          ((handler-case (if exact (maximalab-page form) (maximalab-pages form))
             (file-error () (return-from maximalab-help (maximalab-notice "help_no_manual" topic)))))
          (t (maximalab-notice (if exact "help_no_page" "help_no_pages") topic)))))

(setf (get '$describe 'mfexpr*) #'maximalab-help)
