;;;; Reads a script for gnuplot before gnuplot does, and lets pass what draws: gnuplot runs programs by `system`, `!`,
;;;; backquotes and names such as "<ls", and reads and writes any file. What stands here is allowed, all else is refused.
;;;; Texts are parsed as gnuplot parses them, line by line, so that nothing in a title can pass for a command or hide one.

(in-package :maxima)

(defparameter *maximalab-gnuplot-settings*
  '("angles" "arrow" "auto" "autoscale" "bars" "bmargin" "border" "boxwidth" "cbdata" "cblabel" "cbrange" "cbtics" "clabel" "clip"
    "cntrlabel" "cntrparam" "colorbox" "colorsequence" "contour" "dashtype" "datafile" "decimalsign" "dgrid3d" "dummy"
    "encoding" "errorbars" "format" "grid" "hidden" "hidden3d" "isosamples" "jitter" "key" "label" "linetype" "lmargin"
    "log" "logscale" "mapping" "margin" "margins" "mcbtics" "micro" "minussign" "mono" "monochrome" "mrtics" "multiplot"
    "mx2tics" "mxtics" "my2tics" "mytics" "mztics" "noborder" "nogrid" "nokey" "obj" "object" "offsets" "origin" "overflow" "parametric" "paxis"
    "pm3d" "pointsize" "polar" "raxis" "rlabel" "rmargin" "rrange" "rtics" "sample" "samples" "size" "style" "surface"
    "theta" "tics" "ticscale" "ticslevel" "timefmt" "timestamp" "title" "tmargin" "trange" "ttics" "urange" "view" "vrange"
    "walls" "x2data" "x2label" "x2range" "x2tics" "x2zeroaxis" "xdata" "xdtics" "xlabel" "xmtics" "xrange" "xtics"
    "xyplane" "xzeroaxis" "y2data" "y2label" "y2range" "y2tics" "y2zeroaxis" "ydata" "ydtics" "ylabel" "ymtics" "yrange"
    "ytics" "yzeroaxis" "zdata" "zdtics" "zero" "zeroaxis" "zlabel" "zmtics" "zrange" "ztics" "zzeroaxis")
  "What may stand behind `set` and `unset`; terminal, output and palette are looked at by themselves.")

(defparameter *maximalab-gnuplot-terminals*
  '("svg" "png" "pngcairo" "jpeg" "gif" "pdf" "pdfcairo" "postscript" "epscairo" "epslatex" "canvas" "dumb"))

(defparameter *maximalab-gnuplot-terminal-words*
  '("animate" "ansi" "aspect" "background" "butt" "cm" "color" "colour" "colortext" "blacktext" "crop" "dashed" "default" "delay" "dl"
    "dashlength" "dynamic" "enhanced" "eps" "feed" "fixed" "font" "fontscale" "fsize" "giant" "in" "inch" "input" "landscape" "large"
    "level1" "level3" "linewidth" "loop" "lw" "medium" "mono" "monochrome" "nocrop" "noenhanced" "nofeed" "nooptimize" "notransparent"
    "notruecolor" "optimize" "portrait" "ps" "pointscale" "round" "rounded" "size" "small" "solid" "square" "standalone" "tiny"
    "transparent" "truecolor")
  "Options of terminals: no file of fonts, no header, no script is among them.")

(defparameter *maximalab-gnuplot-palette-words*
  '("CMY" "HSV" "RGB" "XYZ" "YIQ" "color" "cubehelix" "cycles" "defined" "functions" "gamma" "gray" "maxcolors" "model"
    "negative" "nops_allcF" "positive" "ps_allcF" "rgb" "rgbformulae" "saturation" "start" "floor" "ceil" "abs" "sqrt" "sin"
    "cos" "exp"))

(defparameter *maximalab-gnuplot-functions*
  '("abs" "acos" "acosh" "arg" "asin" "asinh" "atan" "atan2" "atanh" "besj0" "besj1" "besy0" "besy1" "ceil" "column" "cos"
    "cosh" "erf" "erfc" "exp" "floor" "gamma" "imag" "int" "inverf" "invnorm" "lgamma" "log" "log10" "norm" "rand" "real"
    "sgn" "sin" "sinh" "sqrt" "tan" "tanh" "valid")
  "Functions of numbers; those that make texts are not among them, for a text may name a program.")

(defparameter *maximalab-gnuplot-bracketed*
  '("at" "autofreq" "border" "by" "center" "cbtics" "defined" "functions" "incremental" "discrete" "levels" "norotate" "nomirror" "mirror" "out" "rotate" "u" "using" "x2tics"
    "xtics" "y2tics" "ytics" "ztics" "tics" "axis" "add" "in" "offset" "scale")
  "Words of settings that a bracket may follow.")

(defparameter *maximalab-gnuplot-texts-after*
  '("columnheader" "fc" "fillcolor" "font" "lc" "linecolor" "lt" "notitle" "pt" "pointtype" "rgb" "rgbcolor" "t" "tc" "textcolor" "ti" "tit" "title")
  "Words of a plot that a text may follow which is no file's name.")

(defparameter *maximalab-gnuplot-lines*
  '("if(GPVAL_VERSION >= 5.0){set for [i=1:8] linetype i dashtype i; set format '%h'}"
    "if(GPVAL_VERSION >= 5.0){set for [i=1:8] linetype i dashtype i}")
  "Lines that draw puts into each script.")

(defparameter *maximalab-picture-types* '("svg" "png" "pdf" "ps" "eps" "jpg" "jpeg" "gif" "html" "tex" "txt")
  "What gnuplot may write beside the notebook.")

(defun maximalab-refuse-gnuplot (what)
  (maximalab-refuse (format nil "gnuplot: ~a" what)))

(defun maximalab-gnuplot-letter-p (char)
  (or (alphanumericp char) (char= char #\_) (> (char-code char) 127)))

(defun maximalab-gnuplot-text (line start)
  "The text that begins at START of LINE with its quote, and the place behind it; an open one ends with the line."
  (loop with quote = (char line start) and out = (make-string-output-stream) and at = (1+ start)
        while (< at (length line))
        do (let ((char (char line at)) (next (when (< (1+ at) (length line)) (char line (1+ at)))))
             (cond ((and (char= quote #\") (char= char #\`)) (maximalab-refuse-gnuplot "`"))
                   ((and (char= quote #\") (char= char #\\) next)
                    (when (char= next #\`) (maximalab-refuse-gnuplot "`"))
                    (write-char char out) (write-char next out) (incf at 2))
                   ((and (char= quote #\') (char= char #\') (eql next #\')) (write-char char out) (incf at 2))
                   ((char= char quote) (incf at) (loop-finish))
                   (t (write-char char out) (incf at))))
        finally (return (values (list :text (get-output-stream-string out)) at))))

(defun maximalab-gnuplot-word (line start)
  "The word or number that begins at START of LINE, as a string, and the place behind it."
  (let ((end (or (position-if-not #'maximalab-gnuplot-letter-p line :start start) (length line))))
    (values (subseq line start end) end)))

(defun maximalab-gnuplot-tokens (line &optional (joined 0))
  "LINE as words (strings), texts (:text string) and characters; without a comment, which must not begin in what another
line continues: that is, before the place JOINED."
  (loop with at = 0 and found = '()
        while (< at (length line))
        do (let ((char (char line at)))
             (cond ((find char "`@") (maximalab-refuse-gnuplot char))
                   ((char= char #\#)
                    (when (< at joined) (maximalab-refuse-gnuplot "#"))
                    (loop-finish))
                   ((find char "'\"")
                    (multiple-value-bind (text next) (maximalab-gnuplot-text line at) (push text found) (setq at next)))
                   ((maximalab-gnuplot-letter-p char)
                    (multiple-value-bind (word next) (maximalab-gnuplot-word line at) (push word found) (setq at next)))
                   (t (unless (find char '(#\space #\tab)) (push char found)) (incf at))))
        finally (return (nreverse found))))

(defun maximalab-gnuplot-text-p (token)
  (and (consp token) (eq (car token) :text)))

(defun maximalab-gnuplot-number-p (token)
  (and (stringp token) (digit-char-p (char token 0))))

(defun maximalab-gnuplot-name-p (token)
  (and (stringp token) (not (maximalab-gnuplot-number-p token))))

(defun maximalab-gnuplot-among (token words)
  (and (stringp token) (member token words :test #'string=)))

(defun maximalab-check-gnuplot-name (token next)
  "Refuse the word TOKEN where it calls, with NEXT a bracket, what is no function of numbers, or can make a text."
  (when (or (and (eql next #\()
                 (not (maximalab-gnuplot-among token *maximalab-gnuplot-functions*))
                 (not (maximalab-gnuplot-among token *maximalab-gnuplot-bracketed*)))
            (maximalab-gnuplot-among token '("for" "system" "sprintf" "gprintf" "value"))
            (eql 0 (search "GPVAL" token))
            (eql 0 (search "ARG" token)))
    (maximalab-refuse-gnuplot token)))

(defun maximalab-gnuplot-comparison-p (before next)
  (or (member before '(#\< #\> #\! #\=)) (eql next #\=)))

(defun maximalab-check-gnuplot-words (tokens)
  "Refuse in any command what could reckon a text, set a variable or call what is no function of numbers."
  (loop for earlier = nil then before
        for before = nil then token
        for (token next) on tokens
        do (cond ((maximalab-gnuplot-name-p token) (maximalab-check-gnuplot-name token next))
                 ((eql token #\=)
                  (unless (or (maximalab-gnuplot-comparison-p before next)
                              (and (maximalab-gnuplot-among earlier '("filledcurves" "above" "below"))
                                   (maximalab-gnuplot-among before '("xy" "x1" "x2" "y1" "y2" "y" "r"))))
                    (maximalab-refuse-gnuplot token)))
                 ((or (member token '(#\{ #\}))
                      (and (eql token #\$) (not (maximalab-gnuplot-number-p next))))
                  (maximalab-refuse-gnuplot token)))))

(defun maximalab-check-gnuplot-list (what tokens words)
  "Refuse each name among TOKENS that is none of WORDS."
  (dolist (token tokens)
    (when (and (maximalab-gnuplot-name-p token) (not (maximalab-gnuplot-among token words)))
      (maximalab-refuse-gnuplot (format nil "~a ~a" what token)))))

(defun maximalab-beside (name)
  "Where a picture called NAME lies that the kernel has yet to carry beside the notebook; else NAME."
  (if (and *maximalab-beside* (char/= (char name 0) #\/)) (format nil "~a/~a" *maximalab-beside* name) name))

(defun maximalab-make-room-beside (name)
  "Behind the wall: a folder for the picture NAME, where the notebook's folder has one of that name."
  (let ((slash (position #\/ name :from-end t)))
    (when (and *maximalab-beside* slash (plusp slash) (maximalab-place (subseq name 0 slash)))
      (let ((*maximalab-trusted* t)) (ensure-directories-exist (maximalab-beside name))))))

(defun maximalab-check-gnuplot-output (tokens)
  "Refuse a picture elsewhere than in our own folder or the notebook's."
  (when tokens
    (unless (and (null (cdr tokens)) (maximalab-gnuplot-text-p (car tokens))
                 (maximalab-picture-place-p (second (car tokens))))
      (maximalab-refuse-gnuplot (format nil "output ~@[~a~]" (and (maximalab-gnuplot-text-p (car tokens)) (second (car tokens))))))
    (maximalab-make-room-beside (second (car tokens)))))

(defun maximalab-check-gnuplot-setting (tokens)
  (let ((word (car tokens)))
    (cond ((maximalab-gnuplot-among word '("out" "output")) (maximalab-check-gnuplot-output (cdr tokens)))
          ((maximalab-gnuplot-among word '("term" "terminal"))
           (unless (maximalab-gnuplot-among (second tokens) *maximalab-gnuplot-terminals*)
             (maximalab-refuse-gnuplot (format nil "terminal ~@[~a~]" (second tokens))))
           (maximalab-check-gnuplot-list word (cddr tokens) *maximalab-gnuplot-terminal-words*))
          ((equal word "palette") (maximalab-check-gnuplot-list word (cdr tokens) *maximalab-gnuplot-palette-words*))
          ((not (maximalab-gnuplot-among word *maximalab-gnuplot-settings*))
           (maximalab-refuse-gnuplot (format nil "set ~@[~a~]" (if (consp word) (second word) word)))))))

(defun maximalab-check-gnuplot-plotted (text before next)
  "Refuse TEXT in a plot, unless it names a file of ours or stands behind `title` and its kin."
  (cond ((member next '(#\. #\[)) (maximalab-refuse-gnuplot text))
        ((eql before :source)
         (unless (or (member text '("-" "+" "++" "") :test #'string=) (maximalab-own-path-p text))
           (maximalab-refuse-gnuplot text)))
        ((not (maximalab-gnuplot-among before *maximalab-gnuplot-texts-after*)) (maximalab-refuse-gnuplot text))))

(defun maximalab-check-gnuplot-plot (tokens)
  "Refuse files elsewhere, and texts in any other place than behind `title` and its kin."
  (loop with depth = 0 and before = :source
        for (token next) on tokens
        do (when (maximalab-gnuplot-text-p token) (maximalab-check-gnuplot-plotted (second token) before next))
           (when (member token '(#\( #\[)) (incf depth))
           (when (member token '(#\) #\])) (decf depth))
           (setq before (if (and (eql depth 0) (member token '(#\, #\]))) :source token))))

(defun maximalab-gnuplot-condition (tokens)
  "What is behind `if (...)`; refuses a condition that asks for more than gnuplot's version and terminals."
  (loop with depth = 0
        for (token . rest) on tokens
        do (cond ((eql token #\() (incf depth))
                 ((eql token #\)) (decf depth))
                 ((and (maximalab-gnuplot-name-p token)
                       (not (maximalab-gnuplot-among token '("GPVAL_VERSION" "GPVAL_TERMINALS" "strstrt"))))
                  (maximalab-refuse-gnuplot token)))
        when (<= depth 0) return rest
        finally (maximalab-refuse-gnuplot "if")))

(defun maximalab-check-gnuplot-command (tokens)
  (let ((word (car tokens)) (rest (cdr tokens)))
    (cond ((null tokens))
          ((equal word "if") (maximalab-check-gnuplot-command (maximalab-gnuplot-condition rest)))
          ((equal word "else") (maximalab-check-gnuplot-command rest))
          ((maximalab-gnuplot-among word '("reset" "quit" "replot" "clear"))
           (when rest (maximalab-refuse-gnuplot word)))
          ((maximalab-gnuplot-among word '("set" "unset"))
           (maximalab-check-gnuplot-words rest)
           (maximalab-check-gnuplot-setting rest))
          ((maximalab-gnuplot-among word '("plot" "splot"))
           (maximalab-check-gnuplot-words rest)
           (maximalab-check-gnuplot-plot rest))
          (t (maximalab-refuse-gnuplot (if (consp word) (second word) word))))))

(defun maximalab-gnuplot-numbers-p (line)
  "True for a line of numbers, which is data; as a command gnuplot could do nothing with it."
  (let ((start (position-if-not (lambda (char) (find char '(#\space #\tab))) line)))
    (or (null start)
        (string= line "e")
        (and (find (char line start) "+-.0123456789") (every (lambda (char) (find char "+-.0123456789eEdD 	")) line))
        (member (string-trim " " line) '("NaN" "nan") :test #'string=))))

(defun maximalab-check-gnuplot-line (line joined)
  "Refuse LINE, as gnuplot takes it with those that continue it, up to the place JOINED, unless it does no more than draw."
  (when (find-if (lambda (char) (and (< (char-code char) 32) (char/= char #\tab))) line)
    (maximalab-refuse-gnuplot "control character"))
  (unless (or (maximalab-gnuplot-numbers-p line) (member line *maximalab-gnuplot-lines* :test #'string=))
    (loop with tokens = (maximalab-gnuplot-tokens line joined)
          for end = (position #\; tokens)
          do (maximalab-check-gnuplot-command (subseq tokens 0 end))
          while end
          do (setq tokens (nthcdr (1+ end) tokens)))))

(defun maximalab-gnuplot-continued-p (line)
  (and (plusp (length line)) (char= (char line (1- (length line))) #\\)))

(defun maximalab-gnuplot-next-line (in)
  "The next line of the stream IN together with those that continue it, and where the last of these begins; NIL at the end."
  (loop with out = (make-string-output-stream) and size = 0 and joined = 0
        for line = (read-line in nil)
        for continued = (and line (maximalab-gnuplot-continued-p line))
        do (when line (write-string line out :end (if continued (1- (length line)) (length line))))
           (when continued (setq size (+ size (length line) -1) joined size))
        unless continued
          return (and (or line (plusp size)) (values (get-output-stream-string out) joined))))

(defun maximalab-check-gnuplot-script (path)
  "Refuse the script PATH unless gnuplot may read it."
  (with-open-file (in path)
    (loop (multiple-value-bind (line joined) (maximalab-gnuplot-next-line in)
            (unless line (return))
            (maximalab-check-gnuplot-line line joined)))))

(defun maximalab-scene-by-scene (path)
  "Let gnuplot put the scenes of the script PATH one behind the other; the kernel lays them upon each other.
For several in one, gnuplot 6 keeps its state in the system's temporary folder, where nothing may be written."
  (let ((lines (with-open-file (in path) (loop for line = (read-line in nil) while line collect line))))
    (when (and (member "set multiplot" lines :test #'string=)
               (some (lambda (line) (eql 0 (search "set terminal svg" line))) lines))
      (with-open-file (out path :direction :output :if-exists :supersede)
        (dolist (line lines)
          (unless (member (string-right-trim " " line) '("set multiplot" "unset multiplot") :test #'string=)
            (write-line line out)))))))
