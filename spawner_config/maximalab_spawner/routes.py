"""Which routes an entrance must have, and what to change so that it has them: plain functions.

A server has a route on the entrances that its tier has in the scenario. Each other entrance has a
gate in its place: a route to the hub's page that says what to do. A gate leads nowhere but to the
hub, and so nothing on that entrance knows the server's address.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from maximalab_spawner.policy import parse_server_name
from maximalab_spawner.tiers import Tier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from maximalab_spawner.tiers import Entrance, Scenario

#: Marks a gate in the data that a proxy keeps with a route.
GATE = "maximalab_gate"


@dataclass(frozen=True, slots=True)
class Route:
    """One line of a proxy's table."""

    spec: str
    """The prefix of the paths, such as `/user/ada/public-maxima/`."""
    target: str
    """Where the requests go."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What is kept with it, for JupyterHub."""


@dataclass(frozen=True, slots=True)
class ServerRoute:
    """The route of one student's server that is running, or on its way up or down."""

    route: Route
    tier: Tier
    settled: bool = True
    """False while it starts, stops or is checked: its route is then neither added nor taken away."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one entrance must have."""

    routes: Mapping[str, Route]
    kept: frozenset[str] = frozenset()
    """Specs at which a route may be or not be: of servers that are not settled."""


@dataclass(frozen=True, slots=True)
class Change:
    """What to do to one entrance's table."""

    put: tuple[Route, ...] = ()
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.put or self.remove)


def strict_tier(recorded: object, server_name: str) -> Tier:
    """Say on which tier a server counts: public only where its record and its name both say so."""
    parsed = parse_server_name(server_name)
    if recorded == Tier.PUBLIC and parsed is not None and parsed[0] is Tier.PUBLIC:
        return Tier.PUBLIC
    return Tier.PRIVATE


def gate_of(route: Route, gate: str) -> Route:
    """Make the gate that stands in the place of `route`, leading to the hub's page at `gate`."""
    return Route(route.spec, gate, {GATE: True})


def wanted(
    entrance: Entrance,
    scenario: Scenario,
    *,
    shared: Iterable[Route],
    servers: Iterable[ServerRoute],
    gate: str,
) -> Wanted:
    """Say which routes `entrance` must have. `shared` are the hub's and the services' own."""
    routes = {route.spec: route for route in shared}
    kept = set()
    for server in servers:
        if entrance not in scenario.entrances_of(server.tier):
            routes[server.route.spec] = gate_of(server.route, gate)
        elif server.settled:
            routes[server.route.spec] = server.route
        else:
            kept.add(server.route.spec)
    return Wanted(routes, frozenset(kept))


def change(want: Wanted, present: Mapping[str, Route]) -> Change:
    """Say what turns the table `present` into what is wanted. A table is the hub's alone: strangers go."""
    put = (route for spec, route in want.routes.items() if not _same(route, present.get(spec)))
    gone = (spec for spec in present if spec not in want.routes and spec not in want.kept)
    return Change(tuple(put), tuple(gone))


def _same(route: Route, there: Route | None) -> bool:
    return there is not None and there.target == route.target and (GATE in there.data) == (GATE in route.data)


def strangers(want: Wanted, present: Mapping[str, Route], private_targets: frozenset[str]) -> tuple[str, ...]:
    """Name the specs that lead to a private-tier server on an entrance that must not know it."""
    return tuple(
        spec
        for spec, route in present.items()
        if route.target.rstrip("/") in private_targets
        and (spec not in want.routes or want.routes[spec].target != route.target)
    )


def merged(tables: Iterable[Mapping[str, Route]]) -> dict[str, Route]:
    """Make one table of those of all entrances, without gates, with the newest activity of each route."""
    whole: dict[str, Route] = {}
    for table in tables:
        for spec, route in table.items():
            if GATE in route.data:
                continue
            known = whole.get(spec)
            if known is None or _activity(route) > _activity(known):
                whole[spec] = route
    return whole


def _activity(route: Route) -> str:
    # The proxy writes ISO 8601 in UTC with milliseconds, always as long: text order is time order.
    return str(route.data.get("last_activity", ""))
