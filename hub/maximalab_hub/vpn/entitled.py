"""Who may have a device in the VPN: whoever may open something that only the VPN entrance leads to. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_spawner.tiers import Entrance, Granted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from maximalab_spawner.catalog import Material
    from maximalab_spawner.tiers import Person, Scenario

    from maximalab_hub.pages.parts import Decide


def may_use_vpn(person: Person, materials: Iterable[Material], decide: Decide, scenario: Scenario) -> bool:
    """Say whether the VPN opens anything for `person` that the public entrance does not.

    The same decision that opens materials decides here, so that nobody is in the VPN without a reason.
    """

    def opens(material: Material, entrance: Entrance) -> bool:
        return isinstance(decide(material, person, entrance, scenario), Granted)

    return any(opens(one, Entrance.VPN) and not opens(one, Entrance.PUBLIC) for one in materials)
