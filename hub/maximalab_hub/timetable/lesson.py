"""The words of the timetable: a lesson, a holiday, and why something cannot be one."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_LESSON: Final = timedelta(hours=12)
"""A longer event is taken for a mistake of typing, not for a lesson."""
LONGEST_NAME: Final = 64
"""Characters of a course and of a group: the width of both columns in the store."""
LONGEST_NOTE: Final = 200
"""Characters of a lesson's note and of a holiday's name."""
MOST_BYTES: Final = 4_000_000
MOST_LESSONS: Final = 100_000
"""Bounds of one file; a university of 2,400 weekly series has about 40,000 lessons in a term."""


class Trouble(StrEnum):
    """Why something cannot be in a timetable. Every page says it in its reader's language."""

    NO_CALENDAR = "no_calendar"
    NO_UTF8 = "no_utf8"
    """A calendar in another encoding: its names would be read as other ones."""
    NO_LESSONS = "no_lessons"
    TOO_BIG = "too_big"
    TOO_MANY = "too_many"
    NO_START = "no_start"
    NO_TIME = "no_time"
    """A value that is no date and time."""
    NO_ZONE = "no_zone"
    NO_GROUP = "no_group"
    """A lesson names a course and no group."""
    NO_COURSE = "no_course"
    LONG_NAME = "long_name"
    UNSEEN = "unseen"
    """A name with a sign that nobody sees."""
    LENGTH = "length"
    """Ends before it starts, or lasts longer than a lesson can."""
    TOO_OFTEN = "too_often"
    TOO_DENSE = "too_dense"
    """A rule that names more times of one day than a day has lessons."""
    NO_RULE = "no_rule"
    """A repetition that cannot be read."""
    NEVER = "never"
    """A repetition of days that never come."""
    NO_TABLE = "no_table"
    NOT_CLOSED = "not_closed"
    """A quotation mark opens a cell and none closes it, or a cell is endless."""
    COLUMNS = "columns"
    ROWS = "rows"
    """Cells of a table that cannot be read; `cells` names each."""
    NO_ROWS = "no_rows"
    """A table that has nothing below its headings."""
    TAKEN = "taken"
    """The group has a lesson at just that time."""
    STALE = "stale"
    """Somebody changed the timetable since the page was opened."""
    OVERTAKEN = "overtaken"
    """Somebody took the lesson away since its page was opened."""
    GONE = "gone"
    """The lesson is not there any more."""
    NO_DAYS = "no_days"
    """The last day comes before the first, or no lesson falls between them."""
    FAR = "far"
    """A day beyond a lab's lifetime, where no time zone has rules."""
    BEFORE = "before"
    """Somebody's last day in a group comes before the first."""
    NO_SUCH_TIME = "no_such_time"
    """The clocks jump over this time."""
    NOBODY = "nobody"
    NO_NAME = "no_name"
    """What cannot be an account's name."""
    BLANK = "blank"
    """A blank within an account's name: a person's name, or several accounts on one line."""
    ADDRESS = "address"
    PLAIN = "plain"
    """An address without https."""
    NO_HOST = "no_host"
    INSIDE = "inside"
    """An address that leads into the lab's own network."""
    UNREACHABLE = "unreachable"
    SLOW = "slow"
    REFUSED = "refused"
    """The other side answered with an error."""
    REDIRECTS = "redirects"


class TimetableError(ValueError):
    """What was given cannot be a timetable. The text, for a terminal, names the place and the remedy."""

    def __init__(self, said: str, trouble: Trouble, where: str = "", cells: tuple[Cell, ...] = ()) -> None:
        super().__init__(said)
        self.trouble = trouble
        self.where = where[:200]
        self.cells = cells


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table that cannot be read: where it is, what stands in it, and why."""

    line: int
    """From 1, the heading included, as spreadsheets count."""
    column: str
    value: str
    trouble: CellTrouble


class CellTrouble(StrEnum):
    """Why a cell cannot be read."""

    EMPTY = "empty"
    NO_DAY = "no_day"
    NO_CLOCK = "no_clock"
    """No time of day."""
    ENDS = "ends"
    """Not after the start, or more than twelve hours later."""
    BEFORE = "before"
    """A day before the first one."""
    NO_WEEKS = "no_weeks"
    NO_ANSWER = "no_answer"
    """Neither yes nor no."""
    TOO_LONG = "too_long"
    NO_ACCOUNT = "no_account"
    TWICE = "twice"
    """Said in another line already."""
    UNSEEN = "unseen"
    """Holds a sign that nobody sees."""
    MISSING = "missing"
    """A column that has to be there."""
    UNKNOWN = "unknown"
    """A column that is none of ours."""
    AGAIN = "again"
    """A column that is there twice."""


def plain_name(text: str) -> str:
    """Give a name as it is compared: composed letters (a Mac writes й in two signs), single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def plain_note(text: str) -> str:
    """Give a note on one line, without signs that nobody sees, at most `LONGEST_NOTE` long."""
    return "".join(sign for sign in plain_name(text) if sign.isprintable())[:LONGEST_NOTE]


@dataclass(frozen=True, slots=True, order=True)
class Lesson:
    """One dated meeting of a group. Times are aware UTC; `ends_at` itself is outside the lesson."""

    starts_at: datetime
    ends_at: datetime
    course: str
    group: str
    cancelled: bool = False
    series: str = field(default="", compare=False)
    """The same for all meetings of one repeated lesson; empty for a single one."""
    moved_from: datetime | None = field(default=None, compare=False)
    """Where it was planned first, if it was moved."""
    note: str = field(default="", compare=False)

    @property
    def lesson_id(self) -> str:
        """The same lesson has the same id at every import."""
        return _id_of(self, self.starts_at.isoformat(), self.ends_at.isoformat())


def _id_of(lesson: Lesson, starts: str, ends: str) -> str:
    words = (lesson.course, lesson.group, starts, ends)
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:32]


order_of: Final = attrgetter("starts_at", "ends_at", "course", "group", "cancelled")
"""The order of lessons as a key: to compare thousands with each other makes two keys each time."""


@dataclass(frozen=True, slots=True, order=True)
class Holiday:
    """Days on which a course has no lessons, as aware moments from `starts_at` up to, without, `ends_at`."""

    starts_at: datetime
    ends_at: datetime
    name: str

    def holds(self, lesson: Lesson) -> bool:
        """Whether the lesson would begin within it, and so does not take place."""
        return self.starts_at <= lesson.starts_at < self.ends_at


def version_of(lessons: Iterable[Lesson]) -> str:
    """Name a timetable by its content, so that a result can say by which one it was reckoned."""
    said = cache(datetime.isoformat)  # ten thousand lessons begin at some hundred moments, all of them in UTC
    words = sorted(
        f"{_id_of(one, said(one.starts_at), said(one.ends_at))}{one.cancelled:d}" for one in lessons
    )
    return hashlib.sha256("".join(words).encode()).hexdigest()[:12] if words else "none"
