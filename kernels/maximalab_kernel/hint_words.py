"""What the kernel hints at after a beginner's mistake, in Ukrainian and in English; see hints.py for when."""

from __future__ import annotations

HINT_WORDS: dict[str, dict[str, str]] = {
    "hint": {"en": "Hint: {text}", "uk": "Підказка: {text}"},
    "hint_equals": {
        "en": "`{name} = …` is an equation and changes nothing. To give {name} a value, write `{name}: …`.",
        "uk": "`{name} = …` є рівнянням і нічого не змінює. Щоб надати {name} значення, пишіть `{name}: …`.",
    },
    "hint_loop_equals": {
        "en": "`{name} = …` is an equation and changes nothing. To change {name} in the loop, write `{name}: {value}`.",
        "uk": "`{name} = …` є рівнянням і нічого не змінює. Щоб змінювати {name} в циклі, пишіть `{name}: {value}`.",
    },
    "hint_define": {
        "en": "to define a function, write `{name}({arguments}) := …`.",
        "uk": "щоб означити функцію, пишіть `{name}({arguments}) := …`.",
    },
    "hint_colon": {
        "en": "`:=` defines a function, `f(x) := …`. A variable gets its value by `{name}: …`.",
        "uk": "`:=` означує функцію, `f(x) := …`. Змінна отримує значення так: `{name}: …`.",
    },
    "hint_star": {
        "en": "multiplication needs its sign: `{left}*{right}`.",
        "uk": "множення потребує знака: `{left}*{right}`.",
    },
    "hint_star_call": {
        "en": "`{name}(…)` is a call of a function {name}. A product is written `{name}*(…)`.",
        "uk": "`{name}(…)` є викликом функції {name}. Добуток записують так: `{name}*(…)`.",
    },
    "hint_star_group": {
        "en": "between brackets the multiplication sign is needed, too: `(…)*(…)`.",
        "uk": "між дужками теж потрібен знак множення: `(…)*(…)`.",
    },
    "hint_terminator": {
        "en": "the line before `{word}` has no end: put `;` (shows the result) or `$` (does not) behind it.",
        "uk": "рядок перед `{word}` не завершено: поставте в кінці `;` (показати результат) або `$` (не показувати).",
    },
    "hint_between": {
        "en": "before `{word}` the next command begins: put `;` (shows the result) or `$` (does not) between them.",
        "uk": "перед `{word}` починається нова команда: поставте між ними `;` (показати результат) або `$`"
        " (не показувати).",
    },
    "hint_comma": {
        "en": "two values stand side by side; is there a comma missing?",
        "uk": "два значення стоять поруч; чи не бракує між ними коми?",
    },
    "hint_semicolon": {
        "en": "`;` ends the command; between elements stands a comma: `[{element}, …]`.",
        "uk": "`;` завершує команду; між елементами ставлять кому: `[{element}, …]`.",
    },
    "hint_parentheses": {
        "en": "arguments stand in round brackets: `{call}`.",
        "uk": "аргументи функції беруть у круглі дужки: `{call}`.",
    },
    "hint_index": {
        "en": "`{name}[…]` is an element of a list; a function takes round brackets: `{name}(…)`.",
        "uk": "`{name}[…]` є елементом списку; функція потребує круглих дужок: `{name}(…)`.",
    },
    "hint_open_bracket": {
        "en": "`{bracket}` is not closed. (Inside brackets commands are separated by commas, not by `;`.)",
        "uk": "дужку `{bracket}` не закрито. (Усередині дужок команди розділяють комами, а не `;`.)",
    },
    "hint_extra_bracket": {
        "en": "`{bracket}` closes a bracket that was not opened, or one of another kind.",
        "uk": "`{bracket}` закриває дужку, якої не відкрито, або дужку іншого виду.",
    },
    "hint_open_string": {
        "en": 'a text has no closing quote `"`.',
        "uk": 'у тексту немає закривальних лапок `"`.',
    },
    "hint_open_comment": {
        "en": "a comment is not closed: `/* … */`.",
        "uk": "коментар не закрито: `/* … */`.",
    },
    "hint_signs": {
        "en": "nothing says here that {name} is not negative: add `{name} >= 0` to the constraints"
        " (for all variables at once: `nonnegative_lp: true$` before it).",
        "uk": "тут ніщо не каже, що {name} невід'ємне: додайте до обмежень `{name} >= 0`"
        " (для всіх змінних відразу: `nonnegative_lp: true$` перед цим).",
    },
    "hint_first_index": {
        "en": "there is no such element: they are numbered from 1 to `length(…)`.",
        "uk": "такого елемента немає: їх нумерують від 1 до `length(…)`.",
    },
    "hint_nonconformable": {
        "en": "to multiply matrices, the first must have as many columns as the second has rows; `matrix_size(A)` and"
        " `transpose(A)` may help.",
        "uk": "щоб перемножити матриці, у першої має бути стільки стовпців, скільки рядків у другої; можуть допомогти"
        " `matrix_size(A)` і `transpose(A)`.",
    },
    "hint_lengths": {
        "en": "lists or matrices of different sizes cannot be reckoned with element by element.",
        "uk": "списки чи матриці різних розмірів не можна поєднувати поелементно.",
    },
    "hint_same_sign": {
        "en": "at both ends the function has the same sign: choose ends between which it changes, a plot shows where.",
        "uk": "на обох кінцях функція має той самий знак: оберіть кінці, між якими вона його змінює; де це, видно на"
        " графіку.",
    },
    "hint_inequality": {
        "en": 'inequalities are solved by a package: `load("solve_rat_ineq")$ solve_rat_ineq(x^2 > 4);`.',
        "uk": 'нерівності розв\'язує пакет: `load("solve_rat_ineq")$ solve_rat_ineq(x^2 > 4);`.',
    },
    "hint_package": {
        "en": 'there is no package {name}. Is `load("{use}")` meant?',
        "uk": 'пакета {name} немає. Можливо, `load("{use}")`?',
    },
    "hint_element": {
        "en": "an element stands in square brackets: `{name}[{index}]`.",
        "uk": "елемент беруть квадратними дужками: `{name}[{index}]`.",
    },
    "hint_join": {
        "en": 'texts are not joined by `+`: `sconcat(a, b)`; and print takes several: `print("x =", x)`.',
        "uk": 'тексти не поєднують знаком `+`: `sconcat(a, b)`; а print бере кілька: `print("x =", x)`.',
    },
    "hint_matrix_power": {
        "en": "`^` goes element by element; the power of a matrix is `{name}^^{power}`.",
        "uk": "`^` діє поелементно; степінь матриці записують `{name}^^{power}`.",
    },
    "hint_linear": {
        "en": "here the goal must be linear: numbers times variables, without powers or products of variables.",
        "uk": "цільова функція тут має бути лінійною: числа на змінні, без степенів і добутків змінних.",
    },
    "hint_goal": {
        "en": "the goal is an expression alone, without `=`: `maximize_lp(3*x + 5*y, […])`.",
        "uk": "цільова функція тут є самим виразом, без `=`: `maximize_lp(3*x + 5*y, […])`.",
    },
    "hint_goal_names": {
        "en": "each variable of the goal must be in a constraint, by the same name (`x1` and `x[1]` are two names), and"
        " the goal must be linear.",
        "uk": "кожна змінна цільової функції має бути в обмеженнях під тим самим іменем (`x1` і `x[1]` — різні імена),"
        " а сама функція лінійною.",
    },
    "hint_spelt": {
        "en": "there is no function {name}. Is {use} meant?",
        "uk": "функції {name} немає. Можливо, {use}?",
    },
    "hint_spelt_two": {
        "en": "there is no function {name}. Is {use} or {other} meant?",
        "uk": "функції {name} немає. Можливо, {use} чи {other}?",
    },
    "hint_layout": {
        "en": "`{name}` is `{use}` in the other keyboard layout.",
        "uk": "`{name}` — це `{use}`, набране в іншій розкладці клавіатури.",
    },
    "hint_foreign_name": {
        "en": "in Maxima {name} is written {use}.",
        "uk": "у Maxima замість {name} пишуть {use}.",
    },
    "hint_undefined": {
        "en": "there is no function {name}; define it before: `{name}(x) := …`.",
        "uk": "функції {name} немає; спершу означте її: `{name}(x) := …`.",
    },
    "hint_plot_equation": {
        "en": "plot2d draws an expression, without `{name} =`: `plot2d({expression}, […])`. An equation needs a range"
        " for {name}, too.",
        "uk": "plot2d малює вираз, без `{name} =`: `plot2d({expression}, […])`. Рівняння потребує проміжку"
        " й для {name}.",
    },
    "hint_load": {
        "en": 'the function {name} comes from a package: `load("{package}")$` before it.',
        "uk": 'функція {name} є в пакеті: спершу `load("{package}")$`.',
    },
    "hint_constant": {
        "en": "{name} is an ordinary name; the constant is {use}.",
        "uk": "{name} тут звичайне ім'я; стала записується {use}.",
    },
    "hint_noun": {
        "en": "Maxima found no formula for this {name}. Numerically: {use}.",
        "uk": "Maxima не знайшла формули ({name}). Наближено: {use}.",
    },
    "hint_sum": {
        "en": "to have the sum simplified: `{name}(…), simpsum;` or `load(simplify_sum)$ simplify_sum(%);`.",
        "uk": "щоб спростити суму: `{name}(…), simpsum;` або `load(simplify_sum)$ simplify_sum(%);`.",
    },
    "hint_product": {
        "en": "to have the product simplified: `product(…), simpproduct;`.",
        "uk": "щоб спростити добуток: `product(…), simpproduct;`.",
    },
    "hint_solve": {
        "en": "solve did not get all solutions. Numerically: find_root(equation, {name}, from, to), "
        "allroots(polynomial).",
        "uk": "solve не знайшла всіх розв'язків. Наближено: find_root(рівняння, {name}, від, до), allroots(многочлен).",
    },
    "hint_differential": {
        "en": "say which variable: `diff(…, x)`. Without it the result is the total differential, with del(x).",
        "uk": "вкажіть змінну: `diff(…, x)`. Без неї результат є повним диференціалом з del(x).",
    },
    "hint_variable": {
        "en": "say which variable: `integrate(…, x)`.",
        "uk": "вкажіть змінну: `integrate(…, x)`.",
    },
    "hint_quotes": {
        "en": 'a text stands in double quotes: `"{text}"`. (`\'` keeps a name from being evaluated.)',
        "uk": 'текст беруть у подвійні лапки: `"{text}"`. (`\'` не дає обчислити назву.)',
    },
    "hint_apostrophe": {
        "en": "there is no apostrophe in a name: write for example `{name}`.",
        "uk": "в імені не може бути апострофа: пишіть, наприклад, `{name}`.",
    },
    "hint_prime": {
        "en": "the derivative is written `diff({what}, x{order})`, in a differential equation"
        " `'diff({name}, x{order})`.",
        "uk": "похідну записують `diff({what}, x{order})`, а в диференціальному рівнянні `'diff({name}, x{order})`.",
    },
    "hint_transposed": {
        "en": "the transposed matrix is written `transpose({name})`.",
        "uk": "транспоновану матрицю записують `transpose({name})`.",
    },
    "hint_chain": {
        "en": "each comparison is written apart: `{use}`.",
        "uk": "кожне порівняння записують окремо: `{use}`.",
    },
    "hint_comment": {
        "en": "a comment is written `/* … */`.",
        "uk": "коментар записують так: `/* … */`.",
    },
    "hint_reserved": {
        "en": "`{name}` is a word of Maxima's language; choose another name.",
        "uk": "`{name}` є словом мови Maxima; оберіть інше ім'я.",
    },
    "hint_usage": {
        "en": "for `{name}` write as in this example: `{use}`.",
        "uk": "для `{name}` пишіть як у цьому прикладі: `{use}`.",
    },
    "hint_power": {
        "en": "the power stands behind the argument: `{name}(x)^{power}`.",
        "uk": "степінь пишуть після аргументу: `{name}(x)^{power}`.",
    },
    "hint_digits": {
        "en": "a number is written without blanks: `{number}`.",
        "uk": "число пишуть без пропусків: `{number}`.",
    },
    "hint_points": {
        "en": "a number has one point at most, before its decimals.",
        "uk": "у числі щонайбільше одна крапка, перед десятковими знаками.",
    },
    "hint_mixed": {
        "en": "a mixed fraction is written as a sum: `{use}`.",
        "uk": "мішаний дріб записують сумою: `{use}`.",
    },
    "hint_percent": {
        "en": "{number} per cent is written `{number}/100`; `%` alone is the last result.",
        "uk": "{number} відсотків записують `{number}/100`; саме `%` означає останній результат.",
    },
    "hint_one_word": {
        "en": "a name is one word: `{name}`.",
        "uk": "ім'я пишуть одним словом: `{name}`.",
    },
    "hint_digit_first": {
        "en": "a name begins with a letter: `{name}`.",
        "uk": "ім'я починається з літери: `{name}`.",
    },
    "hint_decimal": {
        "en": "the decimal sign is a point: `{number}`.",
        "uk": "десятковий знак у Maxima крапка, а не кома: `{number}`.",
    },
    "hint_assign_number": {
        "en": "on the left of `:` stands a name, on the right its value: `name: {number}`.",
        "uk": "ліворуч від `:` стоїть ім'я, праворуч його значення: `ім'я: {number}`.",
    },
    "hint_assign_constant": {
        "en": "{name} is a constant; choose another name.",
        "uk": "{name} є сталою; оберіть інше ім'я.",
    },
    "hint_operator": {
        "en": "`{found}` is not Maxima's; write {use}.",
        "uk": "`{found}` у Maxima не так; пишіть {use}.",
    },
    "hint_equality": {
        "en": "`==` is not Maxima's; write `=` in an equation, `a: 5` to assign, `is(a = b)` to compare.",
        "uk": "`==` у Maxima не так; у рівнянні пишіть `=`, щоб надати значення `a: 5`, щоб порівняти `is(a = b)`.",
    },
    "hint_valued": {
        "en": "{name} has the value `{value}`, so it cannot be the variable here; to take it away: `kill({name})$`.",
        "uk": "{name} має значення `{value}`, тому тут не може бути змінною; щоб прибрати значення: `kill({name})$`.",
    },
    "hint_character": {
        "en": "the character `{found}` is none of Maxima's; write {use}.",
        "uk": "символу `{found}` Maxima не розуміє; пишіть {use}.",
    },
    "hint_lookalike": {
        "en": "in `{name}` there are Cyrillic letters among the Latin ones ({letters}); write it in one alphabet.",
        "uk": "у `{name}` кириличні літери змішано з латинськими ({letters}); пишіть однією абеткою.",
    },
    "hint_two_alphabets": {
        "en": "`{name}` is here once Latin and once Cyrillic: for Maxima two different names.",
        "uk": "`{name}` тут раз латинкою, а раз кирилицею: для Maxima це два різні імені.",
    },
    "hint_for": {
        "en": "a loop is written `for k: 1 thru 10 do …`.",
        "uk": "цикл записують так: `for k: 1 thru 10 do …`.",
    },
    "hint_do": {
        "en": "before the command that a loop repeats stands `do`: `{loop} … do …`.",
        "uk": "перед командою, яку цикл повторює, пишуть `do`: `{loop} … do …`.",
    },
    "hint_braces": {
        "en": "commands are grouped by round brackets, with commas between: `(a: 1, b: 2)`; an if has a `then`.",
        "uk": "команди об'єднують круглими дужками через кому: `(a: 1, b: 2)`; після умови if пишуть `then`.",
    },
    "hint_else": {
        "en": "no `;` before else: `if … then … else …;` is one command.",
        "uk": "перед else не ставлять `;`: `if … then … else …;` є однією командою.",
    },
    "hint_then": {
        "en": "a condition is written `if … then … else …`.",
        "uk": "умову записують так: `if … then … else …`.",
    },
    "hint_empty": {
        "en": "there is a `;` or `$` without a command before it.",
        "uk": "тут `;` або `$` без команди перед ним.",
    },
    "hint_unfinished": {
        "en": "something is missing behind the last sign.",
        "uk": "після останнього знака чогось бракує.",
    },
    "hint_division": {
        "en": "something is divided by zero.",
        "uk": "десь є ділення на нуль.",
    },
    "hint_singular": {
        "en": "the matrix has no inverse: its determinant is 0 (`determinant(…)` shows it).",
        "uk": "матриця не має оберненої: її визначник дорівнює 0 (це покаже `determinant(…)`).",
    },
    "hint_unknown": {
        "en": "say for which unknown: `solve(…, x)`.",
        "uk": "вкажіть, відносно якої змінної: `solve(…, x)`.",
    },
    "hint_valueless": {
        "en": "{name} has no value here and no range: give it a value before, `{name}: 1$`, or have a range for"
        " {name}.",
        "uk": "{name} тут не має ні значення, ні проміжку: спершу надайте значення, `{name}: 1$`, або задайте проміжок"
        " для {name}.",
    },
    "hint_help": {
        "en": "`? {name}` shows the manual's page, `?? {name}` lists the pages with that in their names.",
        "uk": "`? {name}` показує сторінку посібника, `?? {name}` перелічує сторінки, у назвах яких це є.",
    },
    "hint_range": {
        "en": "a range is a list: `plot2d(sin(x), [x, 0, 6])`.",
        "uk": "проміжок записують списком: `plot2d(sin(x), [x, 0, 6])`.",
    },
}
