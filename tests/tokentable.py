"""What each token of a lab may, and the ways into each of JupyterHub's scopes: acceptance T22."""

from __future__ import annotations

import re

from bed.asking import PRIVATE, PUBLIC
from maximalab_hub.secret_files import Secret

SERVICES = {
    "usage": Secret.USAGE_TOKEN,
    "witness": Secret.WITNESS_TOKEN,
    "vpn-gateway": Secret.VPN_GATEWAY_TOKEN,
}
MAY: dict[str, set[str]] = {
    "usage": set(),
    "witness": set(),
    "vpn-gateway": set(),
    "server": {
        "users:activity!user=ada",
        "read:users:activity!user=ada",
        f"access:servers!server=ada/{PUBLIC}",
        "access:services!service=usage",
    },
}
"""Every scope that a token has, of all that JupyterHub knows; to tell who one is oneself is no scope of the table."""
IDENTITY = re.compile(r"read:(users:name|services:name|users:groups|services)!(user|service|server)=.*")


def ways(other: str) -> list[tuple[str, str]]:
    """Give a way into each scope, of the hub's API; `other` is somebody who is there and not Ada."""
    return [
        ("GET", "/users"), ("GET", f"/users/{other}"), ("POST", "/users/mallory"), ("POST", "/users"),
        ("DELETE", f"/users/{other}"), ("PATCH", f"/users/{other}"), ("GET", f"/users/{other}/tokens"),
        ("POST", f"/users/{other}/tokens"), ("POST", "/users/ada/tokens"), ("POST", f"/users/{other}/activity"),
        ("POST", f"/users/{other}/servers/{PUBLIC}"), ("POST", f"/users/ada/servers/{PUBLIC}"),
        ("DELETE", f"/users/ada/servers/{PUBLIC}"), ("DELETE", f"/users/ada/servers/{PRIVATE}"),
        ("GET", f"/users/ada/servers/{PRIVATE}/progress"), ("GET", f"/users/{other}/shared"),
        ("POST", f"/shares/ada/{PUBLIC}"), ("GET", "/groups"), ("POST", "/groups/mine"),
        ("POST", "/groups/study:operations-research/users"), ("GET", "/services"), ("GET", "/services/witness"),
        ("GET", "/proxy"), ("POST", "/proxy"), ("PATCH", "/proxy"), ("POST", "/shutdown"), ("GET", "/info"),
    ]  # fmt: skip


def scopes_of(told: dict[str, list[str]]) -> set[str]:
    """Give the scopes of the table that the hub's `/user` names."""
    return {scope for scope in told["scopes"] if not IDENTITY.fullmatch(scope)}
