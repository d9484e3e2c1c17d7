"""Who may open what, and from where: plain functions that take values and give a decision.

Order of the reasons. A person who is not entitled learns just that, at either entrance: whether the
private tier is there, or which entrance leads to it, is not told to those whom it does not concern.
Then come the reasons that the person can do something about.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maximalab_spawner.materials import IMAGE
from maximalab_spawner.refusals import NOT_TEACHING, PUBLISH_AT_VPN
from maximalab_spawner.tiers import (
    Access,
    Decision,
    Entrance,
    Granted,
    Person,
    Reason,
    Refused,
    Scenario,
    Tier,
    tier_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from maximalab_spawner.materials import Material

#: Stands for every material of a tier. No material's id has this form.
EVERY = "*"
#: JupyterHub's own rule for the names of servers.
SERVER_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")


def may_open(material: Material, person: Person) -> bool:
    """Say whether the person is entitled to the material, wherever they are.

    Open material is for everybody who signs in. Licensed and private material is for those who
    study or teach one of its courses, and for admins.
    """
    if material.access is Access.OPEN or person.admin:
        return True
    return not (person.studies | person.teaches).isdisjoint(material.courses)


def decide(material: Material | None, person: Person, entrance: Entrance, scenario: Scenario) -> Decision:
    """Say on which tier `material` runs for `person` who came through `entrance`, or why it does not."""
    if material is None:
        return Refused(Reason.UNKNOWN_MATERIAL)
    if not may_open(material, person):
        return Refused(Reason.NOT_ENROLLED)
    tier = tier_of(material.access)
    entrances = scenario.entrances_of(tier)
    if not entrances:
        return Refused(Reason.NO_PRIVATE_TIER)
    if entrance in entrances:
        return Granted(tier)
    if Entrance.VPN in entrances:
        return Refused(Reason.NEEDS_VPN)
    # A VPN entrance in a layout that has none: somebody set it up wrongly, and no VPN will help the person.
    return Refused(Reason.TIER_UNAVAILABLE)


def may_publish(
    material: Material, before: Material | None, person: Person, entrance: Entrance, scenario: Scenario
) -> str | None:
    """Say why the person may not publish `material` here in place of `before`, or None where they may.

    Who publishes teaches all courses of the material, as it is to be and as it was; admins may as well. What
    was or will be licensed or private comes in only where the scenario gives its tier an entrance.
    """
    both = [one for one in (material, before) if one is not None]
    if not person.admin and any(not person.teaches.issuperset(one.courses) for one in both):
        return NOT_TEACHING
    for one in both:
        entrances = scenario.entrances_of(one.tier)
        if not entrances:
            return Reason.NO_PRIVATE_TIER
        if entrance not in entrances:
            return PUBLISH_AT_VPN if Entrance.VPN in entrances else Reason.TIER_UNAVAILABLE
    return None


def handed_to(person: Person, tier: Tier, image: str, materials: Iterable[Material]) -> tuple[str, ...]:
    """Name the materials that a server of this tier and image opens for its person, and no others.

    On the public tier that is `EVERY`: nothing there is kept from anybody who signs in.
    """
    if tier is Tier.PUBLIC:
        return (EVERY,)
    here = (one for one in materials if one.tier is tier and one.image == image)
    return tuple(sorted(one.id for one in here if may_open(one, person)))


def is_handed(handed: Collection[str], material_id: str) -> bool:
    """Say whether a server that was started with `handed` opens the material."""
    return EVERY in handed or material_id in handed


def server_name(tier: Tier, image: str) -> str:
    """Name the server on which materials of this tier and image run, for example `public-maxima`.

    Raises `ValueError` for an image whose name a server's name cannot hold.
    """
    name = f"{tier.value}-{image}"
    if not IMAGE.fullmatch(image) or not SERVER_NAME.fullmatch(name):
        raise ValueError(f"an image's name has the form {IMAGE.pattern}, not {image!r}")
    return name


def parse_server_name(name: str) -> tuple[Tier, str] | None:
    """Take a server's name apart; None where it is not one of ours."""
    tier, _, image = name.partition("-")
    if tier not in set(Tier) or not IMAGE.fullmatch(image) or not SERVER_NAME.fullmatch(name):
        return None
    return Tier(tier), image
