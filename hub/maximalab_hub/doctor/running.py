"""Checks of a running lab: the entrances answer, and nothing private is reachable by the public one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from maximalab_spawner.tiers import Entrance, Scenario, Tier

from maximalab_hub.doctor.finding import Finding, not_checked, ok, wrong
from maximalab_hub.secret_files import Secret, SecretError, read_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_hub.settings import Settings

TOKENS = {Entrance.PUBLIC: Secret.PROXY_TOKEN_PUBLIC, Entrance.VPN: Secret.PROXY_TOKEN_VPN}
PATIENCE = 5.0
"""Seconds that one question may take."""


def entrances(settings: Settings) -> Finding:
    """Check that the hub answers through each entrance. None at all means that no lab runs."""
    doors = {
        door.value: _answers(f"{section.url}/hub/health") for door, section in settings.entrances.items()
    }
    silent = sorted(door for door, answers in doors.items() if not answers)
    if len(silent) == len(doors):
        return _behind_the_entrances(settings)
    if silent:
        return wrong(
            f"no answer at {', '.join(silent)}", "See the entrance's and the hub's log; restart the lab"
        )
    return ok(f"{', '.join(sorted(doors))} answer")


def _behind_the_entrances(settings: Settings) -> Finding:
    """Look at the proxies themselves: in a lab in containers, no entrance's own address is reached from within."""
    if not _answers(f"{settings.hub.connect_url}/hub/health"):
        return not_checked("no lab runs here")
    silent = sorted(door.value for door in settings.entrances if not _has_routes(settings, door))
    if silent:
        return wrong(
            f"no answer of the proxy at {', '.join(silent)}",
            "See the entrance's and the hub's log; restart it",
        )
    return ok("hub and proxies answer; the entrances' own addresses are not reached from here")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=PATIENCE, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _has_routes(settings: Settings, door: Entrance) -> bool:
    try:
        return bool(_routes(settings, door))
    except (httpx.HTTPError, ValueError, SecretError):
        return False


def _routes(settings: Settings, door: Entrance) -> dict[str, dict[str, object]]:
    """Ask an entrance's proxy for its table. Raises `SecretError`, `ValueError`, and what httpx raises."""
    reply = httpx.get(
        f"{settings.entrances[door].api_url}/api/routes",
        headers={"Authorization": f"token {read_secret(settings.secrets.dir, TOKENS[door])}"},
        timeout=PATIENCE,
        trust_env=False,
    )
    found: dict[str, dict[str, object]] = reply.raise_for_status().json()
    return found


def private_routes(settings: Settings) -> Finding:
    """Is the public proxy free of routes to servers of the private tier, where the scenario says so."""
    scenario = settings.lab.scenario
    if Entrance.PUBLIC not in settings.entrances or not keeps_private_off(scenario):
        return not_checked(f"scenario {scenario.value} does not ask for it")
    try:
        routes = _routes(settings, Entrance.PUBLIC)
    except httpx.ConnectError:
        return not_checked("no lab runs here")
    except (httpx.HTTPError, ValueError, SecretError) as error:
        return wrong(f"the public proxy's API: {error}"[:200], "Check entrances.public.api_url and its key")
    found = private_paths(routes, gate_of(settings))
    if found:
        return wrong(f"{len(found)} private routes", "Stop the public entrance at once and see the hub's log")
    return ok("no private-tier server has a route at the public entrance")


def keeps_private_off(scenario: Scenario) -> bool:
    """Say whether `scenario` keeps the private tier off the public entrance."""
    return Entrance.PUBLIC not in scenario.entrances_of(Tier.PRIVATE)


def gate_of(settings: Settings) -> str:
    """Say where the hub answers for servers that an entrance does not have."""
    return f"{settings.hub.connect_url}/hub/vpn-needed"


def private_paths(routes: Mapping[str, Mapping[str, object]], gate: str) -> list[str]:
    """Pick the routes `/user/<name>/<server>/…` that lead beyond `gate` to what is not plainly of the public tier."""
    found = []
    for route, line in routes.items():
        parts = route.strip("/").split("/")
        is_public = len(parts) > 2 and parts[2].startswith(f"{Tier.PUBLIC.value}-")  # noqa: PLR2004  user, name, server
        if parts[0] == "user" and not is_public and str(line.get("target", "")).rstrip("/") != gate:
            found.append(route)
    return found
