"""JupyterHub's API of one server, where it would answer 500: a stop that meets another one, or the hub's own look."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from jupyterhub.apihandlers.users import UserServerAPIHandler
from jupyterhub.utils import AnyTimeoutError, exponential_backoff
from tornado.web import HTTPError

if TYPE_CHECKING:
    from asyncio import Future

_PATIENCE: Final = 5.0
"""Seconds for which a stop waits until what is under way has come to an end."""


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
            raise NotYetError(spawner.pending) from error
        if spawner.pending == "stop" or not spawner.active:
            found: Future[None] | None = spawner._stop_future  # noqa: SLF001  as the handler above it does
            return found
        joined: Future[None] | None = await super().stop_single_user(user, server_name)
        return joined
