"""Row groups of the archive's files: which may hold something of a course and period, and how each is read."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from maximalab_hub.setting_arrays import micros

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from maximalab_hub.store.research import Selection

_STEPS: Final = 100_000
"""Into so many steps, of less than a second for a day, time is divided to count what happened in each."""
_BUFFER: Final = 1 << 18
"""Bytes of a column that are read at a time of a group that is read in parts."""


@dataclass(frozen=True)
class Group:
    """One row group; what is in `coded` comes as places in lists of texts."""

    path: Path
    metadata: Any
    place: int
    coded: Sequence[str]

    @property
    def rows(self) -> int:
        """How many events it has."""
        return int(self.metadata.row_group(self.place).num_rows)

    def table(self, columns: Sequence[str]) -> Any:  # noqa: ANN401  pyarrow has no types
        """Read it whole, on this thread: a data set's own way goes through several, and takes half as long again."""
        with self._opened(0) as file:
            return file.read_row_group(self.place, columns=list(columns), use_threads=False)

    def tables(self, columns: Sequence[str], rows: int) -> Iterator[Any]:
        """Read it so many rows at a time; no more of it is in memory."""
        with self._opened(_BUFFER) as file:
            for batch in file.iter_batches(rows, [self.place], columns=list(columns), use_threads=False):
                yield pa.Table.from_batches([batch])

    def stretches(self, rows: int) -> Iterator[tuple[int, int]]:
        """Divide its time, from the first to before the last, so that each has so many events at most.

        Moments are microseconds. Events of one step, less than a second where the group is a day, stay together.
        """
        first, last = self._range("at") or (0, 0)
        width = -(-(last - first + 1) // _STEPS)
        counts = np.zeros(_STEPS, np.int64)
        for table in self.tables(["at"], 8 * rows):
            at = table.column("at").cast(pa.int64()).to_numpy()
            counts += np.bincount((at - first) // width, minlength=_STEPS)
        for begin, end in pairwise(_cuts(counts, _evenly(self.rows, rows))):
            yield first + begin * width, first + end * width

    def may_hold(self, selection: Selection) -> bool:
        """Say whether an event of the course and period may be in it."""
        at, course = self._range("at"), self._range("course")
        if at and selection.since is not None and at[1] < micros(selection.since):
            return False
        if at and selection.until is not None and at[0] >= micros(selection.until):
            return False
        return not (course and selection.course) or course[0] <= selection.course.encode() <= course[1]

    def _range(self, name: str) -> tuple[Any, Any] | None:
        place = self.metadata.schema.to_arrow_schema().get_field_index(name)
        told = self.metadata.row_group(self.place).column(place).statistics
        return (told.min_raw, told.max_raw) if told is not None and told.has_min_max else None

    def _opened(self, buffer: int) -> Any:  # noqa: ANN401
        import pyarrow.parquet as pq  # noqa: PLC0415  only where there is an archive

        return pq.ParquetFile(
            self.path,
            metadata=self.metadata,
            read_dictionary=list(self.coded),
            buffer_size=buffer,
            pre_buffer=False,
        )


def groups_of(paths: Sequence[Path], selection: Selection, coded: Sequence[str]) -> Iterator[Group]:
    """Give the row groups of these files, in order, that may hold something of the selection."""
    import pyarrow.parquet as pq  # noqa: PLC0415  see above

    for path in paths:
        metadata = pq.read_metadata(path)
        every = (Group(path, metadata, place, coded) for place in range(metadata.num_row_groups))
        yield from (one for one in every if one.may_hold(selection))


def _evenly(count: int, most: int) -> int:
    """Say how many to take at a time so that all times take about as many, a little more than that at each."""
    even = -(-count // max(1, -(-count // most)))
    return min(most, even + even // 64)


def _cuts(counts: Any, rows: int) -> list[int]:  # noqa: ANN401
    """Say between which steps to cut, from the beginning to the end."""
    until = np.cumsum(counts)
    cuts = [0]
    while cuts[-1] < len(counts):
        before = int(until[cuts[-1] - 1]) if cuts[-1] else 0
        cuts.append(max(cuts[-1] + 1, int(np.searchsorted(until, before + rows, side="right"))))
    return cuts
