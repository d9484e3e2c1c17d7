"""Whole columns of archived events, texts as places in lists, for who reckons with millions of them in any order.

DuckDB answers questions; here nothing is asked but a course and a period, and files say of each text once what it is.
Reading them so costs less than a group-by does. `research.conditions` says the same in SQL; a test holds both together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from maximalab_hub.store.archive.merging import in_order
from maximalab_hub.store.arrow import SCHEMA, TIME, coded_among
from maximalab_hub.store.engine import StoreAwayError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from maximalab_hub.store.archive.places import Archived
    from maximalab_hub.store.research import Selection

ROWS_AT_ONCE: Final = 1 << 20


def coded_tables(months: Sequence[Archived], columns: Sequence[str], selection: Selection) -> Iterator[Any]:
    """Give these columns of the selection's course and period, of all kinds, in no order. Raises `StoreAwayError`."""
    from pyarrow import dataset as ds  # noqa: PLC0415  only where there is an archive

    texts = [name for name in columns if SCHEMA.field(name).type == pa.string()]
    form = ds.ParquetFileFormat(read_options=ds.ParquetReadOptions(dictionary_columns=texts))
    try:
        files = ds.dataset([str(one.path) for one in months], format=form)
        found = files.to_batches(
            columns=list(columns), batch_size=ROWS_AT_ONCE, filter=_chosen(ds, selection)
        )
        waiting: list[Any] = []
        for batch in found:
            waiting.append(batch)
            if sum(one.num_rows for one in waiting) >= ROWS_AT_ONCE:
                yield _together(waiting)
                waiting = []
        if waiting:
            yield _together(waiting)
    except (OSError, pa.ArrowException) as error:
        raise StoreAwayError(f"the archive: {error}"[:200]) from error


def _together(batches: list[Any]) -> Any:  # noqa: ANN401  pyarrow has no types
    """Give one table with one list of texts for each column: a list for each row group is long in all."""
    return pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()


def _chosen(ds: Any, selection: Selection) -> Any:  # noqa: ANN401  pyarrow has no types
    parts = []
    if selection.course is not None:
        parts.append(ds.field("course") == selection.course)
    if selection.since is not None:
        parts.append(ds.field("at") >= pa.scalar(selection.since, TIME))
    if selection.until is not None:
        parts.append(ds.field("at") < pa.scalar(selection.until, TIME))
    chosen = None
    for part in parts:
        chosen = part if chosen is None else chosen & part
    return chosen


def sorted_tables(months: Sequence[Archived], columns: Sequence[str], selection: Selection) -> Iterator[Any]:
    """Give these columns, `at` and `event_id` among them, of the selection, ordered by time and id.

    A row group holds whole days (`files`), so each is sorted alone. Raises `StoreAwayError`.
    """
    from pyarrow import dataset as ds  # noqa: PLC0415  only where there is an archive

    form = ds.ParquetFileFormat(read_options=ds.ParquetReadOptions(dictionary_columns=coded_among(columns)))
    chosen = _chosen(ds, selection)
    read = [*columns, "kind"] if selection.kinds is not None and "kind" not in columns else list(columns)
    try:
        for file in ds.dataset([str(one.path) for one in months], format=form).get_fragments(chosen):
            for group in file.split_by_row_group(chosen):
                table = _of_kinds(group.to_table(columns=read, filter=chosen, use_threads=False), selection)
                if len(table):
                    yield in_order(table.select(list(columns)).combine_chunks())
    except (OSError, pa.ArrowException) as error:
        raise StoreAwayError(f"the archive: {error}"[:200]) from error


def _of_kinds(table: Any, selection: Selection) -> Any:  # noqa: ANN401  pyarrow has no types
    if selection.kinds is None:
        return table
    wanted = pc.is_in(table.column("kind").cast(pa.string()), pa.array(selection.kinds, pa.string()))
    return table if pc.all(wanted).as_py() else table.filter(wanted)
