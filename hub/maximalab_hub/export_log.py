"""The export log: who took or saw which records of others, in a chain that shows each later change. Pure.

The hash of each entry covers the entry before it, so whoever changes, removes, inserts or moves one has to make
every later one anew, and then the last hash, the head, is another. The head stands in a row of its own, on the
page and in every answer to an export: whoever keeps one elsewhere can prove later that nothing before it moved.

Nobody is named: people are under pseudonyms made for this log alone, and details hold questions, not answers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from maximalab_hub.privacy import pseudonyms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from maximalab_hub.privacy import Pseudonyms

NOTHING: Final = "0" * 64
"""What the first entry follows."""
PSEUDONYMS_FOR: Final = "export log"
"""Under this name pseudonyms of the log are made; no study can have it, for an id of a study holds no space."""


class LogKind(StrEnum):
    """What an entry is about."""

    LOOK = "look"
    """A page with records of others was shown."""
    EXPORT = "export"
    """Records were asked for as files; nothing had been sent yet."""
    EXPORTED = "exported"
    """The files of an export were whole; `detail` has the hash of their manifest."""
    ERASURE = "erasure"
    """A person's records were erased; `detail` says how many, and why."""
    RETENTION = "retention"
    """Records that had grown old were removed; `detail` says up to when."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the chain: how many entries there are up to it, and the hash of the last of them."""

    position: int = 0
    hash: str = NOTHING

    def __str__(self) -> str:
        """Write it as it is kept elsewhere."""
        return f"{self.position}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Head:
    """What the store says of the whole chain: where it begins, and where it ends."""

    base: Point = Point()
    """What the first entry follows: the last one that retention has removed."""
    last: Point = Point()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `detail` is canonical JSON, `at` is aware."""

    position: int
    at: datetime
    kind: str
    who: str
    """The pseudonym of whoever did it; of an erasure, of the person erased."""
    study: str | None
    detail: str
    previous: str
    hash: str

    @property
    def point(self) -> Point:
        """The place in the chain at which this entry ends it."""
        return Point(self.position, self.hash)

    @property
    def told(self) -> dict[str, Any]:
        """What `detail` says."""
        found: dict[str, Any] = json.loads(self.detail)
        return found


class Fault(StrEnum):
    """What is wrong with a chain."""

    MISSING = "missing"
    CHANGED = "changed"
    MOVED = "moved"
    CUT = "cut"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a chain is whole; if not, what is wrong first, and with which entry."""

    entries: int
    last: Point
    fault: Fault | None = None
    position: int = 0

    def __str__(self) -> str:
        """Say it in a line."""
        match self.fault:
            case None:
                return f"{self.entries} entries, all whole. Head: {self.last}"
            case Fault.MISSING:
                return f"entry {self.position} is missing"
            case Fault.CHANGED:
                return f"entry {self.position} was changed: its hash is not that of what it says"
            case Fault.MOVED:
                return f"entry {self.position} does not follow the one before it: one of them was put in or moved"
            case Fault.CUT:
                return f"the log ends before entry {self.position}, which was there: its end was cut off"
            case Fault.UNKNOWN:
                return f"entry {self.position} is not the one whose hash was kept: the log was made anew"


def names_in_the_log(lab_key: str) -> Pseudonyms:
    """Make the pseudonyms of the log from the lab's secret key."""
    return pseudonyms_of(PSEUDONYMS_FOR, lab_key)


def canonical(content: Mapping[str, Any]) -> str:
    """Write JSON in the one way that is hashed: keys in order, no spaces, every letter in ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def entry_after(  # noqa: PLR0913  one argument for each thing that an entry says
    last: Point, *, at: datetime, kind: LogKind, who: str, study: str | None, detail: Mapping[str, Any]
) -> Entry:
    """Make the entry that follows `last`. Raises `ValueError` where `at` is not aware."""
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be logged")
    entry = Entry(last.position + 1, at, kind.value, who, study, canonical(detail), last.hash, "")
    return replace(entry, hash=hash_of(entry))


def hash_of(entry: Entry) -> str:
    """Give the hash that an entry has to have: SHA-256 of the canonical JSON of all that it says."""
    said = {
        "position": entry.position,
        "at": entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "kind": entry.kind,
        "who": entry.who,
        "study": entry.study,
        "detail": entry.detail,
        "previous": entry.previous,
    }
    return sha256(canonical(said).encode()).hexdigest()


def verify(entries: Iterable[Entry], head: Head, kept: Point | None = None) -> Verdict:
    """Go through a chain and say what is wrong first, if anything is.

    `kept` is a head that somebody kept elsewhere. Without one, whoever may write the whole store can still make all
    of the log anew; with one, nobody can for what was before it.
    """
    last, seen, dropped = head.base, 0, {Point()}
    for entry in entries:
        fault = _fault(last, entry)
        if fault is not None:
            return Verdict(seen, last, *fault)
        if kept is not None and entry.position == kept.position and entry.hash != kept.hash:
            return Verdict(seen, last, Fault.UNKNOWN, entry.position)
        dropped.add(removed_up_to(entry))
        last, seen = entry.point, seen + 1
    if head.base not in dropped:
        return Verdict(seen, last, Fault.MISSING, head.base.position)
    needed = max(head.last.position, kept.position if kept else 0)
    if last.position < needed:
        return Verdict(seen, last, Fault.CUT, needed)
    return Verdict(seen, last, *((Fault.MOVED, last.position) if last != head.last else ()))


def removed_up_to(entry: Entry) -> Point:
    """Say up to which place an entry tells that retention removed the log itself; the beginning where it does not."""
    told = entry.told.get("log") if entry.kind == LogKind.RETENTION else None
    return Point(int(told["position"]), str(told["hash"])) if told else Point()


def _fault(last: Point, entry: Entry) -> tuple[Fault, int] | None:
    if entry.position > last.position + 1:
        return Fault.MISSING, last.position + 1
    if entry.position <= last.position:
        return Fault.MOVED, entry.position
    if entry.hash != hash_of(entry):
        return Fault.CHANGED, entry.position
    return (Fault.MOVED, entry.position) if entry.previous != last.hash else None
