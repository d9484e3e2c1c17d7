"""The store of a lab's events and its archive, as the settings name them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from maximalab_hub.store.engine import open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from maximalab_hub.settings import Settings


def usage_engine(settings: Settings) -> Engine:
    """Open the store for a part that lives as long as its process. Raises `StoreUrlError`."""
    return open_engine(settings.usage.db_url, archive=settings.usage.archive_dir)


@contextmanager
def usage_store(settings: Settings) -> Iterator[Engine]:
    """Open the store for as long as a command takes. Raises `StoreUrlError`."""
    engine = usage_engine(settings)
    try:
        yield engine
    finally:
        engine.dispose()
