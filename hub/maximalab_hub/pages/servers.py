"""JupyterHub's API of one server, where it would answer 500: a stop that meets another one, or the hub's own look."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from jupyterhub.apihandlers.users import UserServerAPIHandler
from jupyterhub.utils import AnyTimeoutError, exponential_backoff
from tornado.web import HTTPError

if TYPE_CHECKING:
    from asyncio import Future

_PATIENCE: Final = 5.0
"""Seconds for which a stop waits until what is under way has come to an end."""


_CLEANING: Final[set[Future[None]]] = set()
"""Stops that nobody waits for; the event loop alone would lose them."""

_NOT_YET: Final = "The hub does not know yet whether this server runs. Try again in a moment."


class NotYetError(HTTPError):
    """Nobody can say now; the headers are those that JupyterHub gives to its answer."""

    headers: Final = {"Retry-After": "10"}

    def __init__(self, pending: str) -> None:
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, f"{_NOT_YET} (pending: {pending})")


class ServerHandler(UserServerAPIHandler):  # type: ignore[misc]  # JupyterHub carries no annotations
    """`/hub/api/users/<name>/servers/<server>`, as JupyterHub has it but for what a second stop is told."""

    async def stop_single_user(self, user: Any, server_name: str = "") -> Future[None] | None:  # noqa: ANN401
        """Stop the server, or join the stop that is under way. Raises HTTP 503 where nobody knows yet whether it runs.

        JupyterHub raises `RuntimeError` here for a server of which something is pending, and so answers 500: its
        handler looks before it waits for the server's poll, and takes a new hub's own look for a start.
        """
        spawner = user.spawners[server_name]
        try:
            await exponential_backoff(
                lambda: spawner.pending in {None, "stop"}, "still pending", timeout=_PATIENCE
            )
        except AnyTimeoutError as error:
            if spawner.pending == "spawn":
                self._stop_once_it_gave_up(user, server_name)
            raise NotYetError(spawner.pending) from error
        if spawner.pending == "stop" or not spawner.active:
            found: Future[None] | None = spawner._stop_future  # noqa: SLF001  as the handler above it does
            return found
        joined: Future[None] | None = await super().stop_single_user(user, server_name)
        return joined

    def _stop_once_it_gave_up(self, user: Any, server_name: str) -> None:  # noqa: ANN401
        """Stop a server whose start was broken off, as soon as the start has taken notice.

        JupyterHub keeps what a start that was broken off had begun: a server without an address that counts as ready,
        has no route, and sends whoever opens it round in circles.
        """
        spawner = user.spawners[server_name]
        stop = super().stop_single_user

        async def stop_it() -> None:
            if spawner.ready:
                await stop(user, server_name)

        def gave_up(_: Future[None]) -> None:
            task = asyncio.ensure_future(stop_it())
            _CLEANING.add(task)
            task.add_done_callback(_CLEANING.discard)

        spawner._spawn_future.add_done_callback(gave_up)  # noqa: SLF001  as the handler above it does
