"""Events from files of this lab's or another's: read, checked line by line, and taken in once.

A file holds events as a store keeps them: Parquet as the archive writes it, or JSON lines with the same names. What is
here already, in the table or in the archive, stays as it is; what was erased is not taken in again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from maximalab_hub.erasure import erased_before
from maximalab_hub.events import Kind, Source
from maximalab_hub.store.arrow import SCHEMA, TIME
from maximalab_hub.store.engine import writing
from maximalab_hub.store.erasing import erased_moments
from maximalab_hub.store.erasure_lock import hold_off_erasure
from maximalab_hub.store.load import load_events
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.queries import ServerMoment, insert_server_moments

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from maximalab_hub.privacy import Pseudonyms

ROWS_AT_ONCE: Final = 20_000
_TIMES: Final = tuple(one.name for one in SCHEMA if one.type == TIME)
_WORDS: Final = {"kind": frozenset(map(str, Kind)), "source": frozenset(map(str, Source))}
_PATIENCE: Final = 60.0


class IncomingError(Exception):
    """A file cannot be taken in; the text says where in it, why, and what to do."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a file's events."""

    new: int = 0
    known: int = 0
    erased: int = 0
    """Of people whose records up to then were erased here: not taken in."""

    def __add__(self, other: TakenIn) -> TakenIn:
        """Count together."""
        return TakenIn(self.new + other.new, self.known + other.known, self.erased + other.erased)


def incoming_events(path: Path) -> Iterator[Any]:
    """Read a file of events, some thousand at a time, as tables of `store.arrow.SCHEMA`. Raises `IncomingError`."""
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
        yield from _from_parquet(path) if parquet else _from_lines(path)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise IncomingError(f"{path}: this cannot be read as Parquet or JSON lines: {error}"[:300]) from error


def take_in(engine: Engine, events: Any, names: Pseudonyms) -> TakenIn:  # noqa: ANN401  pyarrow has no types
    """Take in a table of events, or nothing of it; `names` are the export log's. Raises `StoreAwayError`."""
    with writing(engine, _PATIENCE) as connection:
        hold_off_erasure(connection)
        kept = _not_erased(connection, events, names)
        new = load_events(connection, kept)
        insert_server_moments(connection, _moments_in(kept))
    return TakenIn(new, len(kept) - new, len(events) - len(kept))


def _from_parquet(path: Path) -> Iterator[Any]:
    with pq.ParquetFile(path) as file:
        _check_names(path, file.schema_arrow.names)
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=SCHEMA.names):
            table = pa.Table.from_batches([batch]).select(SCHEMA.names).cast(SCHEMA)
            _check(path, table)
            yield table


def _from_lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as file:
        number = 0
        while lines := list(islice(file, ROWS_AT_ONCE)):
            rows = [_row(path, number + n, line) for n, line in enumerate(lines, 1) if line.strip()]
            number += len(lines)
            if rows:
                table = pa.Table.from_pylist(rows, schema=SCHEMA)
                _check(path, table)
                yield table


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
        _check_names(path, values)
        times = {name: _moment(values[name]) for name in _TIMES}
        detail = json.dumps(dict(values["detail"]), ensure_ascii=False)
    except (ValueError, TypeError) as error:
        raise IncomingError(f"{path}, line {number}: {error}; mend it and import the file again") from error
    return {**values, **times, "detail": detail}


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return found


def _check_names(path: Path, found: Any) -> None:  # noqa: ANN401  names, whatever holds them
    missing = [name for name in SCHEMA.names if name not in found]
    if missing and "person" in found:
        raise IncomingError(
            f"{path}: this is a study's export, in which people have pseudonyms; a store takes events as a store"
            " keeps them. Ask the other lab for files of its archive."
        )
    if missing:
        raise IncomingError(f"{path}: the column {missing[0]} is missing; docs/events.md names them all.")


def _check(path: Path, table: Any) -> None:  # noqa: ANN401
    """Refuse what no store of ours would hold."""
    for field in SCHEMA:
        if not field.nullable and table.column(field.name).null_count:
            raise IncomingError(f"{path}: {field.name} is missing in an event")
        longest = getattr(EventRow.__table__.columns[field.name].type, "length", None)
        most = pc.max(pc.utf8_length(table.column(field.name))).as_py() if longest else None
        if most is not None and most > longest:
            raise IncomingError(f"{path}: {field.name} has {most} characters; at most {longest} fit")
    for name, words in _WORDS.items():
        strange = set(table.column(name).unique().to_pylist()) - words
        if strange:
            raise IncomingError(f"{path}: {name} {min(strange)!r} is unknown here; is this lab older?")


def _not_erased(connection: Connection, events: Any, names: Pseudonyms) -> Any:  # noqa: ANN401
    moments = erased_moments(connection, names, events.column("user").unique().to_pylist())
    if not moments:
        return events
    told = zip(*(events.column(name).to_pylist() for name in ("at", "source", "user")), strict=True)
    return events.filter(
        pa.array([not erased_before(at, source, moments.get(user)) for at, source, user in told])
    )


def _moments_in(events: Any) -> list[tuple[str, str, ServerMoment]]:  # noqa: ANN401
    """Give what the hub of the file's lab saw of servers, as when it tells so itself."""
    kinds = pa.array([Kind.SERVER_START.value, Kind.SERVER_STOP.value])
    by_the_hub = pc.equal(events.column("source"), Source.HUB.value)
    of_servers = pc.and_(by_the_hub, pc.is_in(events.column("kind"), kinds))
    rows = events.filter(pc.and_(of_servers, pc.is_valid(events.column("server")))).to_pylist()
    return [
        (
            row["user"],
            row["server"],
            ServerMoment(row["at"], True, row["tier"], row["backend"], row["entrance"])
            if row["kind"] == Kind.SERVER_START
            else ServerMoment(row["at"], False),
        )
        for row in rows
    ]
