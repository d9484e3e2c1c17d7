"""The hub as a witness: what it saw itself goes to the usage service, under the hub's own token."""

from __future__ import annotations

import atexit
import logging
from typing import TYPE_CHECKING, Any

from maximalab_recorder.delivery import Delivery
from maximalab_recorder.events import EventSource
from maximalab_recorder.spool import Spool
from maximalab_spawner.tiers import entrance_of

from maximalab_hub.secret_files import Secret, read_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tornado.web import RequestHandler

    from maximalab_hub.pages.parts import Emit
    from maximalab_hub.settings import Settings

_LAST_SECONDS = 3.0
"""Seconds that a hub on its way down gives its last events; what is left waits on the disk."""


def open_witness(settings: Settings) -> Emit:
    """Open the hub's spool, deliver what is in it from now on, and give the function that takes events.

    A plain function, since JupyterHub copies what stands in its configuration. An event is on the disk when
    it returns; a full or broken disk is logged by the spool and costs nobody a server.

    Raises `OSError`, `sqlite3.Error` or `SecretError` where spool or token cannot be used at all.
    """
    folder = settings.usage.spool_dir or settings.lab.state_dir / "spool" / "hub"
    spool = Spool(folder, log=logging.getLogger("maximalab.hub"))
    source = EventSource(spool)
    token = read_secret(settings.secrets.dir, Secret.WITNESS_TOKEN)
    delivery = Delivery(spool, settings.usage.events_url, token, sender="hub")
    delivery.start()
    atexit.register(delivery.stop, _LAST_SECONDS)

    def emit(kind: str, /, **fields: Any) -> str:  # noqa: ANN401  the fields of an event on the wire
        return source.emit(kind, **fields)

    return emit


def login_hook(emit: Emit) -> Callable[..., Mapping[str, Any]]:
    """Make the hook that tells of each sign-in, and lets it pass as it is."""

    def told(_authenticator: object, handler: RequestHandler, model: Mapping[str, Any]) -> Mapping[str, Any]:
        emit("login", user=model["name"], entrance=entrance_of(handler.request.headers).value)
        return model

    return told
