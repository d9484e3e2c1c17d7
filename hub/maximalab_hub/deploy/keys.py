"""The keys of a lab in containers made anew: who reads which, what a change means, and which never changes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maximalab_hub.deploy.files import owner_of, replaced
from maximalab_hub.secret_files import Secret
from maximalab_hub.vpn.keys import new_pair

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class KeyKeptError(ValueError):
    """This key is not made anew; the text says why, or which there are."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """One key that may be made anew."""

    readers: tuple[str, ...]
    """Services of the compose file that have to start anew, in this order."""
    then: str
    """What people notice."""
    service: str = ""
    """JupyterHub's service whose old token has to be forgotten: the hub adds a new one and keeps the old."""


NOTHING = "Open notebooks are reconnected by themselves; nobody has to do anything."
ROTATIONS: Mapping[str, Rotation] = {
    Secret.COOKIE_SECRET: Rotation(("hub",), "Everybody signs in again; servers and kernels run on."),
    Secret.PROXY_TOKEN_PUBLIC: Rotation(("public", "hub"), NOTHING),
    Secret.PROXY_TOKEN_VPN: Rotation(("vpn", "hub"), NOTHING),
    Secret.USAGE_TOKEN: Rotation(("hub", "usage"), NOTHING, "usage"),
    Secret.WITNESS_TOKEN: Rotation(("hub", "usage"), NOTHING, "witness"),
    Secret.VPN_GATEWAY_TOKEN: Rotation(("hub", "gateway"), NOTHING, "vpn-gateway"),
    "db_hub": Rotation(("db", "hub", "usage"), NOTHING),
    "db_usage": Rotation(("db", "hub", "usage"), NOTHING),
    "gateway_key": Rotation(
        ("hub", "gateway"),
        "Every device needs the new key of the gateway, by hand: in WireGuard's app, as PublicKey of the peer. The page"
        " My devices shows it. Until then it is not in the VPN.",
    ),
}
"""By file. A test holds the readers against the compose file."""


def rotation(name: str) -> Rotation:
    """Say what making this key anew means. Raises `KeyKeptError` where it is not to be."""
    if name == Secret.PSEUDONYM_KEY:
        raise KeyKeptError(
            "pseudonym_key is never made anew: with another one everybody has another pseudonym, so that studies fall"
            " apart, and records that were erased could come back. Keep it, and keep its backup."
        )
    if name not in ROTATIONS:
        raise KeyKeptError(f"there is no key {name!r}; there are {', '.join(ROTATIONS)}")
    return ROTATIONS[name]


def renew(folder: Path, name: str) -> None:
    """Make one key of the lab in `folder` anew, one of `ROTATIONS`. Raises `KeyKeptError` and `OSError`."""
    keys = folder / "secrets"
    if name == "gateway_key":
        _new_pair(folder)
    elif name.startswith("db_"):
        old = (keys / name).read_text(encoding="ascii").strip()
        _write(keys / name, f"{old.rpartition(':')[0]}:{secrets.token_hex(24)}\n")
    else:
        _write(keys / name, secrets.token_hex(32))
        if name == Secret.VPN_GATEWAY_TOKEN:
            _write(keys / "gateway_token", (keys / name).read_text(encoding="ascii"))


def _new_pair(folder: Path) -> None:
    """Make the gateway's pair, and put the public key into the settings in the place of the old one."""
    keys, settings = folder / "secrets", folder / "lab/maximalab.toml"
    old = (keys / "gateway_public_key").read_text(encoding="ascii").strip()
    text = settings.read_text(encoding="utf-8")
    if f'"{old}"' not in text:
        raise KeyKeptError(
            f"{settings} does not have the gateway's public key {old}, so the new one would be known to nobody."
            " Write it there, as public_key in [gateway], and try again."
        )
    pair = new_pair()
    _write(keys / "gateway_key", pair.private + "\n")
    _write(keys / "gateway_public_key", pair.public + "\n")
    _write(settings, text.replace(f'"{old}"', f'"{pair.public}"'))


def _write(path: Path, text: str) -> None:
    replaced(path, text.encode(), owner_of(path))
