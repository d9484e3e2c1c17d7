"""The words of the domain: access, tier, entrance, scenario, person, and what a decision is.

Everything here is a plain value. Both sides of the lab import this module; it imports nothing of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")

#: Set by each entrance's proxy on every request; a client's own is overwritten there. It decides what a page
#: says, whether a start is allowed, and the entrance that is recorded; see docs/decisions/0002. What keeps
#: private material off the public entrance is that the public proxy has no route to it.
ENTRANCE_HEADER = "X-MaximaLab-Entrance"

#: An empty file in each backend's folder of homes, made once by whoever makes the folder, on the disk of the homes.
#: Where it is not to be seen, another disk is there than should be, or none.
HOMES_MARKER = ".maximalab-homes"


class Access(StrEnum):
    """What a material may be used for: the author's choice, in `material.toml`."""

    OPEN = "open"
    LICENSED = "licensed"
    PRIVATE = "private"


class Tier(StrEnum):
    """Where servers run."""

    PUBLIC = "public"
    PRIVATE = "private"


class Entrance(StrEnum):
    """A front door for browsers, with one proxy behind it."""

    PUBLIC = "public"
    VPN = "vpn"


class Reason(StrEnum):
    """Why a material is refused. Each has a page that says what to do now."""

    UNKNOWN_MATERIAL = "unknown_material"
    CATALOGUE_UNREADABLE = "catalogue_unreadable"
    NEEDS_VPN = "needs_vpn"
    NO_PRIVATE_TIER = "no_private_tier"
    NOT_ENROLLED = "not_enrolled"
    TIER_UNAVAILABLE = "tier_unavailable"
    NO_CAPACITY = "no_capacity"


class Scenario(IntEnum):
    """One of the four layouts of Shyshkina's hybrid service model (2015)."""

    PUBLIC_ONLY = 1
    PUBLIC_AND_PRIVATE = 2
    PUBLIC_PRIVATE_VPN = 3
    VPN_ONLY = 4

    def entrances_of(self, tier: Tier) -> frozenset[Entrance]:
        """Say which entrances have routes to servers of `tier`; none means that the tier is not there."""
        both = frozenset(Entrance)
        public, vpn = frozenset({Entrance.PUBLIC}), frozenset({Entrance.VPN})
        match self, tier:
            case Scenario.PUBLIC_ONLY, Tier.PUBLIC:
                return public
            case Scenario.PUBLIC_ONLY, Tier.PRIVATE:
                return frozenset()
            case Scenario.PUBLIC_AND_PRIVATE, _:
                return public
            case Scenario.PUBLIC_PRIVATE_VPN, Tier.PUBLIC:
                return both
            case Scenario.PUBLIC_PRIVATE_VPN, Tier.PRIVATE:
                return vpn
            case Scenario.VPN_ONLY, _:
                return vpn
            case _:
                raise AssertionError(f"no such scenario and tier: {self!r}, {tier!r}")


def tier_of(access: Access) -> Tier:
    """Say where material of this access runs: open on public nodes, everything else behind the VPN."""
    match access:
        case Access.OPEN:
            return Tier.PUBLIC
        case Access.LICENSED | Access.PRIVATE:
            return Tier.PRIVATE
        case _ as never:
            assert_never(never)


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, as far as a decision needs it."""

    name: str
    studies: frozenset[str] = frozenset()
    """Ids of the courses in which the person is enrolled."""
    teaches: frozenset[str] = frozenset()
    """Ids of the courses that the person teaches."""
    researcher: bool = False
    admin: bool = False

    @property
    def reads_usage(self) -> bool:
        """Whether the pages and exports of the usage service are for this person: researchers and admins."""
        return self.researcher or self.admin

    @property
    def publishes(self) -> bool:
        """Whether the person may publish material at all: who teaches a course, and admins."""
        return bool(self.teaches) or self.admin


def person_of(name: str, groups: Iterable[str], *, admin: bool = False) -> Person:
    """Read from a user's groups what the person may do; groups of other forms say nothing here."""
    found = [group.partition(":") for group in groups]
    return Person(
        name=name,
        studies=frozenset(rest for kind, _, rest in found if kind == "study" and NAME.fullmatch(rest)),
        teaches=frozenset(rest for kind, _, rest in found if kind == "teach" and NAME.fullmatch(rest)),
        researcher=("researchers", "", "") in found,
        admin=admin,
    )


@dataclass(frozen=True, slots=True)
class Granted:
    """The material may be opened, on a server of this tier."""

    tier: Tier


@dataclass(frozen=True, slots=True)
class Refused:
    """The material may not be opened, and why."""

    reason: Reason


Decision = Granted | Refused


def entrance_of(headers: Mapping[str, str]) -> Entrance:
    """Say through which entrance a request came: what is not plainly the VPN's is the public one."""
    values = [value for name, value in headers.items() if name.lower() == ENTRANCE_HEADER.lower()]
    return Entrance.VPN if values == [Entrance.VPN.value] else Entrance.PUBLIC
