"""Read lessons and groups from tables (CSV): every cell that cannot be read is named by line and column. Pure.

Lessons have the columns `group`, `date`, `begins`, `ends`, and if wanted `last_date` (then the lesson repeats weekly
up to it), `every_weeks`, `cancelled`, `note`. Groups have `name`, `group`, `from`, and if wanted `until` (the last
day). The heads may be Ukrainian. Between cells are commas, semicolons or tabs; days are written 2026-09-07 or
07.09.2026, times 8:30.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from maximalab_hub.period import YEARS
from maximalab_hub.timetable.edits import (
    LONGEST_ACCOUNT,
    LONGEST_SERIES,
    MOST_WEEKS,
    Hours,
    account_of,
    end_of,
    moment_of,
)
from maximalab_hub.timetable.lesson import (
    LONGEST_NAME,
    LONGEST_NOTE,
    MOST_BYTES,
    MOST_LESSONS,
    Cell,
    CellTrouble,
    Lesson,
    TimetableError,
    Trouble,
    plain_name,
    plain_note,
)
from maximalab_hub.timetable.state import Enrolled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

LESSON_HEADS: Final[Mapping[str, str]] = {
    "group": "group", "група": "group",
    "date": "date", "дата": "date",
    "begins": "begins", "початок": "begins",
    "ends": "ends", "кінець": "ends",
    "last_date": "last_date", "остання дата": "last_date",
    "every_weeks": "every_weeks", "раз на тижнів": "every_weeks",
    "cancelled": "cancelled", "скасовано": "cancelled",
    "note": "note", "примітка": "note",
}  # fmt: skip
PEOPLE_HEADS: Final[Mapping[str, str]] = {
    "name": "name", "ім'я": "name", "обліковий запис": "name",
    "group": "group", "група": "group",
    "from": "from", "з": "from",
    "until": "until", "до": "until",
}  # fmt: skip
MOST_FAULTS: Final = 50
"""How many cells are named; whoever mends so many sees the rest at the next try."""
MOST_ROWS: Final = 20_000
_YES: Final = {"yes": True, "так": True, "1": True, "no": False, "ні": False, "0": False, "": False}
_CLOCK: Final = re.compile(r"(\d{1,2})[:.](\d{2})(?::00)?")
_DAY: Final = (re.compile(r"(\d{4})-(\d{2})-(\d{2})"), re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})"))


@dataclass(slots=True)
class _Row:
    """One line of a table, whose cells are read one by one; what cannot be read is remembered."""

    line: int
    cells: Mapping[str, str]
    heads: Mapping[str, str]
    """How the file itself calls each column."""
    faults: list[Cell] = field(default_factory=list)

    def wrong(self, column: str, trouble: CellTrouble) -> None:
        value = self.cells.get(column, "")[:80]
        self.faults.append(Cell(self.line, self.heads.get(column, column), value, trouble))

    def text(self, column: str, longest: int, *, needed: bool = False) -> str:
        value = self.cells.get(column, "")
        if needed and not value:
            self.wrong(column, CellTrouble.EMPTY)
        elif len(value) > longest:
            self.wrong(column, CellTrouble.TOO_LONG)
        return value

    def name(self, column: str) -> str:
        value = plain_name(self.text(column, LONGEST_NAME, needed=True))
        if not value.isprintable():
            self.wrong(column, CellTrouble.UNSEEN)
        return value

    def day(self, column: str, *, needed: bool = True) -> date | None:
        value = self.cells.get(column, "")
        if not value:
            if needed:
                self.wrong(column, CellTrouble.EMPTY)
            return None
        found = _day(value)
        if found is None:
            self.wrong(column, CellTrouble.NO_DAY)
        return found

    def clock(self, column: str) -> time | None:
        value = self.cells.get(column, "")
        if not value:
            self.wrong(column, CellTrouble.EMPTY)
            return None
        match = _CLOCK.fullmatch(value)
        hours, minutes = map(int, match.groups()) if match else (24, 0)
        if hours > 23 or minutes > 59:  # noqa: PLR2004  a day's last hour, an hour's last minute
            self.wrong(column, CellTrouble.NO_CLOCK)
            return None
        return time(hours, minutes)

    def weeks(self, column: str) -> int:
        value = self.cells.get(column, "") or "1"
        if not (value.isascii() and value.isdigit() and 1 <= int(value[:4]) <= MOST_WEEKS):
            self.wrong(column, CellTrouble.NO_WEEKS)
            return 1
        return int(value)

    def answer(self, column: str) -> bool:
        value = self.cells.get(column, "").lower()
        if value not in _YES:
            self.wrong(column, CellTrouble.NO_ANSWER)
        return _YES.get(value, False)


def read_lessons(content: bytes, course: str, zone: ZoneInfo) -> tuple[Lesson, ...]:
    """Read a table of lessons. Raises `TimetableError`, whose `cells` name everything that cannot be read."""
    found: dict[str, Lesson] = {}
    faults: list[Cell] = []
    for row in _rows(content, LESSON_HEADS, {"group", "date", "begins", "ends"}):
        for lesson in _lessons(row, course, zone):
            if lesson.lesson_id in found:
                row.wrong("date", CellTrouble.TWICE)
                break
            found[lesson.lesson_id] = lesson
        faults += row.faults
        if len(faults) >= MOST_FAULTS:
            break
        if len(found) > MOST_LESSONS:
            raise TimetableError(f"more than {MOST_LESSONS} lessons", Trouble.TOO_MANY)
    _refuse(faults)
    if not found:
        raise TimetableError("the table has no line below its headings", Trouble.NO_ROWS)
    return tuple(sorted(found.values()))


def read_people(content: bytes, zone: ZoneInfo) -> tuple[Enrolled, ...]:
    """Read a table of people and groups. Raises `TimetableError` as `read_lessons` does."""
    found: dict[tuple[str, str, datetime], Enrolled] = {}
    faults: list[Cell] = []
    for row in _rows(content, PEOPLE_HEADS, {"name", "group", "from"}):
        one = _person(row, zone)
        if one is not None and (one.user, one.group, one.since) in found:
            row.wrong("name", CellTrouble.TWICE)
        elif one is not None:
            found[one.user, one.group, one.since] = one
        faults += row.faults
        if len(faults) >= MOST_FAULTS:
            break
    _refuse(faults)
    if not found:
        raise TimetableError("the table has no line below its headings", Trouble.NO_ROWS)
    return tuple(found.values())


def _lessons(row: _Row, course: str, zone: ZoneInfo) -> Iterator[Lesson]:
    group = row.name("group")
    day, begins, ends = row.day("date"), row.clock("begins"), row.clock("ends")
    last, every = row.day("last_date", needed=False), row.weeks("every_weeks")
    cancelled, note = row.answer("cancelled"), plain_note(row.text("note", LONGEST_NOTE))
    if day and last and not day <= last <= day + LONGEST_SERIES:
        row.wrong("last_date", CellTrouble.BEFORE)
    if row.faults or day is None or begins is None or ends is None:
        return
    words = "\n".join((course, group, str(day), str(begins), str(last), str(every)))
    series = hashlib.sha256(words.encode()).hexdigest()[:16] if last else ""
    last = last or day
    while day <= last:
        try:
            spans = Hours(day, begins, ends).spans(zone)
        except TimetableError:
            row.wrong("ends", CellTrouble.ENDS)
            return
        yield Lesson(*spans, course, group, cancelled, series=series, note=note)
        day += timedelta(weeks=every)


def _person(row: _Row, zone: ZoneInfo) -> Enrolled | None:
    name, group = account_of(row.text("name", LONGEST_ACCOUNT, needed=True)), row.name("group")
    if any(sign.isspace() or not sign.isprintable() for sign in name):
        row.wrong("name", CellTrouble.NO_ACCOUNT)
    first, last = row.day("from"), row.day("until", needed=False)
    if first and last and last < first:
        row.wrong("until", CellTrouble.BEFORE)
    if row.faults or first is None:
        return None
    until = end_of(last, zone) if last else None
    return Enrolled(name, group, moment_of(first, time.min, zone), until)


def _rows(content: bytes, heads: Mapping[str, str], needed: set[str]) -> Iterator[_Row]:
    lines = _table(content)
    if not lines:
        raise TimetableError("the table is empty", Trouble.NO_ROWS)
    written = [cell.strip() for cell in lines[0]]
    named = [heads.get(cell.lower().replace("’", "'"), "") for cell in written]
    _check_columns(written, named, needed)
    own = {name: cell for cell, name in zip(written, named, strict=True) if name}
    if len(lines) > MOST_ROWS:
        raise TimetableError(f"more than {MOST_ROWS} lines: split the table", Trouble.TOO_MANY)
    for place, cells in enumerate(lines[1:], 2):
        if any(cell.strip() for cell in cells):
            yield _Row(
                place, {name: cell.strip() for name, cell in zip(named, cells, strict=False) if name}, own
            )


def _check_columns(written: Sequence[str], named: Sequence[str], needed: set[str]) -> None:
    both = list(zip(written, named, strict=True))
    faults = [Cell(1, name, "", CellTrouble.MISSING) for name in sorted(needed - set(named))]
    faults += [Cell(1, cell[:80], "", CellTrouble.UNKNOWN) for cell, name in both if cell and not name]
    again = {cell: name for cell, name in both if name and named.count(name) > 1}
    faults += [Cell(1, cell, "", CellTrouble.AGAIN) for cell in again]
    if faults:
        said = ", ".join(f"{one.column!r} is {one.trouble}" for one in faults[:MOST_FAULTS])
        raise TimetableError(
            f"line 1, the columns: {said}", Trouble.COLUMNS, cells=tuple(faults[:MOST_FAULTS])
        )


def heading(column: str, language: str) -> str:
    """Give a column's heading in a language that tables may have."""
    ours = [head for heads in (LESSON_HEADS, PEOPLE_HEADS) for head, name in heads.items() if name == column]
    return next((head for head in ours if head.isascii() == (language == "en")), column)


def _table(content: bytes) -> Sequence[Sequence[str]]:
    if len(content) > MOST_BYTES:
        raise TimetableError(f"the file has more than {MOST_BYTES} bytes", Trouble.TOO_BIG)
    try:
        text = content.decode("utf-8-sig")
        first = text.partition("\n")[0]
    except UnicodeDecodeError as error:
        said = "this is no table in UTF-8: save it as “CSV UTF-8”"
        raise TimetableError(f"{said} ({str(error)[:100]})", Trouble.NO_TABLE) from error
    mark = max(",;\t", key=first.count)
    rows: list[list[str]] = []
    try:
        rows += csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    except csv.Error as error:
        said = f"line {len(rows) + 1}: a cell does not end ({str(error)[:100]}); look at its quotation marks"
        raise TimetableError(said, Trouble.NOT_CLOSED, str(len(rows) + 1)) from error
    return rows


def _day(text: str) -> date | None:
    iso, ours = (shape.fullmatch(text) for shape in _DAY)
    parts = iso.groups() if iso else ours.groups()[::-1] if ours else None
    if parts is None:
        return None
    year, month, day = map(int, parts)
    try:
        return date(year, month, day) if year in YEARS else None
    except ValueError:
        return None


def _refuse(faults: Sequence[Cell]) -> None:
    if faults:
        said = "; ".join(f"line {one.line}, {one.column} {one.value!r}: {one.trouble}" for one in faults)
        raise TimetableError(said, Trouble.ROWS, cells=tuple(faults[:MOST_FAULTS]))
