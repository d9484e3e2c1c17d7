"""Where servers can run: named places, read from a TOML file.

    [[backend]]
    name = "local-public"                      # [a-z][a-z0-9-]{0,40}
    tier = "public"                            # public | private
    kind = "local"                             # local: processes of this machine, without isolation
    capacity = 20                              # servers at a time
    materials = "/srv/maximalab/materials/public"
    homes = "/srv/maximalab/homes/public"      # with an empty file .maximalab-homes in it, see docs/admins.md

A relative folder is taken from the folder of the file. `kind = "docker"` and `kind = "swarm"` have no `homes`
(they are volumes of an engine) and the fields that `maximalab_spawner.site` and `maximalab_spawner.swarmsite` tell of.
`docker` needs no `materials`: without, they are volumes, too. All backends of a lab are of one kind.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_spawner.site import SITE_FIELDS, read_site
from maximalab_spawner.swarmsite import SWARM_FIELDS, read_swarm
from maximalab_spawner.tiers import NAME, Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maximalab_spawner.site import Site


class BackendsError(Exception):
    """The file of backends is not usable. The text names the file, the field and the remedy."""


class Kind(StrEnum):
    """How servers are started at a backend."""

    LOCAL = "local"
    """Processes of the hub's own machine, without isolation."""
    DOCKER = "docker"
    """A container for each server, at a Docker engine."""
    SWARM = "swarm"
    """A service for each server, in a Docker Swarm."""


@dataclass(frozen=True, slots=True)
class Backend:
    """One named place of one tier where servers run."""

    name: str
    tier: Tier
    kind: Kind
    capacity: int
    """Servers at a time, at least 1."""
    materials: Path | None = None
    """The tier's store, as seen from where the servers run; None where it is volumes of an engine."""
    homes: Path | None = None
    """Where the students' own spaces lie; None where they are volumes of an engine."""
    site: Site | None = None
    """The engine; None where servers are processes."""


EVERY = frozenset({"name", "tier", "kind", "capacity", "materials"})
FIELDS = {
    Kind.LOCAL.value: EVERY | {"homes"},
    Kind.DOCKER.value: EVERY | SITE_FIELDS,
    Kind.SWARM.value: EVERY | SWARM_FIELDS,
}


def read_backends(path: Path) -> tuple[Backend, ...]:
    """Read the file of backends. Raises `BackendsError` for whatever is not exactly right."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BackendsError(f"{path}: cannot be read ({error.strerror}); check that it is there") from error
    except (ValueError, RecursionError) as error:
        raise BackendsError(f"{path}: is not TOML ({error}); mend the line named") from error
    records = table.get("backend")
    if set(table) - {"pool"} != {"backend"} or not isinstance(records, list) or not records:
        raise BackendsError(
            f"{path}: field `backend`: write one table [[backend]] for each place, [[pool]] for seats, and nothing else"
        )
    backends = tuple(_backend(path, place, record) for place, record in enumerate(records))
    _check_together(path, backends)
    return backends


def _backend(path: Path, place: int, record: object) -> Backend:
    if not isinstance(record, dict):
        raise _wrong(path, place, "", "write a table [[backend]]")
    known = FIELDS.get(str(record.get("kind")), frozenset().union(*FIELDS.values()))
    for field in record:
        if field not in known:
            remedy = f"is not known here; remove it or use one of {', '.join(sorted(known))}"
            raise _wrong(path, place, field, remedy)
    name, capacity = record.get("name"), record.get("capacity")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise _wrong(path, place, "name", f"write a name of the form {NAME.pattern}")
    if not isinstance(capacity, int) or isinstance(capacity, bool) or capacity < 1:
        raise _wrong(path, place, "capacity", "write how many servers may run at a time, at least 1")
    for field, words in (("tier", Tier), ("kind", Kind)):
        if record.get(field) not in list(words):
            raise _wrong(path, place, field, f"write one of {', '.join(words)}")
    tier, kind = Tier(record["tier"]), Kind(record["kind"])
    if kind is Kind.LOCAL:
        store, homes = (_folder(path, place, field, record.get(field)) for field in ("materials", "homes"))
        return Backend(name, tier, kind, capacity, store, homes)
    given = record.get("materials")
    in_volumes = kind is Kind.DOCKER and given is None
    materials = None if in_volumes else _folder_over_there(path, place, "materials", given)
    read = read_swarm if kind is Kind.SWARM else read_site
    site = read(name, tier, record, path.parent, lambda field, remedy: _wrong(path, place, field, remedy))
    return Backend(name, tier, kind, capacity, materials, site=site)


def _folder(path: Path, place: int, field: str, value: object) -> Path:
    if not isinstance(value, str) or not value.strip():
        raise _wrong(path, place, field, "write the path of a folder")
    return (path.parent / Path(value).expanduser()).resolve()


def _folder_over_there(path: Path, place: int, field: str, value: object) -> Path:
    """Take a folder of the engine's machine as it is written: this machine may know nothing of it."""
    if not isinstance(value, str) or not value.startswith("/") or ".." in value.split("/"):
        raise _wrong(path, place, field, "write the full path of a folder on the engine's machine")
    return Path(value)


def _wrong(path: Path, place: int, field: str, remedy: str) -> BackendsError:
    return BackendsError(f"{path}: field `backend[{place}].{field}`: {remedy}")


def _check_together(path: Path, backends: Sequence[Backend]) -> None:
    names = [backend.name for backend in backends]
    for name in names:
        if names.count(name) > 1:
            raise BackendsError(f"{path}: field `backend.name`: {name!r} stands there twice; name them apart")
    if len({backend.kind for backend in backends}) > 1:
        raise BackendsError(
            f"{path}: field `backend.kind`: write the same for all; a lab has one kind of servers"
        )
    for one, other in combinations(backends, 2):
        if one.tier != other.tier and _share(one, other):
            raise BackendsError(
                f"{path}: {one.name} and {other.name} are of different tiers and share a folder; "
                "give each its own `materials` and `homes`",
            )
        if one.site and other.site and _same_machine(one, other) and _overlap(one.site, other.site):
            raise BackendsError(
                f"{path}: {one.name} and {other.name} share an engine and a `subnet`; give each its own"
            )


def _share(one: Backend, other: Backend) -> bool:
    if not _same_machine(one, other):
        return False
    ours = [folder for folder in (one.materials, one.homes) if folder]
    theirs = [folder for folder in (other.materials, other.homes) if folder]
    return any(a.is_relative_to(b) or b.is_relative_to(a) for a in ours for b in theirs)


def _same_machine(one: Backend, other: Backend) -> bool:
    """Say whether the same path is the same folder; as far as can be told from an engine's address."""
    return (one.site and one.site.engine.url) == (other.site and other.site.engine.url)


def _overlap(one: Site, other: Site) -> bool:
    return IPv4Network(one.net.subnet).overlaps(IPv4Network(other.net.subnet))
