"""What an entrance says where only the VPN leads on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyterhub.handlers.base import PrefixRedirectHandler, UserUrlHandler
from maximalab_spawner.tiers import Reason, Tier
from tornado.web import HTTPError

from maximalab_hub.pages.handler import LabHandler

if TYPE_CHECKING:
    from maximalab_spawner.tiers import Entrance, Scenario


def leads_to(tier: Tier | None, entrance: Entrance, scenario: Scenario) -> bool:
    """Say whether `entrance` has routes to servers of `tier`; an unknown tier counts as the private one."""
    return entrance in scenario.entrances_of(tier or Tier.PRIVATE)


class VpnHandler(LabHandler):
    """`/hub/vpn-needed`: what the VPN is for, and how to get it. Open to everybody.

    With a path after it, it stands at the gate: an entrance's proxy sends here whatever is asked of a
    server to which it has no route, and each method gets the same refusal.
    """

    def check_xsrf_cookie(self) -> None:
        """Need no token: nothing is changed here, whatever the method."""

    async def get(self, asked: str | None = None) -> None:
        """Show the page; at the gate it is a refusal."""
        if asked:
            await self.refuse(Reason.NEEDS_VPN)
        else:
            await self.show("vpn.html", **self.vpn_words())

    async def post(self, asked: str | None = None) -> None:
        """Refuse: nobody posts here but through the gate."""
        del asked
        await self.refuse(Reason.NEEDS_VPN)

    put = patch = delete = options = post

    async def head(self, asked: str | None = None) -> None:
        """Answer as to GET, without the page."""
        self.set_status(403 if asked else 200)


class ServerUrlHandler(LabHandler, UserUrlHandler):  # type: ignore[misc]  # the same
    """`/hub/user/<name>/<server>/…`: where a request lands for which a proxy has neither route nor gate.

    At an entrance that does not lead to the server's tier there never will be a route. JupyterHub would
    send the browser in a circle there; here it gets the VPN page, whoever asks and whether or not the
    server exists.
    """

    async def prepare(self) -> None:
        """Answer at once where this entrance does not lead to the server."""
        await super().prepare()
        server = (self.path_kwargs.get("user_path") or "").lstrip("/").split("/", 1)[0]
        parsed = self.parts.parse_server_name(server)
        if parsed is None or leads_to(parsed[0], self.entrance, self.parts.settings.lab.scenario):
            return
        await self.refuse(Reason.NEEDS_VPN)

    def _record_activity(self, obj: Any, timestamp: Any = None) -> bool:  # noqa: ANN401  JupyterHub's own
        return bool(UserUrlHandler._record_activity(self, obj, timestamp))  # noqa: SLF001  looking is no activity


class OutsideHandler(PrefixRedirectHandler):  # type: ignore[misc]  # JupyterHub carries no annotations
    """Whatever is asked outside the hub's prefix: sent into it, but a websocket is refused."""

    def get(self) -> None:
        """Lead into the hub."""
        if self.request.headers.get("Upgrade", "").lower() == "websocket":
            raise HTTPError(403, "Nothing here takes a websocket.")
        super().get()
