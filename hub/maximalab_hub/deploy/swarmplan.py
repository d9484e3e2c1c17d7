"""A lab in two Swarms, as plain data: what differs from a lab on one machine (`maximalab_hub.deploy.plan`).

The lab's own services stand in the private Swarm, on overlays; a task's address there is new with each start, so they
find each other by names, each of which stands in one network alone. Public servers are in a Swarm of their own, and
reach the lab at the address of its machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from maximalab_spawner.tiers import Tier

from maximalab_hub.deploy.plan import GATE_PORT, Plan, PlanError

if TYPE_CHECKING:
    from ipaddress import IPv4Address


@dataclass(frozen=True, slots=True)
class SwarmPlan(Plan):
    """What a lab in two Swarms is called, and where it is."""

    public: str
    """A manager of the public Swarm, `tcp://host:port`, by TLS."""
    machine: IPv4Address
    """Of the lab's machine, as public nodes see it."""
    dns: tuple[IPv4Address, ...]
    """Whom public servers ask for names."""
    gate_port: int = GATE_PORT
    """Of the lab's machine, at which public servers find the gate."""

    def __post_init__(self) -> None:
        # `super()` would be the class before `slots=True` made it anew (python/cpython#90562).
        Plan.__post_init__(self)
        parts = urlsplit(self.public)
        if parts.scheme != "tcp" or not parts.hostname or not parts.port or parts.path:
            raise PlanError(
                f"--public {self.public}: write a manager of the public Swarm, tcp://address:2376"
            )
        if self.machine.is_unspecified or self.machine.is_loopback:
            raise PlanError(
                f"--address {self.machine}: write the one by which public nodes reach this machine"
            )
        if not self.dns or any(one.is_loopback for one in self.dns):
            raise PlanError("--dns: name a resolver that public servers may ask, none of this machine's own")

    def gate(self, tier: Tier) -> str:
        """Give the address at which servers of a tier find the hub's API and the events' address."""
        return (
            f"http://{self.machine}:{self.gate_port}" if tier is Tier.PUBLIC else f"http://gate:{GATE_PORT}"
        )

    @property
    def vpn_entrance(self) -> IPv4Address:
        """Where the VPN entrance is, for devices inside the VPN: at the gateway, which leads on to wherever it runs."""
        return self.pool[1]

    def inside(self, who: str) -> str:
        """Say where hub, usage service and entrances' proxies find `who` of them: a name of the network `control`."""
        return f"{who}-control"
