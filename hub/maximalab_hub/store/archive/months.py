"""Months of the calendar in UTC: which one a moment lies in, and which ones are closed. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_WRITTEN: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month in UTC; `Month(2026, 3) < Month(2026, 11)`."""

    year: int
    number: int

    def __str__(self) -> str:
        """Write it as 2026-03."""
        return f"{self.year:04}-{self.number:02}"

    @property
    def start(self) -> datetime:
        """Its first moment, in UTC."""
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it, in UTC."""
        return self.later(1).start

    def later(self, months: int) -> Month:
        """Give the month so many months later, or earlier where the number is negative."""
        place = self.year * 12 + self.number - 1 + months
        return Month(place // 12, place % 12 + 1)


def month_of(at: datetime) -> Month:
    """Say in which month an aware moment lies."""
    utc = at.astimezone(UTC)
    return Month(utc.year, utc.month)


def month_from(text: str) -> Month:
    """Read a month written as 2026-03. Raises `ValueError` for anything else."""
    found = _WRITTEN.fullmatch(text)
    if found is None or found[1] == "0000":
        raise ValueError(f"{text!r} is no month; write it as 2026-03")
    return Month(int(found[1]), int(found[2]))


def last_closed(now: datetime, keep: int) -> Month:
    """Give the newest month that ended at least `keep` months ago; 0 gives the newest that has ended."""
    return month_of(now).later(-1 - keep)
