"""Names of functions that are almost Maxima's: misspelt, cut short, in capitals, in the other keyboard layout."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maximalab_kernel.foreign_names import FAMILIAR, LATIN_KEYS
from maximalab_kernel.hints import NAME, Hint

if TYPE_CHECKING:
    from collections.abc import Collection

SHORTEST_MISSPELT = 5
"""Shorter names are taken for formal functions: `cost(q)` is no misspelt `cosh`."""
SHORTEST_CUT = 4
"""So many letters of a familiar name are enough, where the arguments are no formal function's."""
LONG = 7
"""From so many letters on two of them may be wrong."""
FORMAL = re.compile(rf"\s*(?:{NAME}(?:\s*,\s*{NAME})*)?\s*\)")
"""The arguments of a function that nobody need define: `profit(x, y)`."""
ORDINARY = frozenset({"transport", "profits", "costs", "prices", "values", "plans"})
"""Words that are almost spelt like functions, and are none of them."""


def formal(code: str, name: str) -> bool:
    """Whether all calls of `name` in the bare code are with names alone."""
    calls = re.finditer(rf"(?<![\w%]){re.escape(name)}\s*\(", code)
    return all(FORMAL.match(code, call.end()) for call in calls)


def may_be_misspelt(name: str) -> bool:
    """Whether `name` is long enough, or has capitals, so that it is no formal function like `f` or `psi`.

    One of Cyrillic letters may be short: it is looked at for the keyboard's layout.
    """
    return len(name) >= SHORTEST_CUT or name != name.lower() or name.translate(LATIN_KEYS) != name


def misspelt(name: str, known: Collection[str], *, alone: bool = True) -> Hint | None:
    """The known function that `name` is almost spelt like: another case or layout, cut short, one or two letters off.

    `alone` is a name without arguments, or with such as a formal function has: then less may be wrong with it.
    """
    if {name, name.rstrip("0123456789")} & (FAMILIAR | set(known)) or name.lower() in ORDINARY:
        return None
    latin = name.translate(LATIN_KEYS)
    if latin != name and latin in known and len(latin) > 2 and not name.isascii():  # noqa: PLR2004
        return Hint("hint_layout", {"name": name, "use": latin})
    if name.lower() in known and name.lower() != name:
        return Hint("hint_spelt", {"name": name, "use": name.lower()})
    near = _near(name, FAMILIAR, SHORTEST_MISSPELT if alone else SHORTEST_CUT)
    cut = (
        []
        if alone
        else sorted(other for other in FAMILIAR if len(name) >= SHORTEST_CUT and other.startswith(name))
    )
    others = list(dict.fromkeys([*near[:1], *cut])) or _near(name, known, LONG, most=1)[:1]
    if len(others) > 1:
        return Hint("hint_spelt_two", {"name": name, "use": others[0], "other": others[1]})
    return Hint("hint_spelt", {"name": name, "use": others[0]}) if others else None


def _near(name: str, known: Collection[str], shortest: int, most: int = 2) -> list[str]:
    """The names of `known` that are a letter off, or `most` letters where `name` is long; the nearest first."""
    if len(name) < shortest:
        return []
    found = [
        (distance, abs(len(other) - len(name)), other)
        for other in known
        if abs(len(other) - len(name)) <= most and len(other) >= SHORTEST_MISSPELT and other[0] == name[0]
        for distance in [edits(name, other)]
        if distance == 1 or (distance <= most and len(name) >= LONG)
    ]
    return [other for _, _, other in sorted(found)]


def edits(one: str, other: str) -> int:
    """How many letters to put in, leave out, change, or swap with their neighbour."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
