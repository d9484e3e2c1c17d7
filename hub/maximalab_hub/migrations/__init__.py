"""Bring a store's tables to the newest version, step by step, by several processes at once if need be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import inspect, text

from maximalab_hub.store.engine import reading, writing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Engine

VERSION_TABLE = "maximalab_alembic_version"
"""Where a store's version is kept: JupyterHub keeps its own in `alembic_version`, perhaps in the same database."""

_LOCK = 7_306_641_905
"""Any number of our own: the advisory lock under which PostgreSQL stores are upgraded."""


@dataclass(frozen=True, slots=True)
class Chain:
    """One store's migrations, and the table that keeps its version; two stores may share a database."""

    folder: Path
    version_table: str


USAGE = Chain(Path(__file__).parent, VERSION_TABLE)
VPN = Chain(Path(__file__).parents[1] / "vpn" / "migrations", "maximalab_vpn_alembic_version")
"""The store of the VPN's devices."""

DERIVED = frozenset(
    {"derivation", "setting_span", "work_session", "start_count", "start_course", "start_change"}
)
"""Tables that are made anew from the others at any time."""


class UnknownVersionError(Exception):
    """The store is at a version that this program does not know; the text says which."""


class WouldLoseError(Exception):
    """The way back would drop tables with rows in them; the text names them."""

    def __init__(self, lost: Mapping[str, int]) -> None:
        super().__init__(", ".join(sorted(lost)))


_PATIENCE_SECONDS = 60
"""How long one upgrade waits for another one's end."""


def upgrade(engine: Engine, chain: Chain = USAGE) -> None:
    """Bring the store to the newest version; a store that is there already is left alone.

    All steps happen in one transaction under a lock, so a second process waits and then finds nothing to do, and
    a step that fails leaves the store as it was. Raises `maximalab_hub.store.engine.StoreAwayError`, and
    `UnknownVersionError` for a store that a newer version of this program has made.
    """
    with writing(engine, _PATIENCE_SECONDS) as connection:
        _take_lock(connection)
        config = _config(chain)
        config.attributes["connection"] = connection
        if chain is USAGE and _is_an_early_store(connection):
            connection.execute(text("DROP TABLE alembic_version"))
            command.stamp(config, "0001")
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise UnknownVersionError(
                f"the store is at {context_of(connection, chain).get_current_revision()}, which a newer version of this"
                f" program has made; this one knows it up to {newest(chain)}"
            ) from error


def downgrade(engine: Engine, to: str, chain: Chain = USAGE, *, lose: bool = False) -> None:
    """Take the store back to an older version, all in one transaction.

    Raises `WouldLoseError` where a table that goes holds rows, unless `lose` says that they may go; `StoreAwayError`.
    """
    with writing(engine, _PATIENCE_SECONDS) as connection:
        _take_lock(connection)
        rows = {table: _rows(connection, table) for table in inspect(connection).get_table_names()}
        config = _config(chain)
        config.attributes["connection"] = connection
        try:
            command.downgrade(config, to)
        except CommandError as error:
            raise UnknownVersionError(f"there is no way back to {to!r}: {error}") from error
        left = set(inspect(connection).get_table_names()) | DERIVED
        lost = {table: number for table, number in rows.items() if number and table not in left}
        if lost and not lose:
            raise WouldLoseError(lost)


def _rows(connection: Connection, table: str) -> int:
    """Count a table's rows, the first thousand: whether there are any is what matters."""
    quoted = connection.dialect.identifier_preparer.quote(table)
    return int(
        connection.execute(
            text(f"SELECT count(*) FROM (SELECT 1 FROM {quoted} LIMIT 1000) AS first")  # noqa: S608  a table's own name
        ).scalar_one()
    )


def current(engine: Engine, chain: Chain = USAGE) -> str | None:
    """Say which version the store has; None means that it has no tables yet. Raises `StoreAwayError`."""
    with reading(engine) as connection:
        return context_of(connection, chain).get_current_revision()


def context_of(connection: Connection, chain: Chain = USAGE) -> MigrationContext:
    """Give Alembic's view of the store: its version, and what in it differs from the models."""
    return MigrationContext.configure(
        connection,
        opts={"version_table": chain.version_table, "compare_type": True, "include_name": _is_ours},
    )


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Leave the partitions of the table of events out: they come and go."""
    return kind != "table" or not (name or "").startswith("event_")


def newest(chain: Chain = USAGE) -> str:
    """Say which version this program needs."""
    head = ScriptDirectory.from_config(_config(chain)).get_current_head()
    if head is None:
        raise RuntimeError("the package holds no migrations: install it again")
    return head


def _config(chain: Chain = USAGE) -> Config:
    config = Config()
    config.attributes["version_table"] = chain.version_table
    # Configuration values know `%`-interpolation, and a path may hold a `%`.
    config.set_main_option("script_location", str(chain.folder).replace("%", "%%"))
    return config


def _take_lock(connection: Connection) -> None:
    """Wait for any other upgrade. SQLite has its write lock from the beginning."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE_SECONDS}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _is_an_early_store(connection: Connection) -> bool:
    """Whether a lab made this store before 0.1.0, and `alembic_version` is ours: the hub's look otherwise."""
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE in tables or not {"alembic_version", "event"} <= tables:
        return False
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == ["0001"]
