"""Which English words a Ukrainian hint holds that are none of Maxima's."""

from __future__ import annotations

import re

from maximalab_kernel.foreign_names import CALLED, FAMILIAR, FOREIGN

LATIN = re.compile(r"[A-Za-z]{2,}")
MAXIMAS = frozenset({
    "Maxima", "if", "else", "then", "solve", "find", "root", "allroots", "del", "quad", "qags", "subst", "numer",
    "inf", "exp", "pi", "true",
})  # fmt: skip
"""What Ukrainian hints name outside backquotes beside the functions of the tables."""


def english(hint: str, code: str = "") -> set[str]:
    """English words outside backquotes that neither `code` nor Maxima has."""
    tables = {word for use in (*FOREIGN.values(), *CALLED, *FAMILIAR) for word in LATIN.findall(use)}
    return set(LATIN.findall(re.sub(r"`[^`]*`", "", hint))) - MAXIMAS - tables - set(LATIN.findall(code))
