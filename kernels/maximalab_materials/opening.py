"""Opens a material for a student: looks at what is there, decides, and does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from maximalab_materials.copying import present_in, put_back, put_copy
from maximalab_materials.plan import Step, folder_beside, plan_beside, plan_opening
from maximalab_materials.refusals import Reason, Refused
from maximalab_materials.store import Edition, checked_id, edition, versions_of

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Opened:
    """The notebook to open, relative to the server's root."""

    notebook: str


@dataclass(frozen=True)
class Offer:
    """What to ask the student; `own` is the version of the copy that is there, None where it is none."""

    newest: Edition
    own: int | None
    folder: str
    may_continue: bool
    beside_there: bool


def open_material(store: Path, root: Path, material: str, language: str, *, keep: bool) -> Opened | Offer:
    """Open `material` in the student's own folder, copied there at first, or ask. Raises `Refused`."""
    stored = versions_of(store, checked_id(material))
    newest = edition(store, material, stored[-1])
    notebook = newest.notebook(language)
    present = present_in(root / material, material, notebook)
    if present.version in stored and present.version != newest.version:
        # the student's own version may call its notebook otherwise
        notebook = edition(store, material, present.version or 0).notebook(language)
        present = present_in(root / material, material, notebook)
    step = plan_opening(present, stored, keep=keep)
    match step:
        case Step.OFFER | Step.OFFER_BESIDE_ONLY:
            beside = root / folder_beside(material, newest.version)
            there = present_in(beside, material, notebook).version == newest.version
            return Offer(newest, present.version, material, step is Step.OFFER, there)
        case Step.RESTORE:
            own = edition(store, material, present.version or newest.version)
            return _carry_out(step, own, root, material, notebook)
        case _:
            return _carry_out(step, newest, root, material, notebook)


def open_beside(store: Path, root: Path, material: str, language: str) -> Opened:
    """Open the newest version beside the student's copy, put there now or earlier. Raises `Refused`."""
    stored = versions_of(store, checked_id(material))
    newest = edition(store, material, stored[-1])
    notebook = newest.notebook(language)
    folder = folder_beside(material, newest.version)
    step = plan_beside(present_in(root / folder, material, notebook), newest.version)
    return _carry_out(step, newest, root, folder, notebook)


def _carry_out(step: Step, source: Edition, root: Path, folder: str, notebook: str) -> Opened:
    match step:
        case Step.COPY:
            put_copy(source, root, folder)
        case Step.RESTORE:
            put_back(source, notebook, root / folder)
        case Step.OPEN:
            pass
        case Step.REFUSE_IN_THE_WAY | Step.OFFER | Step.OFFER_BESIDE_ONLY:
            raise Refused(Reason.IN_THE_WAY)
        case _:
            assert_never(step)
    return Opened(f"{folder}/{notebook}")
