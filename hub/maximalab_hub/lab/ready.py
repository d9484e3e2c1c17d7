"""Is a process of the lab ready: asked by HTTP, as a browser would."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_hub.lab.places import Addresses

PATIENCE = 2.0
"""Seconds that one question may take."""
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing is asked by TLS, and reading the machine's list of authorities takes 25 ms for each question."""


def questions(addresses: Addresses) -> Mapping[str, str]:
    """Name each address that answers 200 when its part is ready; the last two go through an entrance."""
    return {
        "usage service": f"{addresses.usage.url}/services/usage/health",
        "hub": f"{addresses.hub.url}/hub/health",
        "public entrance": f"{addresses.public.url}/hub/health",
        "VPN entrance": f"{addresses.vpn.url}/hub/health",
    }


def answers(url: str) -> bool:
    """Say whether a GET of `url` is answered by 200."""
    try:
        # trust_env: a proxy for going out must not be asked about this machine.
        reply = httpx.get(url, timeout=PATIENCE, trust_env=False, verify=NO_AUTHORITIES)
    except httpx.HTTPError:
        return False
    return reply.status_code == httpx.codes.OK
