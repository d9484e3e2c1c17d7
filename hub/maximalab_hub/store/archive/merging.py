"""Puts tables into the order of time and event, and two streams of such tables together into one. Pure."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ORDER: Final = (("at", "ascending"), ("event_id", "ascending"))


def merged(first: Iterator[Any], second: Iterator[Any]) -> Iterator[Any]:
    """Merge; both have the same columns, `at` and `event_id` among them. No more is held than overlaps."""
    streams = [_Stream(first), _Stream(second)]
    while True:
        open_ones = [one for one in streams if one.filled()]
        if len(open_ones) < len(streams) and not any(one.ended and one.rows for one in streams):
            # One stream is through: the other is in order already.
            for one in open_ones:
                yield from one.all_of_it()
            return
        if not open_ones:
            yield from _sorted([one.taken() for one in streams])
            return
        border = min(one.last for one in open_ones)
        parts = [part for one in streams if len(part := one.taken(border))]
        yield from _sorted(parts)
        for one in open_ones:
            if one.last == border:
                one.more()  # what happened at the border itself may go on in its next table


def in_order(table: Any) -> Any:  # noqa: ANN401  pyarrow has no types
    """Sort by time and event."""
    places = _order_of(table)
    return table if places is None else table.take(pa.array(places))


def parts_in_order(table: Any, rows: int) -> Iterator[Any]:  # noqa: ANN401
    """Sort by time and event, at most so many rows at a time: a second table of all of them is never there.

    The parts are as large as each other, so that whoever reads ahead does not wait behind a small one.
    """
    places = _order_of(table)
    count = -(-len(table) // rows)
    for start, end in pairwise(len(table) * n // count for n in range(count + 1)) if count else ():
        part = None if places is None else pa.array(places[start:end])
        yield table.slice(start, end - start) if part is None else table.take(part)


def _order_of(table: Any) -> NDArray[np.int64] | None:  # noqa: ANN401
    """Say which row comes when: by time as numbers, by event only what shares a moment; `None`: as they stand."""
    at = table.column("at").cast(pa.int64()).to_numpy()
    if (np.diff(at) > 0).all():
        return None
    places = np.argsort(at, kind="stable")
    same = np.diff(at[places]) == 0
    shared = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))
    if len(shared):
        few = table.select(["at", "event_id"]).take(pa.array(places[shared]))
        places[shared] = places[shared][pc.sort_indices(few, sort_keys=list(ORDER)).to_numpy()]
    return (
        None if (np.diff(places) == 1).all() else places
    )  # some may share a moment, and stand right already


class _Stream:
    def __init__(self, tables: Iterator[Any]) -> None:
        self._tables = tables
        self._waiting: Any = None
        self.ended = False

    @property
    def rows(self) -> int:
        return 0 if self._waiting is None else len(self._waiting)

    @property
    def last(self) -> int:
        """The time of the last row that waits, in microseconds."""
        return int(self._moments()[-1])

    def filled(self) -> bool:
        """Make sure that rows wait; say whether there may be more behind them."""
        if not self.rows and not self.ended:
            self.more()
        return not self.ended

    def more(self) -> None:
        """Let the next table wait, too."""
        table = next((one for one in self._tables if len(one)), None)
        if table is None:
            self.ended = True
        else:
            self._waiting = pa.concat_tables([self._waiting, table]) if self.rows else table

    def taken(self, before: int | None = None) -> Any:  # noqa: ANN401  pyarrow has no types
        """Take the rows that happened before, or all that wait."""
        if self._waiting is None:
            return pa.table({})
        count = self.rows if before is None else int(np.searchsorted(self._moments(), before))
        found, self._waiting = self._waiting.slice(0, count), self._waiting.slice(count)
        return found

    def all_of_it(self) -> Iterator[Any]:
        """Give what waits, and all that comes."""
        if self.rows:
            yield self.taken()
        yield from (one for one in self._tables if len(one))

    def _moments(self) -> Any:  # noqa: ANN401
        return self._waiting.column("at").cast(pa.int64()).to_numpy()


def _sorted(parts: list[Any]) -> Iterator[Any]:
    some = [one for one in parts if len(one)]
    if len(some) == 1:
        yield some[0]
    elif some:
        yield in_order(pa.concat_tables(some).unify_dictionaries().combine_chunks())
