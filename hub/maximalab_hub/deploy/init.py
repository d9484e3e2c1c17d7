"""Makes the folder of a lab in containers. What is there stays as it is, keys above all; each step may be repeated.

| below the folder | what | who reads it |
| --- | --- | --- |
| `lab/` | settings, backends, accounts, catalogue, seats, devices, spool, archived months | hub, usage service |
| `materials/public`, `materials/private` | the tiers' stores | students' servers, and whoever publishes |
| `secrets/` | keys, one a file, mode 0600 | each container sees those that it needs |
| `db/` | PostgreSQL's files | PostgreSQL |
| `tls/` | `certificate.pem`, `key.pem` of the public entrance, where you put them | the public entrance |
| `vpn/` | which devices the gateway let in last | the gateway |
| `out/` | what commands write | you |
| `engine/` | in two Swarms: `ca.pem`, `cert.pem`, `key.pem` for the public manager, where you put them | the hub |
| `.env` | variables of the compose file or the stack, without keys | `docker compose`, `docker stack` |
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from maximalab_spawner.tiers import Tier

from maximalab_hub.deploy import swarmtexts, texts
from maximalab_hub.deploy.certificate import place_of_vpn_certificate
from maximalab_hub.deploy.following import follow
from maximalab_hub.deploy.swarmplan import SwarmPlan
from maximalab_hub.secret_files import Secret, ensure_secrets
from maximalab_hub.vpn.keys import new_pair

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from maximalab_hub.deploy.plan import Plan

USER, STUDENT, ROOT = 950, 1000, 0
"""Numbers of the user (and group) of our images, of students' servers and of the gateway's."""
FOLDERS: Mapping[str, int] = {
    "lab": 0o711,  # the firewall, another user, reads the file of backends in it
    "lab/catalogue": 0o700,
    "lab/spool": 0o700,
    "lab/placed": 0o700,
    "lab/archive": 0o700,
    "materials": 0o755,
    "secrets": 0o700,
    "db": 0o700,
    "tls": 0o700,
    "out": 0o700,
}
DATABASES = ("hub", "usage")


def make(plan: Plan, folder: Path, tag: str, given: Mapping[str, str]) -> list[str]:
    """Make what is missing in `folder`, and write `.env`; returns what was made, for people to read.

    Ownership is given where the caller may give it, as root may; another user has to be the images' user itself.
    Raises `OSError`.
    """
    made = [name for name, mode in FOLDERS.items() if _folder(folder / name, mode)]
    made += [f"materials/{tier}" for tier in Tier if _folder(folder / "materials" / tier, 0o755, STUDENT)]
    _folder(folder / "vpn", 0o700, ROOT)
    keys = folder / "secrets"
    made += [f"secrets/{secret}" for secret in ensure_secrets(keys)]
    made += [f"secrets/db_{name}" for name in DATABASES if _new(keys / f"db_{name}", _passfile(name))]
    public_key = _gateway_keys(keys, made)
    lab = folder / "lab"
    maker, backends = _papers(plan, folder, tag)
    for name, text in (
        ("maximalab.toml", texts.settings(plan, public_key, maker)),
        ("backends.toml", backends),
        ("accounts.toml", ""),
        ("catalogue/courses.toml", ""),
    ):
        made += [f"lab/{name}"] if _new(lab / name, text) else []
    made += [f"lab/{change}" for change in follow(plan, lab, tag, _before(folder))]
    _tls_files(folder / "tls")
    (lab / "backends.toml").chmod(0o644)  # the firewall, another user, reads it
    if isinstance(plan, SwarmPlan):
        _engine_files(folder / "engine", keys)
        own = place_of_vpn_certificate(plan, folder)
        given = {**given, **swarmtexts.stack_variables(plan, folder, own)}
    for path in keys.iterdir():
        _own(path, ROOT if path.name.startswith("gateway_") else USER)
    (folder / ".env").write_text(texts.compose_variables(plan, folder, given), encoding="utf-8")
    return made


def _papers(plan: Plan, folder: Path, tag: str) -> tuple[str, str]:
    """Name the command that makes this kind of lab, and write its file of backends."""
    if isinstance(plan, SwarmPlan):
        return "deploy/swarm/up", swarmtexts.backends(plan, folder, tag)
    return "deploy/compose/up", texts.backends(plan, folder, tag)


def _before(folder: Path) -> str:
    """Say which version the lab had up to now; empty where it is new."""
    found = folder / ".env"
    lines = found.read_text(encoding="utf-8").splitlines() if found.exists() else []
    return next((line.removeprefix("VERSION=") for line in lines if line.startswith("VERSION=")), "")


def _tls_files(folder: Path) -> None:
    """Let the entrances read certificates that somebody has put there by hand."""
    for path in (folder, *folder.rglob("*")):
        _own(path, USER)


def _engine_files(given: Path, keys: Path) -> None:
    """Copy what makes the hub known to the public Swarm's manager to where the lab's other keys are."""
    for part in ("ca", "cert", "key"):
        copy = keys / f"engine_{part}"
        copy.unlink(missing_ok=True)
        _new(copy, (given / f"{part}.pem").read_text(encoding="ascii"))


def _passfile(name: str) -> str:
    """Write a password as PostgreSQL's clients read it."""
    return f"db:5432:*:{name}:{secrets.token_hex(24)}\n"


def _gateway_keys(keys: Path, made: list[str]) -> str:
    """Make the gateway's pair and copy its token for it; gives the public key."""
    pair = new_pair()
    if _new(keys / "gateway_key", pair.private + "\n", ROOT):
        (keys / "gateway_public_key").unlink(missing_ok=True)
        _new(keys / "gateway_public_key", pair.public + "\n", ROOT)
        made.append("secrets/gateway_key")
    copy = keys / "gateway_token"
    copy.unlink(missing_ok=True)
    _new(copy, (keys / Secret.VPN_GATEWAY_TOKEN).read_text(encoding="ascii"), ROOT)
    return (keys / "gateway_public_key").read_text(encoding="ascii").strip()


def _folder(path: Path, mode: int, owner: int = USER) -> bool:
    if path.is_dir():
        return False
    path.mkdir(parents=True)
    path.chmod(mode)
    _own(path, owner)
    return True


def _new(path: Path, text: str, owner: int = USER) -> bool:
    """Write a file that its owner alone reads, unless it is there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    _own(path, owner)
    return True


def _own(path: Path, owner: int) -> None:
    if os.geteuid() == ROOT:
        os.chown(path, owner, owner)
