"""Where materials lie at an engine: which volume holds what, and what of it a server sees.

A tier's store is a folder of the engine's machine, or volumes that the engine keeps itself, so that nobody needs a
folder there. Open material is one volume for all. Licensed and private material is a volume for each, and a server
sees only those of its person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from maximalab_spawner.hardening import MATERIALS, materials_volume
from maximalab_spawner.tiers import Tier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from maximalab_spawner.backends import Backend


@dataclass(frozen=True, slots=True)
class Store:
    """A volume, and the place of a material in it."""

    volume: str
    options: Mapping[str, str] = field(default_factory=dict)
    """Of the engine's driver `local`; none is a plain volume."""
    within: str = "."
    """Folder of the material's versions, below the volume."""


def _seen(lab: str, folder: Path) -> Store:
    return Store(*materials_volume(lab, folder))


def desk_volume(lab: str, tier: Tier) -> Store:
    """Name the volume of what waits to be published."""
    return Store(f"{lab}.desk.{tier.value}")


def shelf(lab: str, backend: Backend, material: str) -> Store:
    """Say where a backend keeps a material's versions, to be written by the desk alone."""
    if backend.materials is not None:
        name, options = materials_volume(f"{lab}.desk", backend.materials)
        return Store(name, options | {"o": "bind"}, material)
    if backend.tier is Tier.PUBLIC:
        return Store(f"{lab}.materials", within=material)
    return Store(f"{lab}.material.{material}")


def shown(lab: str, backend: Backend, handed: Sequence[str]) -> dict[str, Store]:
    """Say which volumes a server sees, read-only, by the folder of its container where each lies.

    On the public tier that is the whole store. On the private one it is what was handed to the server, and
    nothing else: not what other courses have, not what is published for others.
    """
    folder = backend.materials
    if backend.tier is Tier.PUBLIC:
        return {MATERIALS: _seen(lab, folder) if folder else Store(f"{lab}.materials")}
    apart = {one: _seen(lab, folder / one) if folder else Store(f"{lab}.material.{one}") for one in handed}
    return {f"{MATERIALS}/{one}": store for one, store in apart.items()}
