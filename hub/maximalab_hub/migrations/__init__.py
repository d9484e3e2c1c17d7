"""Bring a store's tables to the newest version, step by step, by several processes at once if need be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from maximalab_hub.store.engine import reading, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_LOCK = 7_306_641_905
"""Any number of our own: the advisory lock under which PostgreSQL stores are upgraded."""

_PATIENCE_SECONDS = 60
"""How long one upgrade waits for another one's end."""


def upgrade(engine: Engine) -> None:
    """Bring the store to the newest version; a store that is there already is left alone.

    All steps happen in one transaction under a lock, so a second process waits and then finds nothing to do,
    and a
    step that fails leaves the store as it was. Raises `maximalab_hub.store.engine.StoreAwayError`.
    """
    with writing(engine) as connection:
        _take_lock(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def current(engine: Engine) -> str | None:
    """Say which version the store has; None means that it has no tables yet. Raises `StoreAwayError`."""
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """Say which version this program needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("the package holds no migrations: install it again")
    return head


def _config() -> Config:
    config = Config()
    # Configuration values know `%`-interpolation, and a path may hold a `%`.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def _take_lock(connection: Connection) -> None:
    """Wait for any other upgrade. SQLite has its write lock from the beginning."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE_SECONDS}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
