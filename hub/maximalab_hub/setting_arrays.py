"""The setting of millions of moments at once: what `setting` says of each, reckoned with arrays.

Tests hold both to the same answers. Moments are whole microseconds since 1970, in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maximalab_hub.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from maximalab_hub.compare import Timetables
    from maximalab_hub.setting import Schedule, Span

CODES: Final = tuple(Setting)
"""What the numbers mean that stand for settings: places in this."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)
_WIDTH: Final = 1 << 52
"""Every schedule has a stretch of numbers of its own, this wide: moments up to the year 2112."""
_IN, _OUT, _UNKNOWN = (CODES.index(one) for one in (Setting.IN_CLASS, Setting.OUT_OF_CLASS, Setting.UNKNOWN))


def micros(at: datetime) -> int:
    """Give an aware moment in whole microseconds since 1970."""
    return (at - _EPOCH) // _MICRO


class Coded(NamedTuple):
    """A column as places in a list of its different values, of which `None` may be one."""

    places: NDArray[Any]
    values: Sequence[Any]


def coded(column: Any) -> Coded:  # noqa: ANN401  pyarrow has no types
    """Give each value's place in a list of the different ones."""
    made = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not pa.types.is_dictionary(made.type):
        made = made.dictionary_encode()
    values = made.dictionary.to_pylist()
    places = pc.fill_null(made.indices, len(values)) if made.null_count else made.indices
    return Coded(places.to_numpy().astype(np.int64), [*values, None] if made.null_count else values)


class Borders:
    """Where the spans of some schedules begin and end, all in one row of numbers."""

    def __init__(self, spans: Sequence[Sequence[Span]]) -> None:
        each = [
            (place * _WIDTH + _kept(micros(one.start)), place * _WIDTH + _kept(micros(one.end)))
            for place, some in enumerate(spans)
            for one in some
        ]
        self._starts, self._ends = np.array(each, np.int64).reshape(-1, 2).T.copy()
        self._before = np.concatenate([[0], np.cumsum(self._ends - self._starts)])

    def hold(self, schedules: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say of each moment whether a span of its schedule holds it."""
        if not len(self._starts):
            return np.zeros(len(at), bool)
        keys = schedules * _WIDTH + at
        places = np.searchsorted(self._starts, keys, side="right") - 1
        return np.asarray((places >= 0) & (keys < self._ends[places]))

    def shared(
        self, schedules: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Say how much of each stretch of time lies within spans of its schedule."""
        base = schedules * _WIDTH
        return self._until(base + ends) - self._until(base + starts)

    def _until(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the length of all spans, and parts of spans, before each moment."""
        if not len(self._starts):
            return np.zeros(len(keys), np.int64)
        places = np.searchsorted(self._starts, keys, side="right") - 1
        inside = np.minimum(keys, self._ends[places]) - self._starts[places]
        return np.where(places >= 0, self._before[places] + inside, 0)


class ScheduleArrays:
    """The schedules of people in courses, numbered as they are asked for."""

    def __init__(self, timetables: Timetables) -> None:
        self._timetables = timetables
        self._known: dict[tuple[str, str | None], int] = {}
        self._numbers: dict[int, int] = {}
        self._schedules: list[Schedule] = []
        self._made: tuple[Borders, Borders] | None = None

    def schedules(self, users: Coded, courses: Coded) -> NDArray[np.int64]:
        """Give the number of each event's schedule."""
        pairs = pa.array(
            users.places.astype(np.int64) * len(courses.values) + courses.places
        ).dictionary_encode()
        each = (divmod(pair, len(courses.values)) for pair in pairs.dictionary.to_pylist())
        numbers = [self._number(users.values[user], courses.values[course]) for user, course in each]
        return np.asarray(np.array(numbers, np.int64)[pairs.indices.to_numpy()])

    def settings(self, schedules: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int8]:
        """Give each event's setting, as a place in `CODES`."""
        inside, known = self._borders()
        there = np.where(known.hold(schedules, at), _OUT, _UNKNOWN)
        return np.where(inside.hold(schedules, at), _IN, there).astype(np.int8)

    def split(
        self, schedules: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> dict[Setting, NDArray[np.int64]]:
        """Share out stretches of time at the borders, in microseconds."""
        inside, known = (one.shared(schedules, starts, ends) for one in self._borders())
        return {
            Setting.IN_CLASS: inside,
            Setting.OUT_OF_CLASS: known - inside,
            Setting.UNKNOWN: ends - starts - known,
        }

    def _number(self, user: str, course: str | None) -> int:
        known = self._known.get((user, course))
        if known is not None:
            return known
        schedule = self._timetables.schedule(user, course)  # which keeps it, so that its `id` stays its own
        number = self._numbers.setdefault(id(schedule), len(self._schedules))
        if number == len(self._schedules):
            self._schedules.append(schedule)
            self._made = None
        self._known[user, course] = number
        return number

    def _borders(self) -> tuple[Borders, Borders]:
        if self._made is None:
            self._made = (
                Borders([one.in_class for one in self._schedules]),
                Borders([one.known for one in self._schedules]),
            )
        return self._made


def _kept(moment: int) -> int:
    """Keep a moment, perhaps *for ever*, within a schedule's stretch of numbers."""
    return min(max(moment, 0), _WIDTH - 1)


def settings_counted(
    users: Coded, at: NDArray[np.int64], course: str, timetables: Timetables
) -> dict[Setting, int]:
    """Count how many of these moments of work for a course are in which setting."""
    schedules = ScheduleArrays(timetables)
    numbers = schedules.schedules(users, Coded(np.zeros(len(at), np.int64), [course]))
    counted = np.bincount(schedules.settings(numbers, at), minlength=len(CODES))
    return dict(zip(CODES, counted.tolist(), strict=True))
