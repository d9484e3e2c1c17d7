"""Whole columns of archived events, texts as places in lists, for who reckons with millions of them in any order.

DuckDB answers questions; here nothing is asked but a course and a period, and files say of each text once what it is.
Reading them so costs less than a group-by does. `research.conditions` says the same in SQL; a test holds both together.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from maximalab_hub.store.archive.merging import in_order
from maximalab_hub.store.arrow import SCHEMA, TIME, coded_among
from maximalab_hub.store.engine import StoreAwayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from maximalab_hub.store.archive.places import Archived
    from maximalab_hub.store.research import Selection


def coded_tables(
    months: Sequence[Archived], columns: Sequence[str], selection: Selection
) -> Iterator[Callable[[], Any]]:
    """Give these columns of the selection's course and period, of all kinds, in no order.

    Each call reads a row group, on whichever thread it is made. Raises `StoreAwayError`, as the calls do.
    """
    from pyarrow import dataset as ds  # noqa: PLC0415  only where there is an archive

    texts = [name for name in columns if SCHEMA.field(name).type == pa.string()]
    form = ds.ParquetFileFormat(read_options=ds.ParquetReadOptions(dictionary_columns=texts))
    chosen = _chosen(ds, selection)
    with _away():
        files = ds.dataset([str(one.path) for one in months], format=form)
        for file in files.get_fragments(chosen):
            for group in file.split_by_row_group(chosen):
                yield partial(_read, group, texts, list(columns), chosen)


def _read(group: Any, texts: Sequence[str], columns: Sequence[str], chosen: Any) -> Any:  # noqa: ANN401  pyarrow has no types
    """Read a row group on this thread: the data set's own way goes through several, and takes half as long again."""
    import pyarrow.parquet as pq  # noqa: PLC0415  see above

    with (
        _away(),
        pq.ParquetFile(group.path, metadata=group.metadata, read_dictionary=texts) as file,
    ):
        (place,) = (one.id for one in group.row_groups)
        table = file.read_row_group(place, columns=columns, use_threads=False)
        return table if chosen is None else table.filter(chosen)


@contextmanager
def _away() -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise StoreAwayError(f"the archive: {error}"[:200]) from error


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
