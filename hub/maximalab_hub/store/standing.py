"""A connection that stands from one transaction to the next, for small posts and by the driver's own words.

To take one out of SQLAlchemy's pool, begin, end and put it back cost a fifth of what the database does for a post.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import finalize

from maximalab_hub.store.engine import DATABASE_ERRORS, StoreAwayError, reason_of
from maximalab_hub.store.fixed import Driver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine, PoolProxiedConnection


class Standing:
    """One connection to a store, taken when it is first needed and given back where anything went wrong with it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: list[PoolProxiedConnection] = []
        finalize(self, _give_back, self._kept)

    @contextmanager
    def writing(self) -> Iterator[Driver]:
        """Give the driver in a transaction that may write; all of it is kept at the end, or nothing.

        Raises `StoreAwayError` where no transaction can be begun, and else what the driver raises.
        """
        driver = self._begun()
        try:
            yield driver
            driver.connection.commit()
        except BaseException:
            self.give_back()  # with it goes all that was written
            raise

    def give_back(self) -> None:
        """Let the connection go; the next transaction takes another."""
        _give_back(self._kept)

    def _begun(self) -> Driver:
        try:
            if not self._kept:
                self._kept.append(self._engine.raw_connection())
            driver = Driver(self._engine.dialect, self._kept[0].driver_connection)
            if not driver.is_postgresql:  # which begins by itself
                driver.connection.execute("BEGIN IMMEDIATE").close()
        except DATABASE_ERRORS as error:
            self.give_back()
            raise StoreAwayError(reason_of(error)) from error
        return driver


def _give_back(kept: list[PoolProxiedConnection]) -> None:
    while kept:
        kept.pop().close()
