"""Pick the backend on which a server starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_spawner.tiers import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maximalab_spawner.backends import Backend
    from maximalab_spawner.tiers import Tier


def place(
    tier: Tier,
    backends: Sequence[Backend],
    load: Mapping[str, int],
    health: Mapping[str, bool],
    home_of: str | None,
) -> Backend | Refused:
    """Pick a healthy backend of `tier` with room, the emptiest first; never one of another tier.

    `load` counts the servers at each backend, `health` says which are well (one that is not named
    is not), and `home_of` names the backend where the person's work lies: then it is that one or
    none, so that nobody meets an empty home.
    """
    able = [
        one
        for one in backends
        if one.tier == tier and home_of in (None, one.name) and health.get(one.name, False)
    ]
    if not able:
        return Refused(Reason.TIER_UNAVAILABLE)
    with_room = [one for one in able if load.get(one.name, 0) < one.capacity]
    if not with_room:
        return Refused(Reason.NO_CAPACITY)
    return min(with_room, key=lambda one: (load.get(one.name, 0) / one.capacity, one.name))
