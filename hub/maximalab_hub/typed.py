"""What is wrong with what somebody typed: a reason that every page can say in its reader's language."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Fault(StrEnum):
    """Why what was typed cannot be used."""

    LINES = "lines"
    """No line, or too many."""
    TITLE = "title"
    ROWS = "rows"
    """A table of levels with fewer than two lines of people, or too many."""
    TWICE = "twice"
    """A name that two have: nobody could tell them apart."""
    CRITERION = "criterion"
    AVERAGE = "average"
    NUMBER = "number"
    WEIGHT = "weight"
    SCORES = "scores"
    """The lowest score is not below the highest."""
    LEVELS = "levels"
    COUNTS = "counts"
    WHOLE = "whole"
    """A count is no whole number."""
    NOBODY = "nobody"
    """A row without people, or a level that nobody has."""
    MANY = "many"
    """More people than are ranked one by one."""


class TypedError(ValueError):
    """What was typed cannot be used: why, and which part of it, if there is one."""

    def __init__(self, fault: Fault, part: str = "") -> None:
        super().__init__(f"{fault}: {part[:80]}")
        self.fault = fault
        self.part = part[:80]


def refuse_twice(names: Iterable[str]) -> None:
    """Raise `TypedError` for the first name that is there already; capitals make no other name."""
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise TypedError(Fault.TWICE, name)
        seen.add(name.casefold())
