"""The settings of the VPN's gateway: `[gateway]` of the settings file."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network  # noqa: TC003  Pydantic reads them at run time
from typing import Annotated

from pydantic import AfterValidator, Field

from maximalab_hub.settings_sections import Section
from maximalab_hub.vpn.keys import is_key

SMALLEST_POOL = 29
"""A prefix: with a longer one there is no room for a gateway and a handful of devices."""
_ENDPOINT = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?):([1-9][0-9]{0,4})")


def _key(value: str) -> str:
    if not is_key(value):
        raise ValueError("must be a WireGuard public key, as `wg pubkey` writes it")
    return value


def _pool(value: IPv4Network) -> IPv4Network:
    if value.prefixlen > SMALLEST_POOL or not value.is_private:
        raise ValueError(f"must be a private network of /{SMALLEST_POOL} or larger, such as 172.20.0.0/20")
    return value


def _endpoint(value: str) -> str:
    found = _ENDPOINT.fullmatch(value)
    if not found or int(found[1]) > 65535:  # noqa: PLR2004  the largest port
        raise ValueError("must be a host and a UDP port, such as vpn.example.edu:51820")
    return value


class GatewaySection(Section):
    """The WireGuard gateway, and what people's devices are told. Without this section nobody enrols a device."""

    pool: Annotated[IPv4Network, AfterValidator(_pool)] = Field(
        description="Addresses inside the VPN; the first is the gateway's. Changed later: devices have to be"
        " enrolled again."
    )
    endpoint: Annotated[str, AfterValidator(_endpoint)] = Field(
        description="Host and UDP port at which devices reach the gateway from outside. Wrong: no device connects."
    )
    public_key: Annotated[str, AfterValidator(_key)] = Field(
        description="The gateway's public key. Wrong: no device connects."
    )
    routes: Annotated[tuple[IPv4Network, ...], Field(min_length=1)] = Field(
        description="Networks that a device sends through the VPN: the VPN entrance, and nothing that the lab"
        " does not need."
    )
    dns: IPv4Address | None = Field(
        default=None, description="Resolver that devices ask while connected; leave it out to keep their own."
    )
    devices_per_person: int = Field(
        default=5, ge=1, le=50, description="Devices that a person may have at a time."
    )
    expires_days: int = Field(
        default=180, ge=1, le=1100, description="Days after which a device has to be enrolled again."
    )
    preshared: bool = Field(
        default=False,
        description="Whether each new device also gets a preshared key, against quantum computers to come."
        " The lab has to keep it.",
    )
    db_url: str = Field(
        default="", description="The store of devices (SQLAlchemy URL); default devices.sqlite in state_dir."
    )
