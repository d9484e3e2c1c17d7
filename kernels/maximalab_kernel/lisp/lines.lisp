;;;; The text of a result that is too long for the notebook: made piece by piece, so that it can be interrupted and fills no
;;;; memory; what is beyond the limit goes to a file, as far as the file's own limit allows.

(in-package :maxima)

(defvar *maximalab-longest-text* 100000 "Characters of a result's text that are sent; a longer one is kept in a file.")
(defvar *maximalab-file-limit* 50000000 "Characters of one file (see keeping.py, which says so for printed text).")
(defvar *maximalab-folder-limit* 200000000 "Bytes of all files in the folder.")

(defun maximalab-outputs ()
  "The folder of such files; asked for each time, for a saved Maxima has another environment than the one that saved it."
  (or (maxima-getenv "MAXIMALAB_OUTPUTS") "maxima-output"))

(defun maximalab-typed (value)
  "VALUE on one line, as it could be typed in again."
  (let (($display2d nil) ($stringdisp t)) (coerce (mstring value) 'string)))

(defun maximalab-line (value)
  "VALUE on one line; a text that is the whole result stands without quotes."
  (if (stringp value) value (maximalab-typed value)))

(defun maximalab-large-p (value)
  "True where the text of VALUE is probably longer than what is sent. Looks at no more of it than that."
  (let ((left *maximalab-longest-text*) (todo (list value)))
    (loop while (and todo (plusp left))
          do (let ((term (pop todo)))
               (cond ((integerp term) (decf left (1+ (floor (integer-length term) 3.33))))
                     ((stringp term) (decf left (1+ (length term))))
                     ((consp term)
                      (when (cdr term) (push (cdr term) todo))
                      (push (car term) todo))
                     ((and (symbolp term) (maximalab-name-p term)) (decf left (max 2 (length (symbol-name term)))))
                     (term (decf left 2)))))
    (<= left 0)))

(defun maximalab-digits (number emit &optional (width 0))
  "The digits of a natural NUMBER, with zeros before it up to WIDTH, in pieces of some thousands."
  (let ((digits (floor (* (integer-length number) 0.30103d0))))
    (if (< digits 20000)
        (funcall emit (format nil "~v,'0d" width number))
        (let ((half (ceiling digits 2)))
          (multiple-value-bind (high low) (floor number (expt 10 half))
            (maximalab-digits high emit (max 0 (- width half)))
            (maximalab-digits low emit half))))))

(defvar *maximalab-brackets* (char= (char (maximalab-typed '((mplus simp) -1 $a ((mtimes simp) -1 $b))) 0) #\()
  "True for a Maxima, before 5.47, that writes (-b)+a where a sum begins with a minus.")

(defun maximalab-terms (value emit)
  "A sum, the highest term first, as Maxima shows it."
  (loop for term in (reverse (cdr value))
        for text = (maximalab-typed term)
        for first = t then nil
        do (cond ((and first *maximalab-brackets* (consp term) (char= (char text 0) #\-))
                  (funcall emit (format nil "(~a)" text)))
                 ((and (char= (char text 0) #\-) (not first))
                  (funcall emit "-")
                  (funcall emit (maximalab-typed (neg term))))
                 (t (unless first (funcall emit "+"))
                    (funcall emit text)))))

(defun maximalab-numbers (numbers)
  "Small integers with commas between. Lisp's printer is native code, unlike our loop on ECL: a hundred times as fast."
  (let* ((*print-base* 10) (*print-radix* nil) (*print-pretty* nil) (*print-length* nil) (text (prin1-to-string numbers)))
    (substitute #\, #\space (subseq text 1 (1- (length text))))))

(defun maximalab-small-p (value)
  (typep value 'fixnum))

(defun maximalab-run (values)
  "The first of VALUES that are small numbers, some thousands at most, and the rest."
  (loop repeat 5000
        while (and values (maximalab-small-p (car values)))
        collect (pop values) into numbers
        finally (return (values numbers values))))

(defun maximalab-elements (values open close emit)
  (funcall emit open)
  (loop while values
        do (multiple-value-bind (numbers rest) (maximalab-run values)
             (if numbers
                 (funcall emit (maximalab-numbers numbers))
                 (maximalab-element (pop rest) emit))
             (setq values rest)
             (when values (funcall emit ","))))
  (funcall emit close))

(defun maximalab-element (value emit)
  (if (stringp value) (funcall emit (maximalab-typed value)) (maximalab-pieces value emit)))

(defun maximalab-pieces (value emit)
  "Call EMIT with the text of VALUE piece by piece: together what MAXIMALAB-LINE gives."
  (cond ((integerp value)
         (when (minusp value) (funcall emit "-"))
         (maximalab-digits (abs value) emit))
        (($listp value) (maximalab-elements (cdr value) "[" "]" emit))
        (($matrixp value) (maximalab-elements (cdr value) "matrix(" ")" emit))
        ((and (mplusp value) (not $powerdisp) (member 'simp (cdar value))) (maximalab-terms value emit))
        (t (funcall emit (maximalab-line value)))))

(defun maximalab-room ()
  "Characters that a file may still take in the folder of outputs."
  (let ((taken 0))
    (dolist (file (directory (format nil "~a/*.txt" (maximalab-outputs))))
      (with-open-file (in file :element-type '(unsigned-byte 8) :if-does-not-exist nil)
        (when in (incf taken (file-length in)))))
    (max 0 (min *maximalab-file-limit* (- *maximalab-folder-limit* taken)))))

(defun maximalab-output-stream (path)
  "A file for a text, or NIL where none can be made: then only the beginning is shown."
  (ignore-errors
   (ensure-directories-exist path)
   (when (probe-file path) (delete-file path))
   (open path :direction :output :if-exists :supersede #+(or ecl sbcl) :external-format #+(or ecl sbcl) :utf-8)))

(defun maximalab-kept (value label)
  "The text of a large VALUE: (values beginning size path whole). PATH is NIL where no file could be made."
  (let* ((path (format nil "~a/~a.txt" (maximalab-outputs) (string-left-trim "%" label)))
         (file (and (string/= label "") (maximalab-output-stream path)))
         (room (if file (maximalab-room) *maximalab-longest-text*))
         (size 0)
         (beginning (make-string-output-stream)))
    (unwind-protect
         (catch 'maximalab-full
           (maximalab-pieces
            value
            (lambda (text)
              (let ((left (- *maximalab-longest-text* size)))
                (when (plusp left) (write-string text beginning :end (min left (length text)))))
              (incf size (length text))
              (when file (write-string text file :end (max 0 (min (length text) (- (+ room (length text)) size)))))
              (when (> size room) (throw 'maximalab-full nil)))))
      (when file (close file)))
    (values (get-output-stream-string beginning) size (and file path) (<= size room))))
