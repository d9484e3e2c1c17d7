"""Read an iCalendar file into lessons: dated meetings of a group in a course.

Which lesson is whose stands in each VEVENT, either as two properties of our own,

    X-MAXIMALAB-COURSE:operations-research
    X-MAXIMALAB-GROUP:OR-1

or, for programs that cannot write those, as two categories:

    CATEGORIES:course:operations-research,group:OR-1

An event with neither is somebody's other appointment and is left out, unless the reader says whose such events are;
one with half of it is an error. An event of whole days is a holiday if one of its categories is `holiday`.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, TypeAlias

import recurring_ical_events  # type: ignore[import-untyped]
from icalendar import Calendar, IncompleteComponent, InvalidCalendar, vBroken

from maximalab_hub.timetable.lesson import (
    LONGEST_LESSON,
    LONGEST_NAME,
    MOST_BYTES,
    MOST_LESSONS,
    Holiday,
    Lesson,
    TimetableError,
    Trouble,
    plain_name,
    plain_note,
)
from maximalab_hub.timetable.repetition import check_number, rules_of
from maximalab_hub.timetable.seeking import MOST_STEPS, steps_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from maximalab_hub.timetable.repetition import Entry

Owner: TypeAlias = tuple[str, str]
"""A course and a group."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """What a file held."""

    lessons: tuple[Lesson, ...]
    all_day: int = 0
    """Events of whole days: markers, never lessons."""
    others: int = 0
    """Events that name neither course nor group."""
    holidays: tuple[Holiday, ...] = ()

    @property
    def courses(self) -> frozenset[str]:
        """Ids of the courses that this timetable speaks about."""
        return frozenset(lesson.course for lesson in self.lessons)


def read_timetable(
    content: bytes, *, since: datetime, until: datetime, zone: tzinfo = UTC, unnamed: Owner | None = None
) -> Timetable:
    """Read the calendar's lessons between two aware moments.

    Repeated lessons keep their wall-clock time over a change to summer time. A cancelled lesson is kept, marked; a
    moved one knows where it was planned. `zone` is where holidays begin and end, `unnamed` whose events are that
    name neither course nor group.

    Raises `TimetableError` for what is no calendar, has a time without a zone, repeats more often than a day's
    lessons do, lasts longer than `LONGEST_LESSON`, or names only one of course and group.
    """
    calendar = _parse(content)
    events = calendar.walk("VEVENT")
    for event in events:
        _check(event, unnamed)
    _check_search(events, until)
    check_number(events, since, until)
    found: dict[tuple[datetime, datetime, str, str], Lesson] = {}
    holidays: set[Holiday] = set()
    all_day = others = 0
    for occurrence in _occurrences(calendar, since, until):
        if not isinstance(occurrence["DTSTART"].dt, datetime):
            if _is_holiday(occurrence):
                holidays.add(_holiday(occurrence, zone))
            else:
                all_day += 1
        elif (owner := _owner(occurrence) or unnamed) is None:
            others += 1
        else:
            _keep(found, _lesson(occurrence, *owner))
    return Timetable(tuple(sorted(found.values())), all_day, others, tuple(sorted(holidays)))


def _parse(content: bytes) -> Calendar:
    if len(content) > MOST_BYTES:
        msg = f"the file has {len(content)} bytes, at most {MOST_BYTES} are read: split it by course"
        raise TimetableError(msg, Trouble.TOO_BIG)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The library would put a mark for each letter, and groups whose names differ would become one.
        msg = f"this calendar is not in UTF-8 ({str(error)[:100]}): export it in UTF-8"
        raise TimetableError(msg, Trouble.NO_UTF8) from error
    try:
        calendar = Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError) as error:
        msg = f"this is no iCalendar file (.ics): {str(error)[:200]}"
        raise TimetableError(msg, Trouble.NO_CALENDAR) from error
    if not isinstance(calendar, Calendar) or calendar.name != "VCALENDAR":
        msg = "this is no iCalendar file (.ics): it does not begin with BEGIN:VCALENDAR"
        raise TimetableError(msg, Trouble.NO_CALENDAR)
    return calendar


def _occurrences(calendar: Calendar, since: datetime, until: datetime) -> list[Entry]:
    try:
        return list(recurring_ical_events.of(calendar).between(since, until))
    except (ValueError, IndexError, InvalidCalendar) as error:
        msg = f"a repetition in this calendar cannot be read: {str(error)[:200]}"
        raise TimetableError(msg, Trouble.NO_RULE) from error


def _check(event: Entry, unnamed: Owner | None) -> None:
    name = _name(event)
    if "DTSTART" not in event:
        msg = f"{name}: DTSTART is missing; give it a date, a time and a time zone"
        raise TimetableError(msg, Trouble.NO_START, _where(event))
    for field in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        _check_moment(event, field)
    if not _is_holiday(event) and (_owner(event) or unnamed) and isinstance(event["DTSTART"].dt, datetime):
        _check_length(event)
    for field in ("EXDATE", "RDATE"):
        dates = event.get(field, [])
        if any(isinstance(one, vBroken) for one in (dates if isinstance(dates, list) else [dates])):
            msg = f"{name}: {field} holds what is no date"
            raise TimetableError(msg, Trouble.NO_RULE, _where(event))
    _check_rules(event)


def _check_rules(event: Entry) -> None:
    with _named(event):
        list(rules_of(event))


def _check_search(events: Sequence[Entry], until: datetime) -> None:
    """Refuse what would be looked for too long, before anybody looks."""
    left = MOST_STEPS
    for event in events:
        with _named(event):
            left -= steps_of(event, until, left)
            if left < 0:
                msg = f"to go through the repetitions takes more than {MOST_STEPS} steps: split the file"
                raise TimetableError(msg, Trouble.TOO_MANY)


@contextmanager
def _named(event: Entry) -> Iterator[None]:
    """Have an error of the event's rules say which event it is."""
    try:
        yield
    except TimetableError as error:
        where = ", ".join(filter(None, (_where(event), error.where)))
        raise TimetableError(f"{_name(event)}: {error}", error.trouble, where) from error


def _check_moment(event: Entry, field: str) -> None:
    name, given = _name(event), event.get(field)
    moment = None if isinstance(given, vBroken) else getattr(given, "dt", None)
    if given is not None and not isinstance(
        moment, date
    ):  # broken, given twice, a period, or a time of any day
        msg = f"{name}: {field} is no date and no time; write it once, as 20260907T083000"
        raise TimetableError(msg, Trouble.NO_TIME, _where(event))
    if isinstance(moment, datetime) and moment.tzinfo is None:
        msg = (
            f"{name}: {field} has no time zone, so its moment is unknown; "
            "export the calendar with TZID, for example DTSTART;TZID=Europe/Kyiv"
        )
        raise TimetableError(msg, Trouble.NO_ZONE, _where(event))


def _check_length(event: Entry) -> None:
    """Refuse an impossible length, whether DTEND or DURATION gives it."""
    name = _name(event)
    try:
        length = event.end - event.start
    except (InvalidCalendar, IncompleteComponent, TypeError) as error:
        msg = f"{name}: its end does not fit its start ({str(error)[:120]})"
        raise TimetableError(msg, Trouble.LENGTH, _where(event)) from error
    if not timedelta(0) < length <= LONGEST_LESSON:
        msg = f"{name}: lasts {length}; a lesson ends after it starts and within 12 hours"
        raise TimetableError(msg, Trouble.LENGTH, _where(event))


def _lesson(occurrence: Entry, course: str, group: str) -> Lesson:
    starts_at, ends_at = occurrence.start.astimezone(UTC), occurrence.end.astimezone(UTC)
    cancelled = str(occurrence.get("STATUS", "")).upper() == "CANCELLED"
    planned = occurrence["RECURRENCE-ID"].dt if "RECURRENCE-ID" in occurrence else None
    moved = isinstance(planned, datetime) and planned.astimezone(UTC) != starts_at
    return Lesson(
        starts_at,
        ends_at,
        course,
        group,
        cancelled,
        series=hashlib.sha256(str(occurrence.get("UID", "")).encode()).hexdigest()[:16],
        moved_from=planned.astimezone(UTC) if moved and planned else None,
        note=plain_note(str(occurrence.get("LOCATION", ""))),
    )


def _holiday(occurrence: Entry, zone: tzinfo) -> Holiday:
    first: date = occurrence["DTSTART"].dt
    end = occurrence.end
    last = end.date() if isinstance(end, datetime) else end
    name = plain_note(str(occurrence.get("SUMMARY", "")))
    starts_at, ends_at = (
        datetime.combine(day, time.min, zone).astimezone(UTC)
        for day in (first, max(last, first + timedelta(days=1)))
    )
    return Holiday(starts_at, ends_at, name or "–")


def _keep(found: dict[tuple[datetime, datetime, str, str], Lesson], lesson: Lesson) -> None:
    """Of two entries for the same meeting the one that takes place counts."""
    if len(found) >= MOST_LESSONS:
        raise TimetableError(f"more than {MOST_LESSONS} lessons: split the file by course", Trouble.TOO_MANY)
    key = (lesson.starts_at, lesson.ends_at, lesson.course, lesson.group)
    if key not in found or found[key].cancelled:
        found[key] = lesson


def _owner(event: Entry) -> Owner | None:
    named = dict(_categories(event))
    course = plain_name(str(event.get("X-MAXIMALAB-COURSE", named.get("course", ""))))
    group = plain_name(str(event.get("X-MAXIMALAB-GROUP", named.get("group", ""))))
    if bool(course) != bool(group):
        missing = "X-MAXIMALAB-GROUP" if course else "X-MAXIMALAB-COURSE"
        msg = f"{_name(event)}: {missing} is missing; a lesson names its course and its group"
        raise TimetableError(msg, Trouble.NO_GROUP if course else Trouble.NO_COURSE, _where(event))
    if max(len(course), len(group)) > LONGEST_NAME:
        msg = f"{_name(event)}: course and group have at most 64 characters each"
        raise TimetableError(msg, Trouble.LONG_NAME, _where(event))
    if not (course + group).isprintable():
        msg = f"{_name(event)}: its course or group has a sign that nobody sees; type it anew"
        raise TimetableError(msg, Trouble.UNSEEN, _where(event))
    return (course, group) if course else None


def _is_holiday(event: Entry) -> bool:
    whole_days = not isinstance(event["DTSTART"].dt, datetime)
    return whole_days and any(key == "holiday" for key, _ in _categories(event))


def _categories(event: Entry) -> list[tuple[str, str]]:
    raw = event.get("CATEGORIES", [])
    lists = raw if isinstance(raw, list) else [raw]
    words = [str(word) for one in lists for word in getattr(one, "cats", [one])]
    return [(key.strip().lower(), value) for key, _, value in (word.partition(":") for word in words)]


def _where(event: Entry) -> str:
    """Name an event in no language: by what its own calendar shows of it."""
    start = event.get("DTSTART")
    at = "" if isinstance(start, vBroken) else str(getattr(start, "dt", ""))[:16]
    words = (*(" ".join(str(event.get(one, "")).split())[:80] for one in ("SUMMARY", "UID")), at)
    return ", ".join(filter(None, words))


def _name(event: Entry) -> str:
    return f"event {str(event.get('UID', 'without UID'))[:80]!r} ({str(event.get('SUMMARY', ''))[:80]})"
