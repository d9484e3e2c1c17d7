# ruff: noqa: ANN401  # JupyterHub's own objects have no types
"""One proxy for each entrance, kept by one hub.

What keeps private material off the public entrance is that its proxy has no route to a private-tier
server. In the place of that route stands a gate, to `/hub/<gate_path>/user/<name>/<server>/…` on
the hub: whatever is asked there, by any method, also to upgrade to a websocket, the hub answers
itself.

Each proxy is compared with its own wanted table, every `check_interval` seconds, and neither waits
for the other: one that is away takes nothing with it, one that comes back empty has its routes
again at the next check.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from jupyterhub.metrics import CHECK_ROUTES_DURATION_SECONDS
from jupyterhub.proxy import Proxy
from jupyterhub.utils import url_path_join
from tornado.ioloop import PeriodicCallback
from traitlets import Bool, Float, Integer, List, Unicode, validate

from maximalab_spawner.hubroutes import server_routes, service_routes
from maximalab_spawner.leg import LEGS, EntranceLeg, LegDown
from maximalab_spawner.routes import (
    Route,
    ServerRoute,
    Wanted,
    change,
    gate_of,
    merged,
    strangers,
    strict_tier,
    wanted,
)
from maximalab_spawner.tiers import Entrance, Scenario, Tier

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Mapping


class TieredProxy(Proxy):  # type: ignore[misc]  # JupyterHub has no annotations
    """JupyterHub's proxy, in several: one at each entrance, with the routes that are right for it."""

    should_start = Bool(
        False, config=True, help="The entrances' proxies are started by somebody else; leave it."
    )
    scenario = Integer(
        Scenario.PUBLIC_PRIVATE_VPN.value,
        config=True,
        help="""Which of the four layouts, 1 to 4: it says which tier has routes on which entrance.

        It must be the spawner's scenario as well.
        """,
    )
    entrances = List(
        Unicode(),
        [Entrance.PUBLIC.value, Entrance.VPN.value],
        config=True,
        help="""The entrances that exist: `public`, `vpn` or both.

        For each, set `api_url` and `auth_token` of `PublicLeg` or `VpnLeg`. An entrance that is not
        named gets no routes at all.
        """,
    )
    check_interval = Float(
        2.0,
        config=True,
        help="""Seconds between two comparisons of each proxy with what it must have.

        A proxy that was restarted has all its routes after at most so long.
        """,
    )
    gate_path = Unicode(
        "vpn-needed",
        config=True,
        help="""The hub's page below `/hub/` that answers for servers that this entrance does not have.

        The path that was asked for is appended. Without such a page the hub answers 404, which is
        safe as well.
        """,
    )

    @validate("scenario")
    def _known_scenario(self, proposal: Any) -> int:
        return Scenario(proposal.value).value

    @validate("entrances")
    def _known_entrances(self, proposal: Any) -> list[str]:
        return [Entrance(name).value for name in dict.fromkeys(proposal.value)]

    def _make_legs(self) -> list[EntranceLeg]:
        handed_on = {
            name: getattr(self, name) for name in ("app", "hub", "db_factory", "public_url", "host_routing")
        }
        return [LEGS[Entrance(name)](parent=self, log=self.log, **handed_on) for name in self.entrances]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keeper: PeriodicCallback | None = None
        self.legs = self._make_legs()
        self.log.info("Entrances: %s", ", ".join(leg.entrance for leg in self.legs))

    # What JupyterHub asks of a proxy

    async def get_all_routes(self) -> dict[str, dict[str, Any]]:
        """Give the routes of all entrances that answer, together, with the newest activity of each."""
        tables = await asyncio.gather(*(self._table(leg) for leg in self.legs))
        whole = merged(table for table in tables if table is not None)
        return {
            spec: {"routespec": spec, "target": route.target, "data": dict(route.data)}
            for spec, route in whole.items()
        }

    async def add_user(self, user: Any, server_name: str = "") -> None:
        """Add the route of a user's server. As JupyterHub's own, but no server's address goes to the log."""
        spawner = user.spawners[server_name]
        if spawner.pending not in {None, "spawn"}:
            raise RuntimeError(
                f"{user.name}:{server_name} is pending {spawner.pending}, it gets no route now"
            )
        self.log.info("Adding the route of %s:%s", user.name, server_name)
        data = {"user": user.name, "server_name": server_name}
        await self.add_route(spawner.proxy_spec, spawner.server.host, data)

    async def add_route(self, routespec: str, target: str, data: dict[str, Any] | None) -> None:
        """Add a route, a user server's only where its tier has one. A proxy that is away gets it later."""
        spec = self.validate_routespec(routespec)
        route = Route(spec, target, data or {})
        tier = self._tier_of_route(route)
        gate = gate_of(route, self._gate)
        await asyncio.gather(
            *(self._write(leg, leg.put(route if self._has(leg, tier) else gate)) for leg in self.legs),
        )

    async def delete_route(self, routespec: str) -> None:
        """Take a route (or its gate) away from all entrances."""
        spec = self.validate_routespec(routespec)
        await asyncio.gather(*(self._write(leg, leg.remove(spec)) for leg in self.legs))

    async def check_routes(self, user_dict: Any, service_dict: Any, routes: Any = None) -> None:  # noqa: ARG002
        """Compare each entrance with what it must have, now, and from now on every `check_interval` seconds.

        `routes`, the merged table that JupyterHub may hand in, says nothing about a single entrance
        and is not used.
        """
        with CHECK_ROUTES_DURATION_SECONDS.time():
            await self._check_all(user_dict, service_dict)
        if self._keeper is None:
            self._keeper = PeriodicCallback(self._check_again, self.check_interval * 1000)
            self._keeper.start()

    def stop(self) -> None:
        """Compare no more. The proxies themselves go on serving."""
        if self._keeper is not None:
            self._keeper.stop()
            self._keeper = None

    # Each entrance on its own

    async def _check_again(self) -> None:
        await self._check_all(self.app.users, self.app._service_map)  # noqa: SLF001  # as JupyterHub's own proxy does

    async def _check_all(self, users: Any, services: Any) -> None:
        await asyncio.gather(*(self._check_leg(leg, users, services) for leg in self.legs))

    async def _check_leg(self, leg: EntranceLeg, users: Any, services: Any) -> None:
        """Compare one entrance with what it must have, and mend it."""
        async with leg.writing:
            present = await self._table(leg)
            if present is None:
                return
            servers = tuple(server_routes(users))
            want = wanted(
                leg.entrance,
                Scenario(self.scenario),
                shared=self._shared(services),
                servers=servers,
                gate=self._gate,
            )
            self._tell_strangers(leg, want, present, servers)
            todo = change(want, present)
            if todo:
                self.log.warning(
                    "The %s entrance: %i routes to put, %i to remove",
                    leg.entrance,
                    len(todo.put),
                    len(todo.remove),
                )
                await self._try(leg, leg.make(todo))

    def _tell_strangers(
        self, leg: EntranceLeg, want: Wanted, present: Mapping[str, Route], servers: tuple[ServerRoute, ...]
    ) -> None:
        private = frozenset(one.route.target for one in servers if not self._has(leg, one.tier)) - {""}
        for spec in strangers(want, present, private):
            self.log.error(
                "Removing a route to a private-tier server from the %s entrance: %.200s", leg.entrance, spec
            )

    async def _table(self, leg: EntranceLeg) -> dict[str, Route] | None:
        try:
            table = await leg.table()
        except LegDown as fault:
            leg.found(fault)
            return None
        leg.found(None)
        return table

    async def _write(self, leg: EntranceLeg, request: Coroutine[Any, Any, None]) -> None:
        """Change one entrance, unless it is away: then the next check does it."""
        # Asked before waiting, so that a proxy behind a dead link does not hold up a student's start.
        if not leg.up:
            request.close()
            return
        async with leg.writing:
            await self._try(leg, request)

    async def _try(self, leg: EntranceLeg, request: Coroutine[Any, Any, None]) -> None:
        try:
            await request
        except* LegDown as faults:
            leg.found(LegDown(str(faults.exceptions[0])))

    # What the hub knows

    @property
    def _gate(self) -> str:
        return str(url_path_join(self.hub.host, self.hub.base_url, self.gate_path))

    def _has(self, leg: EntranceLeg, tier: Tier | None) -> bool:
        return tier is None or leg.entrance in Scenario(self.scenario).entrances_of(tier)

    def _tier_of_route(self, route: Route) -> Tier | None:
        """Say on which tier a route's server counts; None where it is no user's server."""
        if "user" not in route.data:
            return None
        name = str(route.data.get("server_name", ""))
        user = self.app.users.get(route.data["user"])
        spawner = user.spawners.get(name) if user is not None else None
        return strict_tier(getattr(spawner, "tier", None), name)

    def _shared(self, services: Any) -> Iterator[Route]:
        yield Route(self.app.hub.routespec, self.hub.host, {"hub": True})
        yield from service_routes(services)
        for spec, target in self.extra_routes.items():
            yield Route(spec, target, {"extra": True})
