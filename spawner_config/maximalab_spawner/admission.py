"""Decide, on the hub, whether a server may start: whatever asked for it, and whatever was decided before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maximalab_spawner.policy import decide, handed_to, parse_server_name, server_name
from maximalab_spawner.refusals import (
    NO_MATERIAL,
    OTHER_TIER,
    STRANGE_OPTION,
    STRANGE_SERVER,
    UNNAMED_SERVER,
)
from maximalab_spawner.tiers import NAME, Reason, Refused

if TYPE_CHECKING:
    from maximalab_spawner.catalog import Catalog
    from maximalab_spawner.materials import Material
    from maximalab_spawner.tiers import Entrance, Person, Scenario, Tier

#: The only thing that may be said to a server that is to start.
OPTION = "material"


@dataclass(frozen=True, slots=True)
class Admitted:
    """The server may start, for this material, on this tier."""

    material: Material
    tier: Tier
    handed: tuple[str, ...]
    """What the server may open for its person; see `policy.handed_to`."""


@dataclass(frozen=True, slots=True)
class Turned:
    """The server may not start; `reason` is a key of `refusals.REFUSALS`."""

    reason: str
    detail: str = ""
    """For the log: which option, which name. Bounded, and shown to nobody else."""


def asked_material(options: object) -> str | Turned:
    """Read which material is asked for; anything else that is asked for is a refusal."""
    if not isinstance(options, Mapping):
        return Turned(STRANGE_OPTION, f"{type(options).__name__} instead of a table")
    strange = [name for name in options if name != OPTION]
    if strange:
        return Turned(STRANGE_OPTION, f"option {strange[0]!r:.60}")
    if OPTION not in options:
        return Turned(NO_MATERIAL)
    value = options[OPTION]
    if not isinstance(value, str) or not NAME.fullmatch(value):
        return Turned(Reason.UNKNOWN_MATERIAL, f"material {value!r:.60}")
    return value


def admit(  # noqa: PLR0913  # what a decision rests on; none of it can be left out
    name: str,
    options: object,
    catalog: Catalog | None,
    *,
    person: Person,
    entrance: Entrance,
    scenario: Scenario,
) -> Admitted | Turned:
    """Say whether the server `name` may start with `options`; `catalog` is None where it cannot be read."""
    if parse_server_name(name) is None:
        return Turned(STRANGE_SERVER if name else UNNAMED_SERVER, f"server {name!r:.60}")
    asked = asked_material(options)
    if isinstance(asked, Turned):
        return asked
    if catalog is None:
        return Turned(Reason.CATALOGUE_UNREADABLE)
    material = catalog.find(asked)
    decision = decide(material, person, entrance, scenario)
    if material is None or isinstance(decision, Refused):
        reason = decision.reason if isinstance(decision, Refused) else Reason.UNKNOWN_MATERIAL
        return Turned(reason, f"material {asked!r:.60}")
    if name != server_name(decision.tier, material.image):
        return Turned(OTHER_TIER, f"material {asked!r:.60} on server {name!r:.60}")
    handed = handed_to(person, decision.tier, material.image, catalog.materials)
    return Admitted(material, decision.tier, handed)
