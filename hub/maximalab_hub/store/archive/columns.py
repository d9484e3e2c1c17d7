"""Whole columns of archived events, texts as places in lists, for who reckons with millions of them in any order.

DuckDB answers questions; here nothing is asked but a course and a period, and files say of each text once what it is.
Reading them so costs less than a group-by does. `research.conditions` says the same in SQL; a test holds both together.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from maximalab_hub.store.archive.groups import Group, groups_of
from maximalab_hub.store.archive.merging import parts_in_order
from maximalab_hub.store.arrow import SCHEMA, TIME, coded_among
from maximalab_hub.store.engine import StoreAwayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from maximalab_hub.store.archive.places import Archived
    from maximalab_hub.store.research import Selection

MOST_AT_ONCE: Final = 65_536
"""Rows that are sorted at a time: a row group with more is read once for each stretch of time with so many."""
ROWS_AT_ONCE: Final = 32_768


def coded_tables(
    months: Sequence[Archived], columns: Sequence[str], selection: Selection
) -> Iterator[Callable[[], Any]]:
    """Give these columns of the selection's course and period, of all kinds, in no order.

    Each call reads a row group, on whichever thread it is made. Raises `StoreAwayError`, as the calls do.
    """
    texts = [name for name in columns if SCHEMA.field(name).type == pa.string()]
    with _away():
        for group in groups_of([one.path for one in months], selection, texts):
            yield partial(_read, group, columns, selection)


def _read(group: Group, columns: Sequence[str], selection: Selection) -> Any:  # noqa: ANN401  pyarrow has no types
    with _away():
        table = group.table(_with(columns, _asked_by(selection)))
        return _chosen(table, selection).select(list(columns))


@contextmanager
def _away() -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise StoreAwayError(f"the archive: {error}"[:200]) from error


def _with(columns: Sequence[str], others: Sequence[str]) -> list[str]:
    return [*columns, *(name for name in others if name not in columns)]


def _asked_by(selection: Selection) -> list[str]:
    """Name the columns that say whether an event is of the course and period."""
    timed = selection.since is not None or selection.until is not None
    return [*(["course"] if selection.course is not None else []), *(["at"] if timed else [])]


def _chosen(table: Any, selection: Selection) -> Any:  # noqa: ANN401  pyarrow has no types
    """Keep what is of the course and period."""
    parts = []
    if selection.course is not None:
        parts.append(_is_in(table.column("course"), [selection.course]))
    if selection.since is not None:
        parts.append(pc.greater_equal(table.column("at"), pa.scalar(selection.since, TIME)))
    if selection.until is not None:
        parts.append(pc.less(table.column("at"), pa.scalar(selection.until, TIME)))
    for part in parts[1:]:
        parts[0] = pc.and_(parts[0], part)
    return _kept(table, parts[0]) if parts else table


def sorted_tables(
    months: Sequence[Archived],
    columns: Sequence[str],
    selection: Selection,
    *,
    most: int = MOST_AT_ONCE,
    rows: int = ROWS_AT_ONCE,
) -> Iterator[Any]:
    """Give these columns, `at` and `event_id` among them, of the selection, ordered by time and id.

    A row group holds whole days (`files`), so each is sorted alone; and one of more than `most` events by stretches of
    time, so that memory does not grow with a day's events. A table has at most so many `rows`. Raises
    `StoreAwayError`.
    """
    kind = [] if selection.kinds is None else ["kind"]
    read = _with(columns, [*_asked_by(selection), *kind])
    with _away():
        for group in groups_of([one.path for one in months], selection, coded_among(read)):
            for table in _by_time(group, read, selection, most):
                yield from parts_in_order(table.select(list(columns)).combine_chunks(), rows)


def _by_time(group: Group, columns: Sequence[str], selection: Selection, most: int) -> Iterator[Any]:
    """Give what is chosen of a row group: at once, or stretch of time after stretch."""
    if group.rows <= most:
        yield _of_kinds(_chosen(group.table(columns), selection), selection)
        return
    for first, last in group.stretches(most):
        parts = (
            _of_kinds(_chosen(_between(one, first, last), selection), selection)
            for one in group.tables(columns, ROWS_AT_ONCE)
        )
        if some := [one for one in parts if len(one)]:
            yield pa.concat_tables(some).unify_dictionaries()


def _between(table: Any, first: int, last: int) -> Any:  # noqa: ANN401
    at = table.column("at").cast(pa.int64()).to_numpy()
    return _kept(table, pa.array((at >= first) & (at < last)))


def _of_kinds(table: Any, selection: Selection) -> Any:  # noqa: ANN401
    return table if selection.kinds is None else _kept(table, _is_in(table.column("kind"), selection.kinds))


def _is_in(column: Any, those: Sequence[str]) -> Any:  # noqa: ANN401
    return pc.is_in(column.cast(pa.string()), pa.array(those, pa.string()))


def _kept(table: Any, those: Any) -> Any:  # noqa: ANN401
    return table if pc.all(those).as_py() else table.filter(those)
