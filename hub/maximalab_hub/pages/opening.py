"""Opening a material, and stopping a server: the two things that My lab's buttons do."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from jupyterhub.utils import AnyTimeoutError, exponential_backoff, url_path_join
from maximalab_spawner.catalog import CatalogError
from maximalab_spawner.refusals import NOT_HANDED
from maximalab_spawner.tiers import Reason, Refused
from tornado.web import HTTPError, authenticated

from maximalab_hub.pages.handler import LabHandler

if TYPE_CHECKING:
    from maximalab_spawner.catalog import Material

_FIRST_LOOK: Final = 1.0
"""Seconds for which a start may fail at once, before the browser is sent to the progress page."""
_CLEARING_UP: Final = 10.0
"""Seconds that the hub may take to clear up after a server that has ended."""


class OpenHandler(LabHandler):
    """`POST /hub/open/<material>`: a form with the XSRF token, and nothing else that counts."""

    @authenticated
    async def post(self, material_id: str) -> None:
        """Decide, start the server where none is running, and send the browser on to the notebook."""
        parts, person = self.parts, self.person
        try:
            material = parts.read_catalogue().find(material_id)
        except CatalogError as error:
            self.log.error("The catalogue cannot be used: %.500s", error)  # noqa: TRY400  the text says it all
            await self._refuse(Reason.CATALOGUE_UNREADABLE, material_id)
            return
        decision = parts.decide(material, person, self.entrance, parts.settings.lab.scenario)
        if isinstance(decision, Refused) or material is None:
            reason = decision.reason if isinstance(decision, Refused) else Reason.UNKNOWN_MATERIAL
            await self._refuse(reason, material_id)
            return
        await self._go_on(material, parts.server_name(decision.tier, material.image))

    async def _refuse(self, reason: str, material_id: str) -> None:
        self.parts.emit(
            "spawn_refused",
            user=self.person.name,
            entrance=self.entrance.value,
            material=material_id,
            detail={"reason": str(reason)},
        )
        await self.refuse(reason)

    async def _go_on(self, material: Material, server: str) -> None:
        user = self.current_user
        spawner = await looked_at(user, server)
        query = urlencode({"material": material.id, "lang": self.language})
        notebook = f"{url_path_join(user.url, server)}/maximalab/open?{query}"
        if spawner.ready and not spawner.opens(material.id):
            await self._refuse(NOT_HANDED, material.id)
            return
        if spawner.ready:
            self.redirect(notebook)
            return
        if not spawner.active:
            await self._start(spawner, material)
        progress = url_path_join(self.hub.base_url, "spawn-pending", user.escaped_name, server)
        self.redirect(f"{progress}?{urlencode({'next': notebook})}")

    async def _start(self, spawner: Any, material: Material) -> None:  # noqa: ANN401  JupyterHub's spawner
        """Start the server; raises what the start raises at once: a refusal is a page, no progress bar."""
        spawner.opened_at = self.entrance
        spawner.language = self.language
        if spawner._spawn_future is not None and spawner._spawn_future.done():  # noqa: SLF001  as SpawnHandler does
            spawner._spawn_future = None  # noqa: SLF001  an earlier failure: this is a new, explicit wish
        starting = asyncio.ensure_future(
            self.spawn_single_user(self.current_user, spawner.name, spawner.name, {"material": material.id})
        )
        await asyncio.wait([starting], timeout=_FIRST_LOOK)
        if not starting.done():
            starting.add_done_callback(_look_at)
            return
        if starting.cancelled():
            return  # stopped meanwhile, in another window: the page that comes next says that it does not run
        error = starting.exception()
        if error is None or spawner.active:
            return  # it is up, or on its way: a second click at the same moment finds it pending
        self.log.error("Server %s did not start: %.500s", spawner._log_name, error)  # noqa: SLF001  as SpawnHandler
        raise error if isinstance(error, HTTPError) else HTTPError(500, "The server did not start.")


async def looked_at(user: Any, server: str) -> Any:  # noqa: ANN401  JupyterHub's user and spawner
    """Give a person's server as it is now: one that died since the last look is to be started again.

    The hub may have seen it die and be busy clearing up, its proxies first; until then the server still counts as
    ready. Raises HTTP 503 where that takes too long.
    """
    spawner = user.get_or_create_spawner(server, server, replace_failed=True)
    if spawner.ready:
        await spawner.poll_and_notify()
    if spawner.ready and await spawner.poll() is not None:
        try:
            await exponential_backoff(lambda: not spawner.active, "not cleared up", timeout=_CLEARING_UP)
        except AnyTimeoutError as error:
            raise HTTPError(
                HTTPStatus.SERVICE_UNAVAILABLE, "The server that ended is not gone yet."
            ) from error
    return user.get_or_create_spawner(server, server, replace_failed=True)


def _look_at(starting: asyncio.Future[None]) -> None:
    """Fetch a late failure, which the progress page tells; unfetched, asyncio would log it a second time."""
    if not starting.cancelled():
        starting.exception()


class StopHandler(LabHandler):
    """`POST /hub/stop/<server>`: stops one of the person's own servers."""

    @authenticated
    async def post(self, server: str) -> None:
        """Stop the server and come back to My lab; a server that is not running is left as it is."""
        spawner = self.current_user.spawners.get(server)
        if spawner is not None and spawner.active and not spawner.pending:
            await self.stop_single_user(self.current_user, server)
        self.redirect(f"{self.hub.base_url}lab")
