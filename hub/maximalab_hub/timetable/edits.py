"""What a teacher does to a timetable by hand: a state in, a state out. Pure.

Every function raises `TimetableError` where it cannot be done.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from maximalab_hub.period import YEARS
from maximalab_hub.timetable.lesson import (
    LONGEST_LESSON,
    LONGEST_NAME,
    Holiday,
    Lesson,
    TimetableError,
    Trouble,
    plain_name,
    plain_note,
)
from maximalab_hub.timetable.state import Enrolled, State, ordered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from zoneinfo import ZoneInfo

LONGEST_SERIES: Final = timedelta(days=400)
MOST_WEEKS: Final = 4
"""A lesson repeats every week, every second … at the least every fourth."""
LONGEST_ACCOUNT: Final = 255
_BETWEEN: Final = re.compile(r"[,;\t\r\n]+")


@dataclass(frozen=True, slots=True)
class Hours:
    """When a lesson is, on the clock of the lab's time zone."""

    day: date
    begins: time
    ends: time

    def on(self, day: date) -> Hours:
        """Give the same hours on another day."""
        return replace(self, day=day)

    def spans(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Give the moments, in UTC. Raises `TimetableError`."""
        starts_at, ends_at = (moment_of(self.day, clock, zone) for clock in (self.begins, self.ends))
        if not timedelta(0) < ends_at - starts_at <= LONGEST_LESSON:
            raise TimetableError("a lesson ends after it starts and within 12 hours", Trouble.LENGTH)
        return starts_at, ends_at


def moment_of(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Give the moment at which the clock shows this; of two, the first. Raises `TimetableError` where it never does."""
    local = datetime.combine(near(day), clock, zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        where = f"{day} {clock:%H:%M}"
        raise TimetableError(
            f"{where}: the clocks are put forward over this time", Trouble.NO_SUCH_TIME, where
        )
    return moment


def near(day: date) -> date:
    """Give the day back. Raises `TimetableError` where it is beyond a lab's lifetime."""
    if day.year not in YEARS:
        raise TimetableError(f"{day}: a day lies between the years 2000 and 2200", Trouble.FAR, str(day))
    return day


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Give the moment at which a day ends. Raises `TimetableError`."""
    return moment_of(near(day) + timedelta(days=1), time.min, zone)


def group_name(typed: str) -> str:
    """Check a group's name."""
    name = plain_name(typed)
    if not name:
        raise TimetableError("a lesson names its group", Trouble.NO_GROUP)
    if len(name) > LONGEST_NAME:
        raise TimetableError("a group's name has at most 64 characters", Trouble.LONG_NAME, name)
    if not name.isprintable():
        raise TimetableError("a group's name has a sign that nobody sees", Trouble.UNSEEN)
    return name


def note_of(typed: str) -> str:
    """Keep a note short and on one line."""
    return plain_note(typed)


def add(state: State, group: str, hours: Hours, zone: ZoneInfo, note: str = "") -> tuple[State, Lesson]:
    """Add one lesson."""
    lesson = Lesson(*hours.spans(zone), state.course, group_name(group), note=note_of(note))
    return _with(state, [lesson]), lesson


def add_series(  # noqa: PLR0913, PLR0917  what a form about a series holds
    state: State,
    group: str,
    first: Hours,
    last: date,
    every: int,
    zone: ZoneInfo,
    *,
    series: str,
    note: str = "",
) -> State:
    """Add a lesson on the same day of every week, or every second …, up to and with the day `last`."""
    days = list(_days(first.day, last, every))
    name = group_name(group)
    lessons = [
        Lesson(*first.on(day).spans(zone), state.course, name, series=series, note=note_of(note))
        for day in days
    ]
    return _with(state, lessons)


def _days(first: date, last: date, every: int) -> Iterator[date]:
    if not near(first) <= last <= first + LONGEST_SERIES or not 1 <= every <= MOST_WEEKS:
        raise TimetableError(
            "the last day comes after the first, and within 400 days", Trouble.NO_DAYS, str(last)
        )
    day = first
    while day <= last:
        yield day
        day += timedelta(weeks=every)


def move(  # noqa: PLR0913, PLR0917  what a form about a lesson holds
    state: State, lesson_id: str, group: str, hours: Hours, zone: ZoneInfo, note: str = ""
) -> tuple[State, Lesson]:
    """Move a lesson, or change what is said of it; it remembers where it was planned first."""
    before = state.find(lesson_id)
    starts_at, ends_at = hours.spans(zone)
    planned = before.moved_from or before.starts_at
    after = replace(
        before,
        starts_at=starts_at,
        ends_at=ends_at,
        group=group_name(group),
        note=note_of(note),
        moved_from=None if planned == starts_at else planned,
    )
    return _with(_without(state, {lesson_id}), [after]), after


def replace_by(  # noqa: PLR0913, PLR0917  what a form about a lesson holds
    state: State, lesson_id: str, group: str, hours: Hours, zone: ZoneInfo, note: str = ""
) -> tuple[State, Lesson]:
    """Cancel a lesson and hold another in its place; both stay to be seen."""
    before = state.find(lesson_id)
    other = Lesson(*hours.spans(zone), state.course, group_name(group), note=note_of(note))
    cancelled = cancel(state, lesson_id)
    if other.lesson_id == before.lesson_id:
        raise TimetableError("the group has a lesson at just that time", Trouble.TAKEN)
    return _with(cancelled, [other]), other


def cancel(state: State, lesson_id: str, *, following: bool = False) -> State:
    """Mark a lesson as cancelled, with `following` all later ones of its series as well."""
    return _marked(state, lesson_id, cancelled=True, following=following)


def restore(state: State, lesson_id: str, *, following: bool = False) -> State:
    """Let a cancelled lesson take place after all."""
    return _marked(state, lesson_id, cancelled=False, following=following)


def remove(state: State, lesson_id: str, *, following: bool = False) -> State:
    """Take a lesson away that was never meant; what was planned and fell out is cancelled instead."""
    return _without(state, _meant(state, lesson_id, following=following))


def add_holiday(state: State, first: date, last: date, name: str, zone: ZoneInfo) -> State:
    """Add days without lessons, `last` included."""
    if not near(first) <= last <= first + LONGEST_SERIES:
        raise TimetableError("the last day comes after the first", Trouble.NO_DAYS, str(last))
    starts_at = datetime.combine(first, time.min, zone).astimezone(UTC)
    ends_at = datetime.combine(last + timedelta(days=1), time.min, zone).astimezone(UTC)
    holiday = Holiday(starts_at, ends_at, note_of(name) or "–")
    return ordered(replace(state, holidays=(*state.holidays, holiday)))


def remove_holiday(state: State, holiday: Holiday) -> State:
    """Take a holiday away; its lessons take place again."""
    return replace(state, holidays=tuple(one for one in state.holidays if one != holiday))


def enrol(state: State, people: Iterable[Enrolled]) -> State:
    """Put people into groups. Somebody who is in a group all that time, or from that moment on, stays as they are.

    An entry all of whose time a new one covers goes: of two that are open, one would stay open when the other ends.
    """
    there = defaultdict(list)
    for one in state.people:
        there[one.user, one.group].append(one)
    new = [one for one in people if not any(_has(known, one) for known in there[one.user, one.group])]
    covered = {
        known for one in new for known in there[one.user, one.group] if _covers(one, known) and known != one
    }
    rest = [one for one in state.people if one not in covered]
    return ordered(replace(state, people=(*rest, *new)))


def _covers(one: Enrolled, other: Enrolled) -> bool:
    """Say whether one entry is there all the time of another."""
    return one.since <= other.since and (
        one.until is None or (other.until is not None and other.until <= one.until)
    )


def _has(known: Enrolled, one: Enrolled) -> bool:
    """Say whether whoever is enrolled so needs no further entry for that."""
    return known.since == one.since or _covers(known, one)


def _meant_by(state: State, user: str, group: str, since: datetime | None) -> list[Enrolled]:
    mine = [one for one in state.people if (one.user, one.group) == (user, group)]
    return [one for one in mine if since in (None, one.since)]


def end(state: State, user: str, group: str, until: datetime, since: datetime | None = None) -> State:
    """Let a person be in a group no longer from `until` on; what would begin later falls away.

    Of several entries the one that began at `since`, or all. Raises `TimetableError` where all of them would.
    """
    mine = _meant_by(state, user, group, since)
    if mine and all(until <= one.since for one in mine):
        said = f"{user}: the last day comes before the first one in the group"
        raise TimetableError(said, Trouble.BEFORE, user)
    rest = [one for one in state.people if one not in mine]
    ended = [
        replace(one, until=until if one.until is None else min(one.until, until))
        for one in mine
        if one.since < until
    ]
    return ordered(replace(state, people=(*rest, *ended)))


def strike(state: State, user: str, group: str, since: datetime | None = None) -> State:
    """Take a person out of a group as if they had never been in it; of several entries one or all, as in `end`."""
    mine = _meant_by(state, user, group, since)
    return replace(state, people=tuple(one for one in state.people if one not in mine))


def account_of(typed: str) -> str:
    """Give the account that is meant: no account of the lab has a capital, and an old list of names may have some."""
    return typed.strip().lower()


def names_in(typed: str) -> tuple[str, ...]:
    """Read account names as they are pasted: a line each, or with commas, semicolons or tabs between.

    A blank separates nothing: “Іван Петренко” is a person's name, and would otherwise put two accounts into the group.
    """
    parts = (account_of(part) for part in _BETWEEN.split(typed))
    names = tuple(dict.fromkeys(filter(None, parts)))
    if not names:
        raise TimetableError("no name was given", Trouble.NOBODY)
    for name in names:
        if any(map(str.isspace, name)):
            said = (
                f"{name[:80]!r} has a blank in it: write account names on lines of their own, or with commas"
            )
            raise TimetableError(said, Trouble.BLANK, name[:80])
        if len(name) > LONGEST_ACCOUNT or not name.isprintable():
            raise TimetableError(f"{name[:80]!r} is no account's name", Trouble.NO_NAME, name)
    return names


def _with(state: State, lessons: Collection[Lesson]) -> State:
    known = {one.lesson_id for one in state.lessons}
    taken = next((one for one in lessons if one.lesson_id in known), None)
    if taken is not None:
        where = taken.starts_at.isoformat()
        raise TimetableError(f"{where}: the group has a lesson at just that time", Trouble.TAKEN, where)
    return ordered(replace(state, lessons=(*state.lessons, *lessons)))


def _without(state: State, ids: Collection[str]) -> State:
    return replace(state, lessons=tuple(one for one in state.lessons if one.lesson_id not in ids))


def _marked(state: State, lesson_id: str, *, cancelled: bool, following: bool) -> State:
    meant = _meant(state, lesson_id, following=following)
    lessons = tuple(
        replace(one, cancelled=cancelled) if one.lesson_id in meant else one for one in state.lessons
    )
    return ordered(replace(state, lessons=lessons))


def _meant(state: State, lesson_id: str, *, following: bool) -> set[str]:
    lesson = state.find(lesson_id)
    if not following or not lesson.series:
        return {lesson_id}
    return {
        one.lesson_id
        for one in state.lessons
        if one.series == lesson.series and one.group == lesson.group and one.starts_at >= lesson.starts_at
    }
