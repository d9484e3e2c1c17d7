"""From which day to which day: checked once, for pages and for commands alike. Pure."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

YEARS: Final = range(2000, 2201)
"""A lab's lifetime. Beyond it time zones have no rules, and the ends of the calendar cannot be reckoned with."""


class PeriodError(ValueError):
    """A period whose last day comes before its first, so that every figure of it would be nought."""

    def __init__(self, since: date, until: date, names: tuple[str, str]) -> None:
        super().__init__(
            f"{names[1]} {until} comes before {names[0]} {since}, so that no day lies between them:"
            " change one of the two"
        )
        self.since = since
        self.until = until


def check_period(
    since: date | None, until: date | None, names: tuple[str, str] = ("--since", "--until")
) -> None:
    """Raise `PeriodError`, which calls the two days by these names, where `until`, the last day, is before `since`."""
    first, last = (one.date() if isinstance(one, datetime) else one for one in (since, until))
    if first and last and last < first:
        raise PeriodError(first, last, names)
