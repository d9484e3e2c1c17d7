# ruff: noqa: ANN401  # JupyterHub's own objects have no types
"""One entrance's proxy, as the hub reaches it: a configurable-http-proxy that runs on its own."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any, ClassVar

from aiohttp import ClientError, ClientResponseError
from jupyterhub.httpclient import fetch
from jupyterhub.proxy import ConfigurableHTTPProxy
from jupyterhub.utils import url_path_join
from traitlets import Bool, Float, default

from maximalab_spawner.routes import Change, Route
from maximalab_spawner.tiers import Entrance


class LegDown(Exception):  # noqa: N818  # it is a state of affairs, and reads as one
    """The proxy of an entrance does not answer, or refuses us."""


class EntranceLeg(ConfigurableHTTPProxy):  # type: ignore[misc]  # JupyterHub has no annotations
    """The proxy behind one entrance. It is started by somebody else and may be away at any time.

    Set `api_url` and `auth_token` in the section of the subclass, for example `c.PublicLeg.api_url`.
    """

    entrance: ClassVar[Entrance]

    should_start = Bool(False, help="An entrance's proxy outlives the hub, so the hub never starts it.")
    api_timeout = Float(
        3.0,
        config=True,
        help="""Seconds that a request to the proxy's API may take.

        Too short: a busy proxy counts as away, and its routes come a check later. Too long: a proxy
        behind a dead link holds up the start of servers for so long, once.
        """,
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.up = True
        self.writing = asyncio.Lock()

    @default("auth_token")
    def _no_token_from_the_environment(self) -> str:
        """Each entrance has a token of its own; one for both would tie them together."""
        return ""

    async def api_request(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """Ask the proxy's API, once. Raises `LegDown` where it does not answer as it should."""
        url = url_path_join(self.api_url, "api/routes", path)
        try:
            async with asyncio.timeout(self.api_timeout):
                headers = {"Authorization": f"token {self.auth_token}"}
                answer = await fetch(url, method=method, headers=headers, data=body)
                return json.loads(await answer.text()) if method == "GET" else None
        except ClientResponseError as error:
            if method == "DELETE" and error.status == HTTPStatus.NOT_FOUND:
                return None  # It is gone, which is what we want.
            raise LegDown(f"its API answers {error.status}") from error
        except (ClientError, TimeoutError, OSError) as error:
            raise LegDown(f"its API does not answer ({type(error).__name__})") from error
        except ValueError as error:
            raise LegDown("its API answers something that is no table of routes") from error

    async def table(self) -> dict[str, Route]:
        """Fetch all that the proxy has, also what did not come from JupyterHub. Raises `LegDown`."""
        answer = await self.api_request("")
        if not isinstance(answer, dict):
            raise LegDown("its API answers something that is no table of routes")
        routes = {}
        for path, line in answer.items():
            spec = self._routespec_from_chp_path(path)
            data = {key: value for key, value in line.items() if key not in {"target", "jupyterhub"}}
            routes[spec] = Route(spec, str(line.get("target", "")), data)
        return routes

    async def put(self, route: Route) -> None:
        """Add a route, or give it another target. Raises `LegDown`."""
        body = json.dumps({**route.data, "target": route.target, "jupyterhub": True})
        await self.api_request(self._routespec_to_chp_path(route.spec), method="POST", body=body)

    async def remove(self, spec: str) -> None:
        """Take a route away, if it is there. Raises `LegDown`."""
        await self.api_request(self._routespec_to_chp_path(spec), method="DELETE")

    async def make(self, change: Change) -> None:
        """Do all of a change, what must go first. Raises `LegDown`."""
        await self._gather([self.remove(spec) for spec in change.remove])
        await self._gather([self.put(route) for route in change.put])

    async def _gather(self, requests: list[Any]) -> None:
        async def one(request: Any) -> None:
            async with self.semaphore:
                await request

        async with asyncio.TaskGroup() as group:
            for request in requests:
                group.create_task(one(request))

    def found(self, fault: LegDown | None) -> None:
        """Remember whether the proxy answers, and log it once when that changes."""
        if fault is not None and self.up:
            self.log.error("The proxy of the %s entrance is away: %s", self.entrance, fault)
        elif fault is None and not self.up:
            self.log.info("The proxy of the %s entrance is back", self.entrance)
        self.up = fault is None


class PublicLeg(EntranceLeg):
    """The proxy of the public entrance."""

    entrance = Entrance.PUBLIC


class VpnLeg(EntranceLeg):
    """The proxy of the VPN entrance."""

    entrance = Entrance.VPN


LEGS: dict[Entrance, type[EntranceLeg]] = {leg.entrance: leg for leg in (PublicLeg, VpnLeg)}
