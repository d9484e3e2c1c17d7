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
_IN, _OUT, _UNKNOWN = (CODES.index(one) for one in (Setting.IN_CLASS, Setting.OUT_OF_CLASS, Setting.UNKNOWN))


def micros(at: datetime) -> int:
    """Give an aware moment in whole microseconds since 1970."""
    return (at - _EPOCH) // _MICRO


class Coded(NamedTuple):
    """A column as places in a list of its different values, of which `None` may be one."""

    places: NDArray[Any]
    values: Sequence[Any]


def coded(column: Any, width: type[np.signedinteger[Any]] = np.int64) -> Coded:  # noqa: ANN401  pyarrow has no types
    """Give each value's place in a list of the different ones, as numbers of this width."""
    made = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not pa.types.is_dictionary(made.type):
        made = made.dictionary_encode()
    values = made.dictionary.to_pylist()
    places = pc.fill_null(made.indices, len(values)) if made.null_count else made.indices
    return Coded(places.to_numpy().astype(width, copy=False), [*values, None] if made.null_count else values)


class Borders:
    """Where the spans of some schedules begin and end, all in one row of numbers.

    In it each schedule has a stretch as wide as all spans together, from a moment before the first to one behind the
    last; thousands of schedules over years fit. Raises `OverflowError` where they do not.
    """

    def __init__(self, spans: Sequence[Sequence[Span]], around: tuple[int, int]) -> None:
        self._first, last = around
        self._width = last - self._first + 3
        moments = [(micros(one.start), micros(one.end)) for some in spans for one in some]
        owners = [place for place, some in enumerate(spans) for _ in some]
        if len(spans) * self._width > np.iinfo(np.int64).max:
            raise OverflowError(
                f"{len(spans)} schedules over {self._width} microseconds are too many for one search"
            )
        self._moments = np.array(moments, np.int64).reshape(-1, 2).T.copy()
        schedules = np.array(owners, np.int64)
        self.starts, self.ends = (self.keys(schedules, one) for one in self._moments)
        self._lengths = self._moments[1] - self._moments[0]
        self._before = np.cumsum(self._lengths) - self._lengths

    def keys(self, schedules: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Place moments in the row; all before the first span of any are one, and so are all behind the last."""
        found = np.clip(at, self._first - 1, self._first + self._width - 2)
        found -= self._first - 1
        found += schedules * self._width
        return found

    def hold(self, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say of each place in the row whether a span of its schedule holds it."""
        if not len(self.starts):
            return np.zeros(len(keys), bool)
        places = np.searchsorted(self.starts, keys, side="right") - 1
        return np.asarray((places >= 0) & (keys < self.ends[places]))

    def shared(
        self, schedules: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Say how much of each stretch of time lies within spans of its schedule."""
        return self._until(schedules, ends) - self._until(schedules, starts)

    def _until(self, schedules: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the length of all spans, and parts of spans, before each moment."""
        if not len(self.starts):
            return np.zeros(len(at), np.int64)
        keys = self.keys(schedules, at)
        places = np.searchsorted(self.starts, keys, side="right") - 1
        inside = np.minimum(keys - self.starts[places], self._lengths[places])
        return np.where(places >= 0, self._before[places] + inside, 0)


class _Made(NamedTuple):
    """The borders of all schedules, and what holds from each to the next."""

    inside: Borders
    known: Borders
    borders: NDArray[np.int64]
    codes: NDArray[np.int8]


class ScheduleArrays:
    """The schedules of people in courses, numbered as they are asked for."""

    def __init__(self, timetables: Timetables) -> None:
        self._timetables = timetables
        self._known: dict[tuple[str, str | None], int] = {}
        self._numbers: dict[int, int] = {}
        self._schedules: list[Schedule] = []
        self._made: _Made | None = None

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
        made = self._borders()
        keys = made.inside.keys(schedules, at)
        return np.asarray(made.codes[np.searchsorted(made.borders, keys, side="right") - 1])

    def split(
        self, schedules: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> dict[Setting, NDArray[np.int64]]:
        """Share out stretches of time at the borders, in microseconds."""
        inside, known = (one.shared(schedules, starts, ends) for one in self._borders()[:2])
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

    def _borders(self) -> _Made:
        if self._made is None:
            some = [one for schedule in self._schedules for one in (*schedule.in_class, *schedule.known)]
            moments = [micros(one) for span in some for one in (span.start, span.end)] or [0]
            around = (min(moments), max(moments))
            inside, known = (
                Borders([getattr(one, name) for one in self._schedules], around)
                for name in ("in_class", "known")
            )
            numbers = np.arange(len(self._schedules))
            begins = inside.keys(numbers, np.full(len(numbers), around[0] - 1))
            borders = np.unique(
                np.concatenate([begins, inside.starts, inside.ends, known.starts, known.ends])
            )
            there = np.where(known.hold(borders), _OUT, _UNKNOWN)
            codes = np.where(inside.hold(borders), _IN, there).astype(np.int8)
            self._made = _Made(inside, known, borders, codes)
        return self._made


def settings_counted(
    users: Coded, at: NDArray[np.int64], course: str, timetables: Timetables
) -> dict[Setting, int]:
    """Count how many of these moments of work for a course are in which setting."""
    schedules = ScheduleArrays(timetables)
    numbers = schedules.schedules(users, Coded(np.zeros(len(at), np.int64), [course]))
    counted = np.bincount(schedules.settings(numbers, at), minlength=len(CODES))
    return dict(zip(CODES, counted.tolist(), strict=True))
