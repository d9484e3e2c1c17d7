"""What the service does by itself: it removes what is older than the settings allow or left by a crash, and counts.

The one once a day, the other every few minutes: what came of senders' starts, so that pages need not.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from fastapi.concurrency import run_in_threadpool

from maximalab_hub.retention import cutoffs
from maximalab_hub.service.own_events import log_names_of
from maximalab_hub.store.archive.places import tidy_up
from maximalab_hub.store.engine import StoreAwayError
from maximalab_hub.store.partitions import keep as keep_partitions
from maximalab_hub.store.retaining import retain
from maximalab_hub.store.startcounts import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from maximalab_hub.settings import Settings

log = logging.getLogger(__name__)

DAY_SECONDS: Final = 86_400.0
AGAIN_SECONDS: Final = 3_600.0
"""After how long to come again where the store was away."""

COUNT_SECONDS: Final = 300.0
"""Between two counts; what came since the last one, each page counts for itself."""


async def every_few_minutes(engine: Engine) -> None:
    """Count what came of starts, now and every few minutes; ends by being cancelled."""
    while True:
        await run_in_threadpool(count_starts, engine)
        await asyncio.sleep(COUNT_SECONDS)


def count_starts(engine: Engine) -> None:
    """Count what came of starts since they were counted; where the store is away, the next time will do."""
    try:
        settle(engine)
    except StoreAwayError as error:
        log.warning("counting of starts put off: %s", error)
    except Exception:  # a fault of ours must not end the counting until the next start of the service
        log.exception("counting of starts failed; it is tried again in %d s", COUNT_SECONDS)


async def every_day(settings: Settings, engine: Engine, removed: Callable[[], object]) -> None:
    """Remove what is too old, now and once a day, and call `removed` then; ends by being cancelled."""
    while True:  # noqa: ASYNC110  nobody wakes it: it is time that passes
        await asyncio.sleep(await run_in_threadpool(once, settings, engine, removed))


def once(settings: Settings, engine: Engine, removed: Callable[[], object]) -> float:
    """Remove what is too old, and call `removed` where there was any; say after how many seconds to do so again."""
    now = datetime.now(UTC)
    try:
        for month in keep_partitions(engine, now):
            log.info("the store has a partition for the events of %s", month)
        tidy_up(engine)
        rows = retain(engine, cutoffs(settings.retention, now), log_names_of(settings), now)
    except StoreAwayError as error:
        log.warning("retention put off: %s", error)
        return AGAIN_SECONDS
    if rows:
        removed()
        log.info("retention removed %s", ", ".join(f"{count} of {name}" for name, count in rows.items()))
    return DAY_SECONDS
