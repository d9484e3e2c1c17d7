"""What a course's timetable holds at one version, and how two versions differ. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from maximalab_hub.timetable.lesson import Holiday, Lesson, TimetableError, Trouble, order_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from maximalab_hub.timetable.calendarfile import Timetable

_LATEST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A person in a group of the course, from `since` up to, without, `until`."""

    user: str
    group: str
    since: datetime
    until: datetime | None = None

    @property
    def order(self) -> tuple[str, str, datetime, datetime]:
        """By group, then by name."""
        return self.group, self.user, self.since, self.until or _LATEST


@dataclass(frozen=True, slots=True)
class State:
    """A course's timetable. A group has at most one lesson from one moment to another."""

    course: str
    lessons: tuple[Lesson, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    people: tuple[Enrolled, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups that have lessons or people."""
        named = {lesson.group for lesson in self.lessons} | {one.group for one in self.people}
        return tuple(sorted(named))

    @property
    def groups_of_nobody(self) -> tuple[str, ...]:
        """Names of the groups that have lessons and no people, as a misspelt one: their lessons count for nobody."""
        return tuple(sorted({one.group for one in self.lessons} - {one.group for one in self.people}))

    @property
    def groups_of_no_lesson(self) -> tuple[str, ...]:
        """Names of the groups that have people and no lessons, though others have: nothing of theirs is in class."""
        if not self.lessons:
            return ()
        return tuple(sorted({one.group for one in self.people} - {one.group for one in self.lessons}))

    def find(self, lesson_id: str) -> Lesson:
        """Give the lesson with this id. Raises `TimetableError` where there is none."""
        found = next((one for one in self.lessons if one.lesson_id == lesson_id), None)
        if found is None:
            raise TimetableError("this lesson is not in the timetable any more", Trouble.GONE)
        return found

    def holiday_of(self, lesson: Lesson) -> Holiday | None:
        """Give the holiday on which the lesson would fall."""
        return next((one for one in self.holidays if one.holds(lesson)), None)

    def in_force(self) -> tuple[Lesson, ...]:
        """Give the lessons as the setting needs them: those on holidays are cancelled."""
        return in_force(self.lessons, self.holidays)


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of the lessons, holidays and people between two versions. Everything is in order of time."""

    added: tuple[Lesson, ...] = ()
    removed: tuple[Lesson, ...] = ()
    moved: tuple[tuple[Lesson, Lesson], ...] = ()
    """Before and after."""
    cancelled: tuple[Lesson, ...] = ()
    restored: tuple[Lesson, ...] = ()
    noted: tuple[Lesson, ...] = ()
    """Only what is said of the lesson changed."""
    holidays_added: tuple[Holiday, ...] = ()
    holidays_removed: tuple[Holiday, ...] = ()
    joined: tuple[Enrolled, ...] = ()
    left: tuple[Enrolled, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return any(getattr(self, name) for name in self.__slots__)


def in_force(lessons: Iterable[Lesson], holidays: Iterable[Holiday]) -> tuple[Lesson, ...]:
    """Mark the lessons that fall on a holiday as cancelled."""
    days = tuple(holidays)
    if not days:
        return tuple(lessons)
    return tuple(
        replace(one, cancelled=True) if not one.cancelled and any(day.holds(one) for day in days) else one
        for one in lessons
    )


def ordered(state: State) -> State:
    """Put everything in order, so that the same content is the same state."""
    return State(
        state.course,
        tuple(sorted(state.lessons, key=order_of)),
        tuple(sorted(set(state.holidays))),
        tuple(sorted(set(state.people), key=lambda one: one.order)),
    )


def said_of(lesson: Lesson) -> tuple[object, ...]:
    """Give everything that a lesson says, what the setting does not ask for included."""
    return (
        lesson.lesson_id,
        lesson.cancelled,
        lesson.series,
        lesson.moved_from,
        lesson.note,
    )


def difference(before: State, after: State) -> Difference:
    """Say what changed from one version to another."""
    old = {one.lesson_id: one for one in before.lessons}
    new = {one.lesson_id: one for one in after.lessons}
    gone = sorted(one for key, one in old.items() if key not in new)
    come = sorted(one for key, one in new.items() if key not in old)
    moved = _moves(gone, come)
    from_ids, to_ids = {a.lesson_id for a, _ in moved}, {b.lesson_id for _, b in moved}
    both = sorted((new[key], old[key]) for key in old.keys() & new.keys())
    return Difference(
        added=tuple(one for one in come if one.lesson_id not in to_ids),
        removed=tuple(one for one in gone if one.lesson_id not in from_ids),
        moved=moved,
        cancelled=tuple(now for now, then in both if now.cancelled > then.cancelled),
        restored=tuple(now for now, then in both if now.cancelled < then.cancelled),
        noted=tuple(
            now for now, then in both if now.cancelled == then.cancelled and said_of(now) != said_of(then)
        ),
        holidays_added=tuple(sorted(set(after.holidays) - set(before.holidays))),
        holidays_removed=tuple(sorted(set(before.holidays) - set(after.holidays))),
        joined=_people(after, before),
        left=_people(before, after),
    )


def _people(these: State, without: State) -> tuple[Enrolled, ...]:
    return tuple(sorted(set(these.people) - set(without.people), key=lambda one: one.order))


def _moves(gone: list[Lesson], come: list[Lesson]) -> tuple[tuple[Lesson, Lesson], ...]:
    """Pair lessons that went with those that came in their place.

    A lesson that says where it was planned is paired with that; of the rest, those of one series and group, if in
    their week just one went and one came.
    """
    pairs: list[tuple[Lesson, Lesson]] = []
    planned = {(one.group, one.starts_at): one for one in gone}
    for one in come:
        before = planned.pop((one.group, one.moved_from), None) if one.moved_from else None
        if before:
            pairs.append((before, one))
    paired = {one.lesson_id for pair in pairs for one in pair}
    weeks: dict[object, tuple[list[Lesson], list[Lesson]]] = defaultdict(lambda: ([], []))
    for side, lessons in enumerate((gone, come)):
        for one in lessons:
            if one.series and one.lesson_id not in paired:
                weeks[one.group, one.series, one.starts_at.isocalendar()[:2]][side].append(one)
    pairs += [(went[0], came[0]) for went, came in weeks.values() if len(went) == len(came) == 1]
    return tuple(sorted(pairs))


def imported(
    state: State, lessons: Iterable[Lesson], holidays: Iterable[Holiday], *, keep_earlier: bool
) -> State:
    """Put a file's lessons in the place of those of the groups that it names; other groups keep theirs.

    With `keep_earlier` lessons before the file's first one stay, as an earlier term's do. Holidays are added.
    """
    mine = tuple(one for one in lessons if one.course == state.course)
    groups = {one.group for one in mine}
    first = min((one.starts_at for one in mine), default=None)
    kept = tuple(
        one
        for one in state.lessons
        if one.group not in groups or (keep_earlier and first is not None and one.starts_at < first)
    )
    return ordered(replace(state, lessons=(*kept, *mine), holidays=(*state.holidays, *holidays)))


def followed(state: State, before: Timetable, now: Timetable) -> State:
    """Do to the course's timetable what somebody else's calendar did to itself since it was last fetched.

    What was changed by hand meanwhile stays, unless the calendar changed that very lesson.
    """
    old = {one.lesson_id: one for one in before.lessons if one.course == state.course}
    new = {one.lesson_id: one for one in now.lessons if one.course == state.course}
    gone = old.keys() - new.keys()
    mine = {one.lesson_id: one for one in state.lessons if one.lesson_id not in gone}
    mine |= {key: one for key, one in new.items() if key not in old or said_of(old[key]) != said_of(one)}
    ended, begun = set(before.holidays) - set(now.holidays), set(now.holidays) - set(before.holidays)
    holidays = (*(one for one in state.holidays if one not in ended), *begun)
    return ordered(replace(state, lessons=tuple(mine.values()), holidays=holidays))
