"""Statements that never change, run on the driver itself: SQLAlchemy's own way costs more than such a question.

They are written in SQLAlchemy's words all the same, and put together once for each kind of database. What the driver
raises, `engine.writing` and `engine.reading` tell as `StoreAwayError`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Dialect, Select


class Driver(NamedTuple):
    """A driver's own connection, in a transaction, and which database it speaks to."""

    dialect: Dialect
    connection: Any
    """`sqlite3.Connection` or `psycopg.Connection`: two drivers, no common type."""

    @property
    def is_postgresql(self) -> bool:
        """Whether it is PostgreSQL, and not SQLite."""
        return self.dialect.name == "postgresql"


class Fixed:
    """One statement that asks; its values have the names of its `bindparam`s."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._text = cache(self._put_together)

    def ask(self, driver: Driver, values: Mapping[str, Any]) -> Any:  # noqa: ANN401  the driver's own cursor
        """Give the cursor with the answer, whose values are the driver's."""
        text, ordered = self._text(driver.dialect)
        return driver.connection.execute(text, ordered(values))

    def _put_together(self, dialect: Dialect) -> tuple[str, Callable[[Mapping[str, Any]], Any]]:
        compiled: Any = self._statement.compile(dialect=dialect)
        names, own = compiled.positiontup, compiled.params
        if names is None:
            return str(compiled), lambda values: {**own, **values}
        return str(compiled), lambda values: [values.get(name, own[name]) for name in names]


def driver_of(connection: Connection) -> Any:  # noqa: ANN401  two drivers, no common type
    """Give the driver's connection beneath one of `engine.writing`."""
    return connection.connection.driver_connection
