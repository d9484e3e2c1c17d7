"""Publishing by a page: a teacher describes a material, sends it, looks at what came, and puts it in force.

In that order. The description comes first, and alone: it is public, and says where the rest belongs and through
which entrance it may come. Only then does the hub name an address for the rest, which goes on to the material's tier
in blocks (`desk`). What waits is known to this process alone; a hub that restarts forgets it, and the desk frees it.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from maximalab_spawner.desk import Body, Desk, DeskAwayError, File, Seen, Wanted, fingerprint, known_courses
from maximalab_spawner.faults import CatalogError, Wrong, fault
from maximalab_spawner.history import PUBLISHED, WITHDRAWN, Deed, History
from maximalab_spawner.materials import read_material
from maximalab_spawner.policy import may_publish
from maximalab_spawner.publishing import course_faults, last_version, write_whole
from maximalab_spawner.refusals import NO_DESK, UPLOAD_GONE, UPLOADS_BUSY
from maximalab_spawner.sources import DESCRIPTION, LARGEST_MATERIAL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from maximalab_spawner.catalog import Catalog
    from maximalab_spawner.materials import Material
    from maximalab_spawner.tiers import Entrance, Person, Scenario, Tier

__all__ = [
    "Change",
    "DeskAwayError",
    "Kept",
    "NotPublishedError",
    "Publisher",
    "Version",
    "changes",
]

#: Seconds for which what was sent waits for its author's word.
LONGEST_WAIT: Final = 3600.0
#: Uploads at a time.
MOST_AT_A_TIME: Final = 3
_VERSION_LINE: Final = re.compile(r"(?m)^([ \t]*version[ \t]*=[ \t]*)\d[\d_]*(?=[ \t]*(?:#.*)?\r?$)")


class NotPublishedError(Exception):
    """It may not, or cannot, be published; `reason` is a key of `refusals.REFUSALS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Kept:
    """An upload: announced, on its way, or waiting for its author's word."""

    token: str
    who: str
    entrance: Entrance
    material: Material
    description: bytes
    before: Material | None
    """The last version there was, in force or withdrawn."""
    wanted: Wanted
    length: int
    body: Body | None = None
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One line of a material's list of versions."""

    number: int
    who: str
    """Empty: by a command of those who run the lab."""
    at: datetime | None
    """None: before there was a record."""
    access: str
    in_force: bool
    can_return: bool
    """Whether its files are on the tier where the material is now."""
    again: int | None = None
    """The version whose files it has."""
    withdrawn: bool = False
    """The line tells of a withdrawal, and of no new files."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is to be, and how it differs from the version in force."""

    name: str
    size: int
    """Bytes; of a removed file, those that it had."""
    how: str
    """`new`, `changed`, `same` or `removed`."""


def changes(seen: Seen) -> tuple[Change, ...]:
    """Compare what was sent with what is in force, file by file."""
    old = {one.name: one for one in seen.before}
    gone = old.keys() - {one.name for one in seen.files}
    found = [Change(one.name, one.size, _how(one, old.get(one.name))) for one in seen.files]
    return tuple(
        sorted([*found, *(Change(name, old[name].size, "removed") for name in gone)], key=lambda c: c.name)
    )


def _how(file: File, before: File | None) -> str:
    if before is None:
        return "new"
    return "same" if before.sha256 == file.sha256 else "changed"


def with_version(description: str, version: int) -> str:
    """Give a description another version, and nothing else. Raises `CatalogError` where it cannot be found in it."""
    text = _VERSION_LINE.sub(lambda found: f"{found[1]}{version}", description, count=1)
    was, is_now = (read_material(Path(DESCRIPTION), one.encode()) for one in (description, text))
    if replace(was, version=version) != is_now:
        raise fault(Wrong.NO_NUMBER, DESCRIPTION, 1, field="version")
    return text


@dataclass
class Publisher:
    """Takes in what teachers publish, tier by tier."""

    catalogue: Path
    read_catalogue: Callable[[], Catalog]
    desks: Mapping[Tier, Desk]
    history: History
    scenario: Scenario
    clock: Callable[[], float]
    """Seconds of a clock that only goes forward."""
    _kept: dict[str, tuple[float, Kept]] = field(default_factory=dict)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def describe(self, description: bytes, length: int, person: Person, entrance: Entrance) -> str:
        """Take a description, and name the token under which the rest may come: `length` bytes of zip.

        Raises `CatalogError` with all its faults, and `NotPublishedError` for what this person may not publish here.
        """
        material = read_material(Path(DESCRIPTION), description)
        before = last_version(self.catalogue / f"{material.id}.toml", material.id, self.history)
        self._allow(material, before, person, entrance)
        known = known_courses([course.id for course in self.read_catalogue().courses])
        if faults := course_faults(Path(), material, known):
            raise CatalogError(*faults)
        if before is not None and before.version >= material.version:
            raise fault(Wrong.VERSION_OLD, DESCRIPTION, before.version, field="version")
        if not 0 < length <= LARGEST_MATERIAL:
            raise fault(Wrong.LARGE, "zip", LARGEST_MATERIAL)
        token = secrets.token_hex(16)
        in_force = before.version if before is not None else None
        wanted = Wanted(token, material.id, material.version, in_force, known, fingerprint(description))
        kept = Kept(token, person.name, entrance, material, description, before, wanted, length)
        self._kept[token] = (self.clock() + LONGEST_WAIT, kept)
        return token

    def _allow(self, material: Material, before: Material | None, person: Person, entrance: Entrance) -> None:
        self._entitle(material, before, person, entrance)
        if material.tier not in self.desks:
            raise NotPublishedError(NO_DESK)

    def _entitle(
        self, material: Material, before: Material | None, person: Person, entrance: Entrance
    ) -> None:
        if reason := may_publish(material, before, person, entrance, self.scenario):
            raise NotPublishedError(reason)

    def begin(self, token: str, length: int | None, person: Person, entrance: Entrance) -> Kept:
        """Let an upload begin, once. Raises `NotPublishedError`; then nothing of it is to be read."""
        kept = self.kept(token, person, entrance)
        if kept.body is not None or kept.length != length:
            raise NotPublishedError(UPLOAD_GONE)
        busy = [one for _, one in self._kept.values() if one.body is not None and one.seen is None]
        if len(busy) >= MOST_AT_A_TIME:
            raise NotPublishedError(UPLOADS_BUSY)
        kept.body = Body(kept.length)
        return kept

    async def take_in(self, kept: Kept) -> None:
        """Pass an upload on to its tier, where it waits then. Raises `CatalogError`, `DeskAwayError`: it is gone."""
        if kept.body is None:
            raise ValueError("an upload that has not begun")
        try:
            kept.seen = await self.desks[kept.material.tier].look(kept.wanted, kept.body)
        except BaseException:
            self._kept.pop(kept.token, None)
            await self._free(kept)
            raise
        finally:
            kept.body.break_off()

    def kept(self, token: str, person: Person, entrance: Entrance) -> Kept:
        """Find a person's own upload, at the entrance where it came in. Raises `NotPublishedError`."""
        _, kept = self._kept.get(token, (0.0, None))
        if kept is None or kept.who != person.name or kept.entrance != entrance:
            raise NotPublishedError(UPLOAD_GONE)
        return kept

    async def free_what_waits_too_long(self) -> None:
        """Free what nobody has said a word to for an hour."""
        now = self.clock()
        for until, kept in list(self._kept.values()):
            if until < now:
                await self.discard(kept)

    async def discard(self, kept: Kept) -> None:
        """Free an upload that is not to be published."""
        self._kept.pop(kept.token, None)
        if kept.body is not None:
            kept.body.break_off()
            await self._free(kept)

    async def _free(self, kept: Kept) -> None:
        try:
            await self.desks[kept.material.tier].drop(kept.token)
        except (DeskAwayError, CatalogError):
            return  # the desk frees by itself what nobody has asked for in two hours

    async def publish(self, kept: Kept, person: Person, entrance: Entrance) -> None:
        """Put an upload in force. Raises `CatalogError`, `DeskAwayError` and `NotPublishedError`."""
        async with self._one_at_a_time:
            if kept.seen is None or self._kept.get(kept.token, (0, None))[1] is not kept:
                raise NotPublishedError(UPLOAD_GONE)
            before = self._before(kept.material.id)
            self._allow(kept.material, before, person, entrance)
            if before is not None and before.version >= kept.material.version:
                raise fault(Wrong.VERSION_OLD, DESCRIPTION, before.version, field="version")
            await self.desks[kept.material.tier].place(kept.wanted)
            del self._kept[kept.token]
            await self._in_force(kept.material, before, kept.description.decode("utf-8"), person)

    async def put_back(self, material_id: str, version: int, person: Person, entrance: Entrance) -> Material:
        """Publish the files of an earlier version anew, as the next version. Raises as `publish` does."""
        async with self._one_at_a_time:
            before = self._before(material_id)
            earlier = next(
                (one for one in reversed(self._deeds(material_id)) if one.version == version), None
            )
            if before is None or earlier is None:
                raise fault(Wrong.GONE, DESCRIPTION, version)
            text = with_version(earlier.description, before.version + 1)
            material = read_material(Path(DESCRIPTION), text.encode())
            self._allow(material, before, person, entrance)
            known = known_courses([course.id for course in self.read_catalogue().courses])
            wanted = Wanted(secrets.token_hex(16), material_id, material.version, before.version, known)
            await self.desks[material.tier].again(wanted, version, text)
            await self._in_force(material, before, text, person, again=version)
            return material

    async def withdraw(self, material_id: str, person: Person, entrance: Entrance) -> None:
        """Take a material out of the catalogue; its files stay on their tier. Raises `NotPublishedError`."""
        async with self._one_at_a_time:
            entry = self.catalogue / f"{material_id}.toml"
            if not entry.exists():
                return
            material = read_material(entry)
            self._entitle(material, None, person, entrance)
            text = entry.read_text(encoding="utf-8")
            self._keep_what_was(material, text)
            entry.unlink()
            self.history.note(material, what=WITHDRAWN, who=person.name, description=text)

    async def _in_force(
        self, material: Material, before: Material | None, text: str, person: Person, again: int | None = None
    ) -> None:
        entry = self.catalogue / f"{material.id}.toml"
        if before is not None and before.tier is not material.tier and before.tier in self.desks:
            # What it leaves first, then the catalogue: at no moment does it lie open where it must not.
            await self.desks[before.tier].clear(material.id)
        if entry.exists():
            self._keep_what_was(read_material(entry), entry.read_text(encoding="utf-8"))
        write_whole(entry, text.encode())
        self.history.note(material, what=PUBLISHED, who=person.name, description=text, again=again)

    def _keep_what_was(self, material: Material, text: str) -> None:
        """Note a version that came into force before there was a record."""
        if not any(deed.version == material.version for deed in self._deeds(material.id)):
            self.history.note(material, what=PUBLISHED, who="", description=text)

    def _before(self, material_id: str) -> Material | None:
        return last_version(self.catalogue / f"{material_id}.toml", material_id, self.history)

    def _deeds(self, material_id: str) -> tuple[Deed, ...]:
        return self.history.of(material_id)

    def last(self, material_id: str) -> Material | None:
        """Give the description in force, or the last one of a withdrawn material. Raises `CatalogError`."""
        return self._before(material_id)

    def versions(self, material_id: str) -> tuple[Version, ...]:
        """List what happened to a material, the newest first. Raises `CatalogError`."""
        entry = self.catalogue / f"{material_id}.toml"
        current = read_material(entry) if entry.exists() else None
        last = self._before(material_id)
        deeds = self._deeds(material_id)
        lines = [_line(deed, current, last) for deed in deeds]
        if current is not None and not any(one.number == current.version for one in lines):
            lines.append(
                Version(current.version, "", None, current.access.value, in_force=True, can_return=False)
            )
        return tuple(reversed(lines))

    def withdrawn(self) -> tuple[Material, ...]:
        """List the materials that are in the catalogue no more. Raises `CatalogError`."""
        gone = [one for one in self.history.ids() if not (self.catalogue / f"{one}.toml").exists()]
        return tuple(last for one in gone if (last := self._before(one)) is not None)


def _line(deed: Deed, current: Material | None, last: Material | None) -> Version:
    material, withdrawn = deed.material(), deed.what == WITHDRAWN
    in_force = not withdrawn and current is not None and current.version == deed.version
    return Version(
        number=deed.version,
        who=deed.who,
        at=deed.at,
        access=material.access.value,
        in_force=in_force,
        can_return=not (withdrawn or in_force) and last is not None and last.tier is material.tier,
        again=deed.again,
        withdrawn=withdrawn,
    )
