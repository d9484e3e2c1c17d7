"""The lock between those who store events and those who take stored ones away; of PostgreSQL alone.

SQLite's transactions that write come one after another anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOCK: Final = 7_306_641_906
"""Any number of our own: PostgreSQL's advisory lock between those who store events and those who erase."""
HOLD_OFF_ERASURE: Final = f"SELECT pg_advisory_xact_lock_shared({_LOCK})"
"""The same for whoever speaks to PostgreSQL's driver itself."""


def hold_off_erasure(connection: Connection) -> None:
    """Let nobody be erased until this transaction's end; those who store events do not wait for each other."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _LOCK})


def hold_everybody_off(connection: Connection) -> None:
    """Wait until nobody stores events, and let nobody begin, until this transaction's end."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
