"""Columns of events out of SQLite, some ten thousand values at a time: SQLite joins them, and arrays part them again.

A Python object for each value costs more than all else. So one question gives, for a span of time, one text a column
with all of its values in it, and arrays find where each begins. A value with our own separator in it, or with a zero,
at which SQLite ends a text, makes another number of values than there are rows: such a span is read row by row. So is
one whose values together are more than SQLite lets a text be.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import (
    ColumnClause,
    LargeBinary,
    String,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.sql import operators, visitors

from maximalab_hub.store.arrow import CODED, TIME, schema_of
from maximalab_hub.store.fixed import driver_of
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.rowwise import driver_values

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

_SEPARATOR: Final = "\x1f"
_MISSING: Final = f"\x1e{token_urlsafe(8)}"
"""Stands for NULL. It is another in each process, so that nobody can send it as a value."""
_EVENT: Final = EventRow.__table__
_SELECTIVE: Final = {"event_id", "boot_id", "user", "course"}
"""Columns with which an index begins, so that a condition on one may leave few events, and find them at once."""
_NEVER, _ALWAYS = "", "~"
"""Before and after every moment, as texts."""

Span = tuple[str, str]
"""Moments after the first, up to and with the second, as SQLite has them."""


def spans(connection: Connection, conditions: Collection[ColumnElement[bool]], rows: int) -> Iterator[Span]:
    """Divide all time into spans with at most so many events each (more only where they share one moment)."""
    if any(_named(one) & _SELECTIVE for one in conditions) and not _more_than(connection, conditions, rows):
        yield _NEVER, _ALWAYS
        return
    narrow = [one for one in conditions if _in_order(one)]
    at = type_coerce(_EVENT.c.at, String)
    step = select(at).where(at > bindparam("after", "", String), *narrow).order_by(at)
    ask = _Asked(connection, step.limit(1).offset(rows - 1))
    after = _NEVER
    while after != _ALWAYS:
        found = ask(after=after)
        end = found[0] if found else _ALWAYS
        yield after, end
        after = end


def within(after: Any, until: Any) -> ColumnElement[bool]:  # noqa: ANN401  texts, or columns of them
    """Keep to a span."""
    at = type_coerce(_EVENT.c.at, String)
    return and_(at > after, at <= until)


def _named(condition: ColumnElement[bool]) -> set[str]:
    return {one.name for one in visitors.iterate(condition) if isinstance(one, ColumnClause)}


def _in_order(condition: ColumnElement[bool]) -> bool:
    """Say whether an index gives what fulfils the condition in the order of time."""
    names = _named(condition)
    return names == {"at"} or (names == {"course"} and getattr(condition, "operator", None) is operators.eq)


def _more_than(connection: Connection, conditions: Collection[ColumnElement[bool]], rows: int) -> bool:
    found: Select[Any] = (
        select(literal_column("1")).select_from(_EVENT).where(*conditions).limit(1).offset(rows)
    )
    return _Asked(connection, found)() is not None


class Blocks:
    """Asks for the same columns under the same conditions, span after span."""

    def __init__(
        self,
        connection: Connection,
        columns: Sequence[str],
        conditions: Collection[ColumnElement[bool]],
        coded: Collection[str] = (),
    ) -> None:
        self._ask = _Asked(connection, _joined(columns, conditions))
        self._schema = schema_of(columns, coded)

    def of(self, span: Span) -> Any:  # noqa: ANN401  pyarrow has no types
        """Give the span's events, in any order; `None` where they have to be read row by row."""
        try:
            rows, *blocks = self._ask(after=span[0], until=span[1])
        except sqlite3.DataError:
            # A gigabyte of one column: a span has as many events as share a moment, and anybody may claim that.
            return None
        # One value more for each column, or two where there is no row at all: `_joined`.
        parts = [_parted(block, max(rows, 1) + 1) for block in blocks]
        if any(part is None for part in parts):
            return None
        arrays = [
            _typed(part.slice(0, rows), field.type) for part, field in zip(parts, self._schema, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=self._schema)


def _joined(columns: Sequence[str], conditions: Collection[ColumnElement[bool]]) -> Select[Any]:
    """Ask for how many rows a span has, and for each column's values in one.

    A second, empty span adds a row of NULLs to them: a text that is whole ends with that. No question within a
    question gives the rows, for to copy them would take longer than all the rest.
    """
    one = select(bindparam("after", "", String).label("after"), bindparam("until", "", String).label("until"))
    both = one.union_all(select(literal_column(f"'{_ALWAYS}'"), literal_column(f"'{_NEVER}'"))).subquery()
    missing: ColumnElement[str] = literal_column(f"'{_MISSING}'")
    separator: ColumnElement[str] = literal_column(f"'{_SEPARATOR}'")
    texts = [
        cast(func.group_concat(func.ifnull(_EVENT.c[name], missing), separator), LargeBinary)
        for name in columns
    ]
    theirs = and_(within(both.c.after, both.c.until), *conditions)
    asked: Select[Any] = select(func.count(_EVENT.c.event_id), *texts)  # type: ignore[assignment]
    return asked.select_from(both.outerjoin(_EVENT, theirs))


class _Asked:
    """A statement whose answer is one row, put together once."""

    def __init__(self, connection: Connection, statement: Select[Any]) -> None:
        compiled: Any = statement.compile(
            dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
        )
        self._driver, self._text = driver_of(connection), str(compiled)
        self._names, self._values = compiled.positiontup, driver_values(compiled)

    def __call__(self, **values: str) -> Any:  # noqa: ANN401
        placed = [values[name] if name in values else self._values[name] for name in self._names]
        with closing(self._driver.execute(self._text, placed)) as cursor:
            return cursor.fetchone()


def _parted(block: bytes, count: int) -> Any:  # noqa: ANN401
    """Part what was joined; `None` where that is not so many texts."""
    signs = np.frombuffer(block, np.uint8)
    separators = signs == ord(_SEPARATOR)
    ends = np.flatnonzero(separators)
    if len(ends) != count - 1 or not block.endswith(_MISSING.encode()):
        return None
    offsets = np.zeros(count + 1, np.int32)
    offsets[1:-1] = ends - np.arange(len(ends))
    offsets[-1] = len(signs) - len(ends)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(signs[~separators]))


def _typed(texts: Any, kind: Any) -> Any:  # noqa: ANN401
    if kind == CODED:
        return _coded(texts)
    missing = pc.equal(texts, _MISSING)
    found = pc.if_else(missing, pa.scalar(None, pa.string()), texts) if pc.any(missing).as_py() else texts
    if kind == TIME:
        return pc.cast(found, pa.timestamp("us")).view(pa.int64()).view(TIME)
    return pc.equal(found, "1") if pa.types.is_boolean(kind) else pc.cast(found, kind)


def _coded(texts: Any) -> Any:  # noqa: ANN401
    made = texts.dictionary_encode()
    place = pc.index(made.dictionary, _MISSING).as_py()
    if place < 0:
        return made
    places, others = made.indices.to_numpy(), np.arange(len(made.dictionary)) != place
    kept = pa.array(places - (places > place), pa.int32(), mask=places == place)
    return pa.DictionaryArray.from_arrays(kept, made.dictionary.filter(pa.array(others)))
