# ruff: noqa: ANN401  # JupyterHub's own objects have no types
"""Read from JupyterHub's objects which routes there are to be: plain values, at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maximalab_spawner.routes import Route, ServerRoute, strict_tier

if TYPE_CHECKING:
    from collections.abc import Iterator


def server_routes(users: Any) -> Iterator[ServerRoute]:
    """Give the route of each server that runs, or is on its way up or down."""
    for user in users.values():
        for name, spawner in user.spawners.items():
            if spawner.active:
                target = spawner.server.host if spawner.server else ""
                route = Route(spawner.proxy_spec, target, {"user": user.name, "server_name": name})
                tier = strict_tier(getattr(spawner, "tier", None), name)
                yield ServerRoute(route, tier, settled=bool(spawner.ready and has_an_address(spawner.server)))


def has_an_address(server: Any) -> bool:
    """Say whether a start has told where the server is.

    A start that was broken off leaves JupyterHub's own first guess for a moment, as if it were ready: this machine's
    name and a port drawn at random, where anything may listen.
    """
    return bool(server.ip)


def service_routes(services: Any) -> Iterator[Route]:
    """Give the route of each service that has pages."""
    for service in services.values():
        if service.server is not None:
            yield Route(service.proxy_spec, service.server.host, {"service": service.name})
