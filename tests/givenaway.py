"""Pages that acceptance T5 walks over, and what none of their answers may tell."""

from __future__ import annotations

import re

from bed.asking import PRIVATE, PUBLIC
from bed.figure import HUB, HUB_INSIDE

PAGES = [
    "/hub/lab", "/hub/token", "/hub/home", "/hub/devices", "/hub/admin", "/hub/nothing", "/hub/error/503",
    "/hub/user/bob/public-maxima/", "/hub/spawn/bob", f"/hub/spawn-pending/bob/{PUBLIC}", "/hub/oauth_login",
    f"/hub/vpn-needed/user/ada/{PRIVATE}/", f"/user/ada/{PRIVATE}/", f"/user/bob/{PUBLIC}/", "/user/bob/",
    "/hub/api/oauth2/authorize?client_id=service-usage&response_type=code", "/hub/vpn/peers", "/hub/metrics",
    "/services/usage/", "/services/usage/nothing", "/services/witness/", "/nothing", "/hub/health",
    "/hub/api/", "/hub/api/info", "/hub/api/user", "/hub/api/users", "/hub/api/users/bob",
    "/hub/api/users/bob/tokens", "/hub/api/groups", "/hub/api/services", "/hub/api/services/usage",
    "/hub/api/proxy", "/hub/api/shares/bob", "/hub/api/authorizations/token/x", "/hub/api/nothing",
    f"/hub/api/users/ada/servers/{PRIVATE}/progress", f"/hub/api/users/bob/servers/{PUBLIC}/progress",
]  # fmt: skip
ADDRESS = re.compile(r"172\.(?:2[0-9]|30|31)\.\d+\.\d+")
TOLD = frozenset({HUB, HUB_INSIDE})
"""The two entrances' addresses: people are told where to go."""
NAMES = re.compile(r"\b(?:ada|bob|cai|dan|root|prv1|pub1|pub2|2376)\b")


def given_away(path: str, text: str, told: frozenset[str] = TOLD) -> set[str]:
    """Name what an answer tells beyond what its asker said."""
    names = {name for name in NAMES.findall(text) if name not in path}
    return names | (set(ADDRESS.findall(text)) - told)
