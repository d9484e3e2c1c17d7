"""Where the recorder's own failures end: they are told in the log, and never reach a student's run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

_WORDS_MOST = 300


class Boundary:
    """Keeps failures of the recorder away from the server it sits in.

    The first, second, fourth, eighth … failure is logged, so that a fault in a busy loop cannot fill a disk.
    """

    def __init__(self, log: logging.Logger, sender: str) -> None:
        self._log = log
        self._sender = sender
        self._failures = 0

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        """Do `what`; where it fails, say so and go on."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  (recording must not fail a run, whatever goes wrong in it)
            self._failures += 1
            if self._failures & (self._failures - 1) == 0:
                told = f"{type(error).__name__}: {error}"[:_WORDS_MOST]
                self._log.warning(
                    "%s: the recorder failed to %s (%d failures): %s",
                    self._sender,
                    what,
                    self._failures,
                    told,
                )
