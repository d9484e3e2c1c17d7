"""Read a timetable (iCalendar) into lessons: dated meetings of a group in a course.

Which lesson is whose stands in each VEVENT, either as two properties of our own,

    X-MAXIMALAB-COURSE:operations-research
    X-MAXIMALAB-GROUP:OR-1

or, for programs that cannot write those, as two categories:

    CATEGORIES:course:operations-research,group:OR-1

An event with neither is somebody's other appointment and is left out; one with half of it is an error.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import recurring_ical_events  # type: ignore[import-untyped]
from icalendar import Calendar, IncompleteComponent, InvalidCalendar, vBroken, vRecur

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_LESSON = timedelta(hours=12)
"""A longer event is taken for a mistake of typing, not for a lesson."""
LONGEST_NAME = 64
"""Characters of a course and of a group: the width of both columns in the store."""
MOST_BYTES = 4_000_000
MOST_LESSONS = 100_000
"""Bounds of one file; a university of 2,400 weekly series has about 40,000 lessons in a term."""
Entry: TypeAlias = Any
"""A VEVENT. The library types a property as any of thirty classes; `_check` makes sure of those used here."""
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})


class TimetableError(ValueError):
    """The file cannot be a timetable; the message names the event and the remedy."""


@dataclass(frozen=True, slots=True, order=True)
class Lesson:
    """One dated meeting of a group. Times are aware UTC; `ends_at` itself is outside the lesson."""

    starts_at: datetime
    ends_at: datetime
    course: str
    group: str
    cancelled: bool = False

    @property
    def lesson_id(self) -> str:
        """The same lesson has the same id at every import."""
        words = (self.course, self.group, self.starts_at.isoformat(), self.ends_at.isoformat())
        return hashlib.sha256("\n".join(words).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Timetable:
    """What a file held."""

    lessons: tuple[Lesson, ...]
    all_day: int
    """Events of whole days: holidays and markers, never lessons."""
    others: int
    """Events that name neither course nor group."""

    @property
    def courses(self) -> frozenset[str]:
        """Ids of the courses that this timetable speaks about."""
        return frozenset(lesson.course for lesson in self.lessons)


def read_timetable(content: bytes, *, since: datetime, until: datetime) -> Timetable:
    """Read the calendar's lessons between two aware moments.

    Repeated lessons keep their wall-clock time over a change to summer time. A cancelled lesson is kept,
    marked.

    Raises `TimetableError` for what is no calendar, has a time without a zone, repeats more often than daily,
    lasts longer than `LONGEST_LESSON`, or names only one of course and group.
    """
    calendar = _parse(content)
    for event in calendar.walk("VEVENT"):
        _check(event)
    found: dict[tuple[datetime, datetime, str, str], Lesson] = {}
    all_day = others = 0
    for occurrence in _occurrences(calendar, since, until):
        if not isinstance(occurrence["DTSTART"].dt, datetime):
            all_day += 1
        elif (owner := _owner(occurrence)) is None:
            others += 1
        else:
            _keep(found, _lesson(occurrence, *owner))
    return Timetable(tuple(sorted(found.values())), all_day, others)


def version_of(lessons: Iterable[Lesson]) -> str:
    """Name a timetable by its content, so that a result can say by which one it was reckoned."""
    words = sorted(f"{lesson.lesson_id}{lesson.cancelled:d}" for lesson in lessons)
    return hashlib.sha256("".join(words).encode()).hexdigest()[:12] if words else "none"


def _parse(content: bytes) -> Calendar:
    if len(content) > MOST_BYTES:
        msg = f"the file has {len(content)} bytes, at most {MOST_BYTES} are read: split it by course"
        raise TimetableError(msg)
    try:
        calendar = Calendar.from_ical(content)
    except (ValueError, KeyError, IndexError) as error:
        msg = f"this is no iCalendar file (.ics): {str(error)[:200]}"
        raise TimetableError(msg) from error
    if not isinstance(calendar, Calendar) or calendar.name != "VCALENDAR":
        msg = "this is no iCalendar file (.ics): it does not begin with BEGIN:VCALENDAR"
        raise TimetableError(msg)
    return calendar


def _occurrences(calendar: Calendar, since: datetime, until: datetime) -> list[Entry]:
    try:
        return list(recurring_ical_events.of(calendar).between(since, until))
    except (ValueError, InvalidCalendar) as error:
        msg = f"a repetition in this calendar cannot be read: {str(error)[:200]}"
        raise TimetableError(msg) from error


def _check(event: Entry) -> None:
    if "DTSTART" not in event:
        msg = f"{_name(event)}: DTSTART is missing; give it a date, a time and a time zone"
        raise TimetableError(msg)
    for field in ("DTSTART", "DTEND"):
        if isinstance(event.get(field), vBroken):
            msg_0 = f"{_name(event)}: {field} is no date and no time; write it as 20260907T083000"
            raise TimetableError(msg_0)
        moment = event[field].dt if field in event else None
        if isinstance(moment, datetime) and moment.tzinfo is None:
            msg = (
                f"{_name(event)}: {field} has no time zone, so its moment is unknown; "
                "export the calendar with TZID, for example DTSTART;TZID=Europe/Kyiv"
            )
            raise TimetableError(msg)
    if _owner(event) and isinstance(event["DTSTART"].dt, datetime):
        _check_length(event)
    for rule in _rules(event):
        if _TOO_OFTEN & {str(word).upper() for word in rule.get("FREQ", [])}:
            msg = f"{_name(event)}: RRULE repeats within the day; a lesson repeats daily at most"
            raise TimetableError(msg)


def _rules(event: Entry) -> Iterator[Any]:
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if not isinstance(rule, vRecur):
            msg = f"{_name(event)}: RRULE cannot be read; write it as FREQ=WEEKLY;COUNT=15"
            raise TimetableError(msg)
        yield rule


def _check_length(event: Entry) -> None:
    """Refuse an impossible length, whether DTEND or DURATION gives it."""
    try:
        length = event.end - event.start
    except (InvalidCalendar, IncompleteComponent, TypeError) as error:
        msg = f"{_name(event)}: its end does not fit its start ({str(error)[:120]})"
        raise TimetableError(msg) from error
    if not timedelta(0) < length <= LONGEST_LESSON:
        msg = f"{_name(event)}: lasts {length}; a lesson ends after it starts and within 12 hours"
        raise TimetableError(msg)


def _lesson(occurrence: Entry, course: str, group: str) -> Lesson:
    starts_at, ends_at = occurrence.start.astimezone(UTC), occurrence.end.astimezone(UTC)
    cancelled = str(occurrence.get("STATUS", "")).upper() == "CANCELLED"
    return Lesson(starts_at, ends_at, course, group, cancelled)


def _keep(found: dict[tuple[datetime, datetime, str, str], Lesson], lesson: Lesson) -> None:
    """Of two entries for the same meeting the one that takes place counts."""
    if len(found) >= MOST_LESSONS:
        msg = f"more than {MOST_LESSONS} lessons: split the file by course"
        raise TimetableError(msg)
    key = (lesson.starts_at, lesson.ends_at, lesson.course, lesson.group)
    if key not in found or found[key].cancelled:
        found[key] = lesson


def _owner(event: Entry) -> tuple[str, str] | None:
    named = _categories(event)
    course = str(event.get("X-MAXIMALAB-COURSE", named.get("course", ""))).strip()
    group = str(event.get("X-MAXIMALAB-GROUP", named.get("group", ""))).strip()
    if bool(course) != bool(group):
        missing = "X-MAXIMALAB-GROUP" if course else "X-MAXIMALAB-COURSE"
        msg = f"{_name(event)}: {missing} is missing; a lesson names its course and its group"
        raise TimetableError(msg)
    if max(len(course), len(group)) > LONGEST_NAME:
        msg = f"{_name(event)}: course and group have at most 64 characters each"
        raise TimetableError(msg)
    return (course, group) if course else None


def _categories(event: Entry) -> dict[str, str]:
    raw = event.get("CATEGORIES", [])
    lists = raw if isinstance(raw, list) else [raw]
    words = [str(word) for one in lists for word in getattr(one, "cats", [one])]
    return {key.strip().lower(): value for key, _, value in (word.partition(":") for word in words) if value}


def _name(event: Entry) -> str:
    return f"event {str(event.get('UID', 'without UID'))[:80]!r} ({str(event.get('SUMMARY', ''))[:80]})"
