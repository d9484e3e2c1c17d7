"""What a database is asked for, so that it joins the values of many events: a statement for each kind of database.

A statement's answer is one row: how many events there are, and blocks for `parting`. Columns whose values repeat
themselves together are joined row by row, as there are few different rows of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import (
    DateTime,
    Integer,
    LargeBinary,
    String,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)

from maximalab_hub.store.arrow import CODED, TIME
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.parting import BETWEEN, MISSING, SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, Select

_EVENT: Final = EventRow.__table__
_EACH_OFTEN: Final = frozenset({"user", "server", "cell_id"})
"""Coded columns that make too many different rows with the others."""
_MISSING: Final[ColumnElement[str]] = literal_column(f"'{MISSING}'")
_SEPARATOR: Final[ColumnElement[str]] = literal_column(f"'{SEPARATOR}'")
_BETWEEN: Final[ColumnElement[str]] = literal_column(f"'{BETWEEN}'")
_NO_BYTES: Final[ColumnElement[bytes]] = literal_column("CAST('' AS bytea)")
NEVER: Final = {"sqlite": "", "postgresql": "-infinity"}
ALWAYS: Final = {"sqlite": "~", "postgresql": "infinity"}
"""Before and after every moment, as texts."""


class Layout(NamedTuple):
    """Which columns are joined each alone, and which together."""

    alone: tuple[str, ...]
    together: tuple[str, ...]


def layout_of(schema: Any) -> Layout:  # noqa: ANN401  pyarrow has no types
    """Divide the columns of a table."""
    together = tuple(one.name for one in schema if one.type == CODED and one.name not in _EACH_OFTEN)
    return Layout(tuple(name for name in schema.names if name not in together), together)


def within(after: Any, until: Any, dialect: str) -> ColumnElement[bool]:  # noqa: ANN401  texts, or columns of them
    """Keep to a span: moments after the first, up to and with the second."""
    if dialect == "postgresql":
        after, until = (cast(one, DateTime(timezone=True)) for one in (after, until))
    at = moment_in(dialect)
    return and_(at > after, at <= until)


def moment_in(dialect: str) -> ColumnElement[Any]:
    """Give an event's moment as it is compared with the ends of a span."""
    return type_coerce(_EVENT.c.at, String) if dialect == "sqlite" else _EVENT.c.at


def joined(schema: Any, conditions: Collection[ColumnElement[bool]], dialect: str) -> Select[Any]:  # noqa: ANN401
    """Ask for how many events a span has, and for their values; it lies between `after` and `until`."""
    layout = layout_of(schema)
    after, until = (bindparam(name, "", String) for name in ("after", "until"))
    if dialect == "sqlite":
        return _by_sqlite(layout, conditions, after, until)
    blocks = [
        _sent(name) if schema.field(name).type == TIME else _as_bytes(_text(name)) for name in layout.alone
    ]
    if layout.together:
        blocks.append(_as_bytes(func.concat_ws(_BETWEEN, *map(_text, layout.together))))
    asked: Select[Any] = select(func.count(), *blocks)  # type: ignore[assignment]
    return asked.where(within(after, until, dialect), *conditions)


def _sent(name: str) -> ColumnElement[bytes]:
    """Join moments as PostgreSQL sends them, which costs it less than to write them."""
    found: ColumnElement[bytes] = func.string_agg(func.timestamptz_send(_EVENT.c[name]), _NO_BYTES)
    return found


def _as_bytes(values: ColumnElement[Any]) -> ColumnElement[bytes]:
    found: ColumnElement[bytes] = func.convert_to(func.string_agg(values, _SEPARATOR), "UTF8")
    return found


def _text(name: str) -> ColumnElement[Any]:
    column = _EVENT.c[name]
    value = cast(cast(column, Integer), Text) if column.type.python_type is bool else cast(column, Text)
    return func.coalesce(value, _MISSING) if column.nullable else value


def _by_sqlite(
    layout: Layout,
    conditions: Collection[ColumnElement[bool]],
    after: ColumnElement[str],
    until: ColumnElement[str],
) -> Select[Any]:
    """Ask so that each block has a value more than there are events, all of it missing.

    A text of SQLite may end too early, at a zero; one that is whole ends with that value, which a second, empty span
    adds. No question within a question gives the rows, for to copy them would take longer than all the rest.
    """
    one = select(after.label("after"), until.label("until"))
    always: ColumnElement[str] = literal_column(f"'{ALWAYS['sqlite']}'")
    never: ColumnElement[str] = literal_column(f"'{NEVER['sqlite']}'")
    none = select(always, never)
    both = one.union_all(none).subquery()
    values: list[ColumnElement[Any]] = [func.ifnull(_EVENT.c[name], _MISSING) for name in layout.alone]
    if layout.together:
        values.append(func.json_array(*(_EVENT.c[name] for name in layout.together)))
    blocks = [cast(func.group_concat(one, _SEPARATOR), LargeBinary) for one in values]
    theirs = and_(within(both.c.after, both.c.until, "sqlite"), *conditions)
    asked: Select[Any] = select(func.count(_EVENT.c.event_id), *blocks)  # type: ignore[assignment]
    return asked.select_from(both.outerjoin(_EVENT, theirs))


def last_values(layout: Layout) -> Sequence[str]:
    """Give the value that each of SQLite's blocks has to end with."""
    nothing = f"[{','.join(['null'] * len(layout.together))}]"
    return [*([MISSING] * len(layout.alone)), *([nothing] if layout.together else [])]
