"""The configuration file that a device's WireGuard reads. It may hold a private key: show it once, keep it nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from maximalab_hub.vpn.devices import Device
    from maximalab_hub.vpn.section import GatewaySection

FILE_NAME: Final = "maximalab.conf"
"""WireGuard names the connection after the file, so it is short and plain."""
KEEPALIVE: Final = 25
"""Seconds: a home's router forgets silent connections sooner or later."""
YOUR_KEY: Final = "YOUR_PRIVATE_KEY"


def device_conf(device: Device, gateway: GatewaySection, private_key: str | None = None) -> str:
    """Write the file; without `private_key` the person puts in the own one."""
    routes = ", ".join(map(str, gateway.routes))
    lines = [
        "[Interface]",
        f"PrivateKey = {private_key or YOUR_KEY}",
        f"Address = {device.address}/32",
        *([f"DNS = {gateway.dns}"] if gateway.dns else []),
        "",
        "[Peer]",
        f"PublicKey = {gateway.public_key}",
        *([f"PresharedKey = {device.preshared_key}"] if device.preshared_key else []),
        f"Endpoint = {gateway.endpoint}",
        f"AllowedIPs = {routes}",
        f"PersistentKeepalive = {KEEPALIVE}",
    ]
    return "\n".join(lines) + "\n"
