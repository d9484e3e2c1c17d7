"""What each person did, in each setting, reckoned with arrays: the figures of `figures`, for millions of events.

What several choices of gap, idle limit and grace share is reckoned once. Tests hold it to `figures.figures`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from maximalab_hub.at_once import at_once
from maximalab_hub.comparison.block import EVENTS, WHOLE, Block, blocks_of
from maximalab_hub.comparison.figures import Part, PersonFigures, groups_of
from maximalab_hub.setting_arrays import CODES, Coded, ScheduleArrays
from maximalab_hub.zone_arrays import clocks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from maximalab_hub.compare import Parameters, Timetables
    from maximalab_hub.comparison.work import Work
    from maximalab_hub.setting import Rule

_MICRO: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Ruled:
    """What follows from one rule of settings, block by block."""

    schedules: ScheduleArrays
    numbers: list[NDArray[np.int64]]
    settings: list[NDArray[np.int8]]
    counts: NDArray[np.int64]


class Reckoning:
    """The figures of some work, under whichever choices are asked for; reckoned in blocks of so many events."""

    def __init__(self, work: Work, timetables: Timetables, zone: ZoneInfo, events: int = EVENTS) -> None:
        self._work, self._timetables = work, timetables
        self._begins = _begins(work.user)
        self._blocks = blocks_of(work, self._begins, clocks_of(work.at, zone), events)
        self._ruled: dict[Rule, _Ruled] = {}
        self._active: dict[tuple[Rule, timedelta], NDArray[np.int64]] = {}

    def people(self, parameters: Parameters) -> list[PersonFigures]:
        """Say what each person did, ordered by name, as `figures.figures` does."""
        counts, active = self._under(parameters).counts, self._active_of(parameters)
        every = np.concatenate(
            [counts, active[:, :, None], self._sessions_of(parameters)[:, :, None]], axis=2
        )
        made = []
        for user, groups in self._groups.items():
            *each, whole = (_part(*numbers) for numbers in every[user].tolist())
            made.append(
                PersonFigures(self._work.users[user], groups, whole, dict(zip(CODES, each, strict=True)))
            )
        return sorted(made, key=lambda one: one.user)

    def settings(self, parameters: Parameters) -> NDArray[np.int8]:
        """Give each event's setting, as a place in `setting_arrays.CODES`."""
        return np.concatenate([np.empty(0, np.int8), *self._under(parameters).settings])

    def active(self, parameters: Parameters) -> NDArray[np.int64]:
        """Give everybody's time on task in each setting, and in all, in microseconds."""
        return self._active_of(parameters)

    def _under(self, parameters: Parameters) -> _Ruled:
        rule = parameters.rule
        if rule not in self._ruled:
            schedules, users, courses = (
                ScheduleArrays(self._timetables.under(rule)), self._work.users, self._work.courses,
            )  # fmt: skip
            numbers = [
                schedules.schedules(Coded(user, users), Coded(course, courses))
                for user, course in self._owners
            ]
            made = list(at_once(lambda one: _placed(one[0], schedules, one[1]), self._with(numbers)))
            counts = self._joined((one for _, one in made), (WHOLE + 1, 3))
            self._ruled[rule] = _Ruled(schedules, numbers, [one for one, _ in made], counts)
        return self._ruled[rule]

    @cached_property
    def _owners(self) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        return list(at_once(lambda block: block.owners, self._blocks))

    @cached_property
    def _groups(self) -> Mapping[int, tuple[str, ...]]:
        """Name the groups of each person who worked, as `figures` does."""
        work, found = self._work, {}
        courses: dict[int, set[str | None]] = defaultdict(set)
        for block_users, block_courses in self._owners:
            for user, course in set(zip(block_users.tolist(), block_courses.tolist(), strict=True)):
                courses[user].add(work.courses[course])
        begins, ends = self._begins, np.append(self._begins, len(work))[1:] - 1
        every = (work.user[begins], work.at[begins], work.at[ends])
        for user, first, last in zip(*(one.tolist() for one in every), strict=True):
            enrolments = self._timetables.enrolments.get(work.users[user], ())
            moments = (_EPOCH + one * _MICRO for one in (first, last))
            found[user] = groups_of(enrolments, courses[user], *moments)
        return found

    def _sessions_of(self, parameters: Parameters) -> NDArray[np.int64]:
        gap, idle = parameters.gap // _MICRO, parameters.idle_after // _MICRO
        settings = self._under(parameters).settings
        made = at_once(lambda one: one[0].sessions(one[1], gap, idle), self._with(settings))
        return self._joined(made, (WHOLE + 1,))

    def _active_of(self, parameters: Parameters) -> NDArray[np.int64]:
        key = (parameters.rule, parameters.idle_after)
        if key not in self._active:
            ruled, idle = self._under(parameters), parameters.idle_after // _MICRO
            made = at_once(
                lambda one: one[0].active(ruled.schedules, one[1], idle), self._with(ruled.numbers)
            )
            self._active[key] = self._joined(made, (WHOLE + 1,))
        return self._active[key]

    def _with(self, values: Sequence[NDArray[Any]]) -> Iterator[tuple[Block, NDArray[Any]]]:
        return zip(self._blocks, values, strict=True)

    def _joined(self, made: Iterable[NDArray[np.int64]], shape: tuple[int, ...]) -> NDArray[np.int64]:
        """Put the blocks' rows, a person each, beneath each other."""
        nothing = np.zeros((0 if self._blocks else len(self._work.users), *shape), np.int64)
        return np.concatenate([nothing, *made])


def _begins(user: NDArray[np.int32]) -> NDArray[np.int64]:
    """Say where each person's events begin."""
    changes = np.flatnonzero(user[1:] != user[:-1]) + 1
    return np.concatenate([np.zeros(min(len(user), 1), np.int64), changes])


def _placed(
    block: Block, schedules: ScheduleArrays, numbers: NDArray[np.int64]
) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    settings = block.settings(schedules, numbers)
    return settings, block.counts(settings)


def figures_of(
    work: Work, timetables: Timetables, parameters: Parameters, zone: ZoneInfo
) -> list[PersonFigures]:
    """Say what each person did under these choices alone."""
    return Reckoning(work, timetables, zone).people(parameters)


def _part(runs: int, errors: int, days: int, active: int, sessions: int) -> Part:
    return Part(runs, errors, active * _MICRO, sessions, days)
