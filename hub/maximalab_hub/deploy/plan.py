"""A lab in containers, as plain data: its networks, who has which address in them, and its ports.

All networks lie in one block of 65,536 private addresses, by default 172.28.0.0/16. Hub, entrances and relays have
fixed addresses at the beginning of each network; the engine gives out the servers', from the network's second half.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from maximalab_spawner.tiers import Tier

NAME = re.compile(r"[a-z][a-z0-9]{0,15}")
"""A lab's name on its engine; it begins the names of containers, volumes, networks and firewall chains."""
HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
HUB_PORT, USAGE_PORT, GATE_PORT, API_PORT = 8081, 8003, 8081, 8001
ORDER = ("hub", "usage", "public", "vpn")
"""Whose addresses in the network `control` follow on each other, from .2 on."""
PLACES = {Tier.PUBLIC: 4, Tier.PRIVATE: 8}
"""The third number of each tier's network, which is a /22."""


class PlanError(ValueError):
    """Such a lab cannot be made; the text says which word is wrong and what to write."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a lab is called, and where it is."""

    name: str
    host: str
    """The name or address that people type."""
    block: IPv4Network
    pool: IPv4Network
    """Addresses of people's devices inside the VPN."""
    port: int
    """Of the public entrance."""
    vpn_port: int
    """UDP, of the gateway."""
    tls: bool
    """Whether the public entrance speaks TLS, at 443 or at `port`."""
    vpn_host: str = field(default="", kw_only=True)
    """A name that leads to the VPN entrance; with it, and a certificate for it, that entrance speaks TLS, too."""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise PlanError(f"--name {self.name}: use 1 to 16 small letters and digits, a letter first")
        if not HOST.fullmatch(self.host):
            raise PlanError(
                f"--host {self.host}: write the name or address that people type, in small letters"
            )
        if self.vpn_host and not HOST.fullmatch(self.vpn_host):
            raise PlanError(f"--vpn-host {self.vpn_host}: write the name that people type, in small letters")
        if self.block.prefixlen != 16 or not self.block.is_private:  # noqa: PLR2004  as the remedy says
            raise PlanError(
                f"--block {self.block}: write a private /16 such as 172.28.0.0/16, used by nothing else"
            )
        if self.pool.overlaps(self.block):
            raise PlanError(f"--pool {self.pool}: choose addresses outside {self.block}")

    def at(self, third: int, last: int) -> IPv4Address:
        """Give an address of the block by its last two numbers."""
        return self.block[third * 256 + last]

    def backend(self, tier: Tier) -> str:
        """Name the backend of a tier; the servers' network is called `maximalab-` and this."""
        return f"{self.name}-{tier}"

    def subnet(self, tier: Tier) -> IPv4Network:
        """Give the servers' network of a tier."""
        return IPv4Network((int(self.at(PLACES[tier], 0)), 22))

    def doors(self, tier: Tier) -> list[IPv4Address]:
        """Say from where servers of a tier are reached: the hub and those entrances that have routes to it."""
        last = (2, 3, 4) if tier is Tier.PUBLIC else (2, 4)
        return [self.at(PLACES[tier], one) for one in last]

    def gate(self, tier: Tier) -> str:
        """Give the address at which servers of a tier find the hub's API and the events' address."""
        return f"http://{self.at(PLACES[tier], 5)}:{GATE_PORT}"

    @property
    def url(self) -> str:
        """What people type at the public entrance."""
        scheme, usual = ("https", 443) if self.tls else ("http", 80)
        return f"{scheme}://{self.host}" + ("" if self.port == usual else f":{self.port}")

    @property
    def vpn_url(self) -> str:
        """What people type at the VPN entrance: WireGuard guards the way there, with TLS or without."""
        return f"https://{self.vpn_host}" if self.vpn_host else f"http://{self.vpn_entrance}"

    @property
    def vpn_entrance(self) -> IPv4Address:
        """Where the VPN entrance is, for devices inside the VPN."""
        return self.at(1, 3)

    def inside(self, who: str) -> str:
        """Say where hub, usage service and entrances' proxies find `who` of them.

        That is an address: a name leads into whichever network two containers share, and only in one of them
        are they let through to each other.
        """
        return str(self.at(0, ORDER.index(who) + 2))
