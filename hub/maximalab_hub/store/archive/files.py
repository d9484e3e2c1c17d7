"""Writes a month's file: sorted, compressed, on the disk for certain, and read back before anybody believes it.

Rows come in the order of UTC day, user, time and id. A row group holds whole days, so that a question about a day or a
week opens few of them.
"""

from __future__ import annotations

import os
from hashlib import file_digest, sha256
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from maximalab_hub.store.archive.places import Archived
from maximalab_hub.store.arrow import SCHEMA
from maximalab_hub.store.engine import StoreAwayError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from maximalab_hub.store.archive.months import Month

ROWS_IN_A_GROUP: Final = 32_768
"""With more, the days that wait are written as a row group."""
_ORDER: Final = [(name, "ascending") for name in ("user", "at", "event_id")]


def write_month(path: Path, month: Month, days: Iterable[Any], now: datetime) -> Archived:
    """Write the days' events, in order of days, to a file that is not there yet; say what it holds.

    The file appears whole or not at all. Raises `StoreAwayError` where it cannot be written, or reads back otherwise
    than it was written.
    """
    part = path.with_name(path.name + ".part")
    try:
        digests, rows, last_id = _write(part, days)
        if _digests_in(part) != digests:
            raise StoreAwayError(f"{part} reads back otherwise than it was written: look at the disk")
        digest = _sha256(part)
        part.replace(path)
        _sync_folder(path.parent)
    except (OSError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreAwayError(f"the archive's file {path} cannot be written: {reason}"[:200]) from error
    return Archived(month, path, digest, rows, last_id, now)


def events_in(path: Path) -> Iterator[Any]:
    """Give the events of a file of this kind, some thousand at a time, in its order. Raises `StoreAwayError`."""
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(ROWS_IN_A_GROUP):
                yield pa.Table.from_batches([batch]).cast(SCHEMA)
    except (OSError, pa.ArrowException) as error:
        raise StoreAwayError(f"the archive's file {path} cannot be read: {error}"[:200]) from error


def _write(part: Path, days: Iterable[Any]) -> tuple[list[str], int, str]:
    """Write, and make sure that it is on the disk; give a digest of each row group, the rows, the largest id."""
    digests: list[str] = []
    rows, last_id = 0, ""
    handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        with pq.ParquetWriter(file, SCHEMA, compression="zstd", version="2.6") as writer:
            for group in _groups(days):
                writer.write_table(group, row_group_size=len(group))
                digests.append(_digest(group))
                rows += len(group)
                last_id = max(last_id, pc.max(group.column("event_id")).as_py())
        file.flush()
        os.fsync(file.fileno())
    return digests, rows, last_id


def _groups(days: Iterable[Any]) -> Iterator[Any]:
    waiting: list[Any] = []
    for day in days:
        waiting.append(day.select(SCHEMA.names).cast(SCHEMA).sort_by(_ORDER))
        if sum(map(len, waiting)) >= ROWS_IN_A_GROUP:
            yield pa.concat_tables(waiting).combine_chunks()
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()


def _digests_in(path: Path) -> list[str]:
    with pq.ParquetFile(path) as file:
        return [_digest(file.read_row_group(n)) for n in range(file.num_row_groups)]


def _digest(group: Any) -> str:  # noqa: ANN401  pyarrow has no types
    """Digest values, however they lie in memory; what is missing differs from an empty text."""
    sink = pa.BufferOutputStream()
    csv.write_csv(group, sink, csv.WriteOptions(include_header=False, quoting_style="needed"))
    return sha256(sink.getvalue()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make sure that the file's name is on the disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
