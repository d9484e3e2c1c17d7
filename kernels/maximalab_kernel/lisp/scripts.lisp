;;;; Scripts as each gnuplot reads them. That of the wheel, gnuplot 6, takes the rest of a line for another one where the room
;;;; that it keeps for a command grows: 512 characters always find room. Of an implicit surface, whose hundreds of pieces stand in
;;;; one command, it drew twenty, or none where the path was long.

(in-package :maxima)

(defparameter *maximalab-long-line* 200 "Characters of a line from which on it goes on in another, behind a backslash.")

(defun maximalab-folded (line)
  "LINE in several, each but the last with a backslash at its end: behind a comma or a blank that is not part of a text."
  (with-output-to-string (out)
    (loop with quote = nil and escaped = nil and size = 0
          for char across line
          do (write-char char out)
             (incf size)
             (cond (escaped (setq escaped nil))
                   ((and (eql quote #\") (char= char #\\)) (setq escaped t))
                   (quote (when (char= char quote) (setq quote nil)))
                   ((find char "'\"") (setq quote char))
                   ((and (find char ", ") (>= size *maximalab-long-line*))
                    (format out "\\~%")
                    (setq size 0))))))

(defun maximalab-plot-line-p (line)
  (or (eql 0 (search "plot " line)) (eql 0 (search "splot " line))))

(defun maximalab-long-script-p (path)
  "True where a command of the script PATH is long. Behind one that draws numbers of the script itself there is no other."
  (with-open-file (in path :if-does-not-exist nil)
    (loop for line = (and in (read-line in nil))
          while line
          when (maximalab-plot-line-p line)
            do (cond ((> (length line) *maximalab-long-line*) (return t))
                     ((search "'-'" line) (return nil))))))

(defun maximalab-fold-script (path)
  "Write the script PATH anew where it has a long command."
  (when (maximalab-long-script-p path)
    (let ((lines (with-open-file (in path) (loop for line = (read-line in nil) while line collect line))))
      (with-open-file (out path :direction :output :if-exists :supersede)
        (dolist (line lines)
          (write-line (if (maximalab-plot-line-p line) (maximalab-folded line) line) out))))))

(defun maximalab-script-of (command)
  "The script that gnuplot is to read by COMMAND, or NIL."
  (let* ((type ".gnuplot") (at (search type command)) (end (and at (+ at (length type))))
         (quote (and end (< end (length command)) (find (char command end) "'\"")))
         (start (and end (position-if (lambda (char) (if quote (char= char quote) (find char " '\""))) command
                                      :end at :from-end t))))
    (and end (subseq command (if start (1+ start) 0) end))))

;; Compiled code calls the second of them since Maxima 5.47.
(dolist (name (list '$system (find-symbol "SYSTEM-IMPL" :maxima)))
  (when (and name (fboundp name))
    (let ((original (maximalab-original name)))
      (setf (symbol-function name)
            (lambda (&rest words)
              (let ((script (maximalab-script-of (format nil "~{~a~^ ~}" words))))
                (when script (maximalab-fold-script script)))
              (apply original words))))))
