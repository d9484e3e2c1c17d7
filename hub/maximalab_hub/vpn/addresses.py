"""Which address a device gets inside the VPN. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from ipaddress import IPv4Address, IPv4Network


def gateway_address(pool: IPv4Network) -> IPv4Address:
    """Give the gateway's own address inside the VPN: the pool's first host."""
    return pool.network_address + 1


def is_for_a_device(address: IPv4Address, pool: IPv4Network) -> bool:
    """Say whether a device may have this address: one of the pool's hosts, and not the gateway's."""
    return gateway_address(pool) < address < pool.broadcast_address


def free_address(pool: IPv4Network, taken: Collection[IPv4Address]) -> IPv4Address | None:
    """Give the lowest address that no device has or has had lately; None where the pool is full."""
    known = frozenset(taken)
    offsets = range(2, pool.num_addresses - 1)
    return next((one for offset in offsets if (one := pool.network_address + offset) not in known), None)
