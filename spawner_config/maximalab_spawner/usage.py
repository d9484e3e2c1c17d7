"""Tell the usage service what happens to servers. Telling may fail; starting and stopping must not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable


class UsageSink(Protocol):
    """Takes events of the hub: `server_start`, `server_stop` and `spawn_refused`."""

    def emit(self, kind: str, **fields: object) -> object:
        """Take one event; it must not block."""


def tell(
    sink: UsageSink | Callable[..., object] | None, log: logging.Logger, kind: str, **fields: object
) -> None:
    """Hand an event to the sink, an object with `emit` or a function; its faults are logged and no more."""
    if sink is None:
        return
    try:
        emit = sink if callable(sink) else sink.emit
        emit(kind, **fields)
    except Exception:  # a sink's fault of whatever kind must not cost a student the server
        log.exception("The event %s of %s was not taken", kind, fields.get("user"))
