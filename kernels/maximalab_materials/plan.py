"""What is there, so what to do: the decision on opening a material, apart from any disk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Step(Enum):
    """One thing to do with a material."""

    COPY = auto()
    """Put the newest version where nothing is yet, then open it."""
    OPEN = auto()
    """Open what the student has."""
    RESTORE = auto()
    """Put one deleted notebook back from the student's version, then open it."""
    OFFER = auto()
    """Ask: go on with what is there, or put the newest version beside it."""
    OFFER_BESIDE_ONLY = auto()
    """Ask whether to put the newest version beside what is there, which holds no such notebook."""
    REFUSE_IN_THE_WAY = auto()
    """Say that something else has the name of the folder."""


@dataclass(frozen=True)
class Present:
    """What is in the student's space under a folder's name.

    `version` is the material's version in that folder, None where the folder is not a copy of this material.
    `notebook` says whether the wanted notebook is in it.
    """

    folder: bool = False
    version: int | None = None
    notebook: bool = False


def plan_opening(present: Present, stored: list[int], *, keep: bool) -> Step:
    """Decide on opening a material whose `stored` versions, oldest first, are in the store.

    `keep`: the student has chosen to go on with the own copy. Nothing that is there is ever replaced.
    """
    if not present.folder:
        return Step.COPY
    if present.version is None:
        return Step.OPEN if present.notebook else Step.OFFER_BESIDE_ONLY
    restorable = present.version in stored
    if present.version < stored[-1] and not keep:
        return Step.OFFER if present.notebook or restorable else Step.OFFER_BESIDE_ONLY
    if present.notebook:
        return Step.OPEN
    return Step.RESTORE if restorable else Step.OFFER_BESIDE_ONLY


def plan_beside(present: Present, newest: int) -> Step:
    """Decide on putting version `newest` into the folder beside, where `present` may be."""
    if not present.folder:
        return Step.COPY
    if present.version != newest:
        return Step.REFUSE_IN_THE_WAY
    return Step.OPEN if present.notebook else Step.RESTORE


def folder_beside(material: str, version: int) -> str:
    """Name the folder for a newer version beside the student's copy."""
    return f"{material}-v{version}"
