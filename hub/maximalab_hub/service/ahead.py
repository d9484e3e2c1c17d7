"""Reckons what a reader will probably ask for next, beside all requests: whoever asks then finds it kept."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any

from maximalab_hub.store.engine import StoreAwayError, reading

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sqlalchemy import Engine

    from maximalab_hub.service.kept import Kept, Reckoning

log = logging.getLogger(__name__)


class Ahead:
    """One thread, so that never more than one processor is taken from those who wait for an answer."""

    def __init__(self, engine: Engine, kept: Kept) -> None:
        self._engine, self._kept = engine, kept
        self._beside = ThreadPoolExecutor(1, "reckoned-ahead")
        self._coming: set[Hashable] = set()
        self._lock = Lock()

    def reckon(self, of: Reckoning[Any]) -> None:
        """Reckon it soon, unless it is kept or coming already; a failure is told in the log, and of no matter else."""
        with self._lock:
            if of.key in self._coming:
                return
            self._coming.add(of.key)
        self._beside.submit(self._reckoned, of)

    def close(self) -> None:
        """End: what has not begun is not reckoned any more."""
        self._beside.shutdown(cancel_futures=True)

    def _reckoned(self, of: Reckoning[Any]) -> None:
        try:
            with reading(self._engine) as connection:
                mark = of.mark(connection)
            if mark is not None and not self._kept.has(of.key, mark):  # without a mark nothing would be kept
                self._kept.answer(self._engine, of, fresh=False)
        except StoreAwayError as error:
            log.warning("not reckoned ahead, for the store does not answer: %.200s", error)
        except Exception:  # the edge of the thread: nobody else would ever hear of it
            log.exception("not reckoned ahead")
        finally:
            with self._lock:
                self._coming.discard(of.key)
