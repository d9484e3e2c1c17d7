"""Columns of events out of a database, some ten thousand values at a time: it joins them, and arrays part them again.

A Python object for each value costs more than all else. So one question gives, for a span of time, one text a column
with all of its values in it (`joining`), and arrays find where each begins (`parting`). A value with our own separator
in it, or with a zero, at which SQLite ends a text, makes another number of values than there are rows: such a span is
read row by row. So is one whose values together are more than a database lets a text be.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from sqlalchemy import ColumnClause, String, bindparam, literal_column, select
from sqlalchemy.sql import operators, visitors

from maximalab_hub.store import parting
from maximalab_hub.store.arrow import TIME
from maximalab_hub.store.fixed import driver_of
from maximalab_hub.store.joining import ALWAYS, NEVER, joined, last_values, layout_of, moment_in, within
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.rowwise import driver_values

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

_EVENT: Final = EventRow.__table__
_SELECTIVE: Final = {"event_id", "boot_id", "user", "course"}
"""Columns with which an index begins, so that a condition on one may leave few events, and find them at once."""

Span = tuple[str, str]
"""Moments after the first, up to and with the second, as texts that the database reads."""


def spans(connection: Connection, conditions: Collection[ColumnElement[bool]], rows: int) -> Iterator[Span]:
    """Divide all time into spans with at most so many events each (more only where they share one moment)."""
    dialect = connection.dialect.name
    if any(_named(one) & _SELECTIVE for one in conditions) and not _more_than(connection, conditions, rows):
        yield NEVER[dialect], ALWAYS[dialect]
        return
    narrow = [one for one in conditions if _in_order(one)]
    at, later = moment_in(dialect), within(bindparam("after", "", String), ALWAYS[dialect], dialect)
    step = select(at).where(later, *narrow).order_by(at)
    ask = _Asked(connection, step.limit(1).offset(rows - 1))
    after = NEVER[dialect]
    while after != ALWAYS[dialect]:
        found = ask(after=after)
        end = _as_text(found[0]) if found else ALWAYS[dialect]
        yield after, end
        after = end


def _as_text(moment: Any) -> str:  # noqa: ANN401  SQLite's driver gives a text, PostgreSQL's a moment
    return moment if isinstance(moment, str) else str(moment.isoformat())


def _named(condition: ColumnElement[bool]) -> set[str]:
    return {one.name for one in visitors.iterate(condition) if isinstance(one, ColumnClause)}


def _in_order(condition: ColumnElement[bool]) -> bool:
    """Say whether an index gives what fulfils the condition in the order of time."""
    names = _named(condition)
    return names == {"at"} or (names == {"course"} and getattr(condition, "operator", None) is operators.eq)


def _more_than(connection: Connection, conditions: Collection[ColumnElement[bool]], rows: int) -> bool:
    return _beyond(connection, conditions, rows)() is not None


def _beyond(connection: Connection, conditions: Collection[ColumnElement[bool]], rows: int) -> _Asked:
    found: Select[Any] = (
        select(literal_column("1")).select_from(_EVENT).where(*conditions).limit(1).offset(rows)
    )
    return _Asked(connection, found)


class Blocks:
    """Asks for the columns of this schema under the same conditions, span after span."""

    def __init__(
        self,
        connection: Connection,
        schema: Any,  # noqa: ANN401  pyarrow has no types
        conditions: Collection[ColumnElement[bool]],
        most: int,
    ) -> None:
        self._schema, self._layout, self._dialect = schema, layout_of(schema), connection.dialect.name
        if self._dialect == "postgresql":
            # Helpers are started for each span anew, which costs more than they take off.
            driver_of(connection).execute("SET LOCAL max_parallel_workers_per_gather = 0").close()
        self._ask = _Asked(connection, joined(schema, conditions, self._dialect))
        theirs = within(bindparam("after", "", String), bindparam("until", "", String), self._dialect)
        self._too_many = _beyond(connection, [theirs], most)

    def of(self, span: Span) -> Any:  # noqa: ANN401  pyarrow has no types
        """Give the span's events, in any order; `None` where they have to be read row by row."""
        if self._is_crowded(span):
            return None
        try:
            count, *blocks = self._ask(after=span[0], until=span[1])
        except sqlite3.DataError:
            # A gigabyte of one column: a span has as many events as share a moment, and anybody may claim that.
            return None
        if not count:
            return self._schema.empty_table()
        columns = self._columns([*map(self._ended, blocks, last_values(self._layout))], count)
        return pa.table(columns).select(self._schema.names).cast(self._schema) if columns else None

    def _is_crowded(self, span: Span) -> bool:
        """Say whether many events share a moment: PostgreSQL ends the transaction where it cannot join them."""
        whole = (NEVER["postgresql"], ALWAYS["postgresql"])  # `spans` has counted what is in that
        there = self._dialect == "postgresql" and span != whole
        return there and self._too_many(after=span[0], until=span[1]) is not None

    def _ended(self, block: bytes, last: str) -> bytes:
        """Have a separator behind each value; a block of SQLite's that does not end as it has to is none."""
        if self._dialect == "postgresql":
            return block + parting.SEPARATOR.encode()
        return block[: -len(last)] if block.endswith(last.encode()) else b""

    def _columns(self, blocks: Sequence[bytes], count: int) -> dict[str, Any] | None:
        alone, together = self._layout
        found = {name: self._column(name, block, count) for name, block in zip(alone, blocks, strict=False)}
        if together:
            apart = parting.values_of_row if self._dialect == "postgresql" else parting.values_of_json
            columns = parting.columns_of(blocks[-1], count, apart, len(together))
            found |= dict(zip(together, columns or [None] * len(together), strict=True))
        return None if any(one is None for one in found.values()) else found

    def _column(self, name: str, block: bytes, count: int) -> Any:  # noqa: ANN401
        kind = self._schema.field(name).type
        if kind == TIME and self._dialect == "postgresql":
            return parting.moments_of(block, count)
        return parting.column_of(block, count, kind)


class _Asked:
    """A statement whose answer is one row, put together once."""

    def __init__(self, connection: Connection, statement: Select[Any]) -> None:
        compiled: Any = statement.compile(
            dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
        )
        self._driver, self._text = driver_of(connection), str(compiled)
        self._names, self._values = compiled.positiontup, driver_values(compiled)

    def __call__(self, **values: str) -> Any:  # noqa: ANN401
        with closing(self._executed({**self._values, **values})) as cursor:
            return cursor.fetchone()

    def _executed(self, values: dict[str, Any]) -> Any:  # noqa: ANN401  the driver's own cursor
        if self._names is None:
            return self._driver.execute(self._text, values, binary=True)
        return self._driver.execute(self._text, [values[name] for name in self._names])
