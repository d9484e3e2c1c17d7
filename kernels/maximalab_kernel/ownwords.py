"""What the kernel's own functions in Maxima refuse (lisp/sliders.lisp and others), in the reader's language: pure."""

from __future__ import annotations

import re

OWN_WORDS: dict[str, dict[str, str]] = {
    "interact_parameter": {
        "en": "interact: a parameter looks like [n, 1, 10] or [n, [a, b, c]]; found: {found}",
        "uk": "interact: параметр має вигляд [n, 1, 10] або [n, [a, b, c]], а тут {found}",
    },
    "interact_number": {
        "en": "interact: {found} is no number, but a slider goes from number to number",
        "uk": "interact: {found} не є числом, а повзунок іде від числа до числа",
    },
    "interact_order": {
        "en": "interact: {low} does not lie below {high}",
        "uk": "interact: {low} не менше за {high}",
    },
    "interact_choice": {
        "en": "interact: {found} has nothing to choose from",
        "uk": "interact: для {found} немає з чого вибирати",
    },
    "interact_usage": {
        "en": "interact: an expression and its parameters are wanted: interact(n^2, [n, 1, 10])",
        "uk": "interact: потрібні вираз і його параметри: interact(n^2, [n, 1, 10])",
    },
    "interact_gone": {
        "en": "interact: this Maxima does not know the expression any more; run the cell again",
        "uk": "interact: ця Maxima вже не знає цього виразу; виконайте комірку ще раз",
    },
    "animation_usage": {
        "en": "{name}: a parameter and a list of its values are wanted: {use}",
        "uk": "{name}: потрібні параметр і список його значень: {use}",
    },
    "plotdf_option": {
        "en": "plotdf: the option {found} is not known in a notebook; drawdf has more",
        "uk": "plotdf: параметра {found} у зошиті немає; більше їх має drawdf",
    },
    "no_terminal": {
        "en": "{what}: not in a notebook; there is no terminal to talk to",
        "uk": "{what}: у зошиті цього немає, бо немає термінала",
    },
}
REFUSALS = (
    (r"interact: a parameter looks like .*?; found: (?P<found>.+)", "interact_parameter"),
    (r"interact: (?P<found>.+) is no number, but a slider .*", "interact_number"),
    (r"interact: (?P<low>.+) does not lie below (?P<high>.+)", "interact_order"),
    (r"interact: (?P<found>.+) has nothing to choose from", "interact_choice"),
    (r"interact: an expression and its parameters .*", "interact_usage"),
    (r"interact: this Maxima does not know .*", "interact_gone"),
    (r"(?P<name>\w+): a parameter and a list of its values are wanted: (?P<use>.+)", "animation_usage"),
    (r"plotdf: the option (?P<found>.+) is not known in a notebook; .*", "plotdf_option"),
    (r"(?P<what>[\w ]+): not in a notebook; there is .*", "no_terminal"),
)
"""The messages of the Lisp files, and which of our sentences each is."""


def refusal(message: str) -> tuple[str, dict[str, str]] | None:
    """The sentence that Lisp's `message` is, and what stands in it; `None` for a message that is not ours."""
    for pattern, key in REFUSALS:
        match = re.fullmatch(pattern, message.strip(), re.DOTALL)
        if match:
            return key, {name: " ".join(value.split()) for name, value in match.groupdict().items()}
    return None
