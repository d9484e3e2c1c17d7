"""Asks the archive's files what the table of events is asked: the same statement, by DuckDB.

DuckDB reads PostgreSQL's SQL, so that nobody writes a query twice; what a query means stands once, where it stood.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql.base import PGDialect, PGIdentifierPreparer
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from maximalab_hub.store.archive.merging import in_order
from maximalab_hub.store.archive.places import Archived, archived_months
from maximalab_hub.store.arrow import SCHEMA
from maximalab_hub.store.engine import StoreAwayError
from maximalab_hub.store.models import EventRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    import duckdb
    from sqlalchemy import ColumnElement, Connection, Row

ROWS_AT_ONCE: Final = 32_768
_DAY: Final = 86_400_000_000
"""In microseconds."""


class _Quoted(PGIdentifierPreparer):
    """Puts every name in quotes: `at` and `user` are words of DuckDB's own."""

    def _requires_quotes(self, value: str) -> bool:
        del value
        return True


class _DuckDialect(PGDialect):
    preparer = _Quoted


_DIALECT: Final[Any] = _DuckDialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class Archive:
    """The files of some months, in order."""

    def __init__(self, months: Sequence[Archived]) -> None:
        self.months = months

    @property
    def end(self) -> datetime:
        """The first moment after the last archived month."""
        return self.months[-1].month.end

    def rows(self, statement: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401  a select, whatever of
        """Answer a statement about events; moments are aware UTC."""
        columns = [_plain(column) for column in self.table(statement).columns]
        return list(zip(*columns, strict=True))

    def table(self, statement: Any) -> Any:  # noqa: ANN401
        """Answer a statement about events as an Arrow table."""
        with _asked([one.path for one in self.months], statement) as relation:
            return relation.to_arrow_table()

    def events(self, conditions: Collection[ColumnElement[bool]] = ()) -> Iterator[Row[Any]]:
        """Give the events under the conditions as the database gives them, ordered by time and id."""
        for table in self.ordered(SCHEMA.names, conditions):
            columns = [_plain(column) for column in table.columns]
            yield from event_rows(zip(*columns, strict=True))

    def ordered(
        self, columns: Sequence[str], conditions: Collection[ColumnElement[bool]] = ()
    ) -> Iterator[Any]:
        """Give these columns, `at` and `event_id` among them, as tables, ordered by time and id."""
        for table in whole_days(self.tables(columns, conditions)):
            yield in_order(table)

    def tables(
        self, columns: Sequence[str], conditions: Collection[ColumnElement[bool]] = ()
    ) -> Iterator[Any]:
        """Give these columns of the events under the conditions in the files' order: by day, user, time and id."""
        every = EventRow.__table__.columns
        statement = select(*(every[name] for name in columns)).where(*conditions)
        schema = pa.schema([SCHEMA.field(name) for name in columns])
        with _asked([one.path for one in self.months], statement) as relation:
            for batch in relation.to_arrow_reader(ROWS_AT_ONCE):
                if len(batch):
                    yield pa.Table.from_batches([batch]).cast(schema)


def event_rows(values: Iterable[tuple[Any, ...]]) -> Iterator[Row[Any]]:
    """Make rows of the table `event`, as the database gives them, of the values of its columns in order."""
    place = SCHEMA.get_field_index("detail")
    read = ((*one[:place], json.loads(one[place]), *one[place + 1 :]) for one in values)
    rows: Iterator[Any] = iter(IteratorResult(SimpleResultMetaData(SCHEMA.names), read))
    yield from rows


def archive_of(
    connection: Connection, since: datetime | None = None, until: datetime | None = None
) -> Archive | None:
    """Give the archive where it may hold an event with `since` <= at < `until`; else None."""
    months = [
        one
        for one in archived_months(connection)
        if (since is None or one.month.end > since) and (until is None or one.month.start < until)
    ]
    return Archive(months) if months else None


def everywhere(
    connection: Connection,
    statement: Any,  # noqa: ANN401
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[tuple[Any, ...]]:
    """Answer a statement about events from the table and from the archive: what grouped comes in two parts."""
    rows = [tuple(row) for row in connection.execute(statement)]
    archive = archive_of(connection, since, until)
    return rows if archive is None else [*rows, *archive.rows(statement)]


def by_day(tables: Iterator[Any]) -> Iterator[Any]:
    """Divide tables that come in the order of days into one table for each day."""
    for table in whole_days(tables):
        days = _days(table)
        for start, end in pairwise([0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), len(days)]):
            yield table.slice(start, end - start)


def whole_days(tables: Iterator[Any]) -> Iterator[Any]:
    """Divide tables that come in the order of days anew, so that no day lies in two of them."""
    waiting: list[Any] = []
    most = ROWS_AT_ONCE
    for table in tables:
        waiting.append(table)
        if sum(map(len, waiting)) < most:
            continue
        together = pa.concat_tables(waiting)
        days = _days(together)
        border = int(np.searchsorted(days, days[-1]))
        if border:
            yield together.slice(0, border)
        waiting = [together.slice(border)]
        most = max(ROWS_AT_ONCE, 2 * (len(together) - border))
    if waiting:
        yield pa.concat_tables(waiting)


def _days(table: Any) -> Any:  # noqa: ANN401  pyarrow has no types
    return table.column("at").cast(pa.int64()).to_numpy() // _DAY


@contextmanager
def _asked(paths: Sequence[Any], statement: Any) -> Iterator[Any]:  # noqa: ANN401
    """Ask files; errors of DuckDB's, whenever they come, are `StoreAwayError`."""
    import duckdb  # noqa: PLC0415  loads for a second: only where there is an archive

    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    processors: Any = compiled._bind_processors  # noqa: SLF001  what SQLAlchemy itself does before it executes
    values = [
        processors[name](compiled.params[name]) if name in processors else compiled.params[name]
        for name in compiled.positiontup or ()
    ]
    files = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    asked = f'WITH "event" AS (SELECT * FROM read_parquet([{files}])) {compiled}'  # noqa: S608  the archive's names
    try:
        with _database().cursor() as cursor:
            yield cursor.sql(asked, params=values)
    except duckdb.Error as error:
        lines = str(error).strip().splitlines() or [""]
        raise StoreAwayError(f"the archive: {lines[0]}"[:200]) from error


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One DuckDB in memory for the process; each question has a cursor of its own."""
    import duckdb  # noqa: PLC0415  see above

    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    # Nothing personal is written beside the archive, and nothing is fetched from anywhere. Most questions are small,
    # and one thread answers them soonest where others work, too.
    database = duckdb.connect(":memory:", config={"temp_directory": "", "threads": 1, **offline})
    database.execute("SET GLOBAL TimeZone = 'UTC'")
    return database


def _plain(column: Any) -> list[Any]:  # noqa: ANN401
    values: list[Any] = column.to_pylist()
    if pa.types.is_timestamp(column.type):
        return [None if value is None else value.astimezone(UTC) for value in values]
    if pa.types.is_decimal(column.type):
        return [None if value is None else int(value) for value in values]
    return values
