"""From an event to its row: whose it is comes from the token, where it was from what the hub saw. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from maximalab_hub.events import Kind, Source, WireEvent, WitnessEvent, clamp_at
from maximalab_hub.starts import start_of
from maximalab_hub.store.queries import EventValues, ServerMoment

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

CoursesOf = Callable[[str], tuple[str, ...] | None]
"""The courses of a material by its id; None where there is no such material."""

_COPY: Final = re.compile(r"-v[0-9]{1,9}$")
"""The end of the folder into which a newer version of a material is put beside the older one."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who posts, as the hub knows it from the token."""

    source: Source
    user: str = ""
    """Empty for the hub itself, which names the user in each event."""
    server: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the hub, the catalogue and the enrolments say about a post."""

    moments: tuple[ServerMoment, ...] = ()
    """What the hub saw of the sender's server, in order of time."""
    courses_of: CoursesOf = lambda _material: None
    studies: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Courses in which each user of the post's events is enrolled; whoever is in none is not named."""
    erased: Mapping[str, datetime] = field(default_factory=dict)
    """Up to when records were erased, of those of these users of whom any were."""


def row_of(event: WireEvent, sender: Sender, known: Known, received_at: datetime) -> EventValues:
    """Make the row of a checked event.

    Its user, server, tier, backend and entrance never come from the sender, unless that is the hub itself.
    """
    return Rows(sender, known, received_at).of(event)


class _Where(NamedTuple):
    """What a sender is not asked."""

    user: str
    server: str | None
    tier: str | None
    backend: str | None
    entrance: str | None
    material: str | None = None


class Rows:
    """Makes the rows of one post; what its events share is found out once."""

    def __init__(self, sender: Sender, known: Known, received_at: datetime) -> None:
        self._sender, self._known, self._received_at = sender, known, received_at
        self._material_of = cache(lambda notebook: material_of(notebook, known.courses_of))
        self._course_of = cache(lambda material, user: course_of(material, user, known))
        self._starts: dict[int, _Where] = {}

    def of(self, event: WireEvent) -> EventValues:
        """Make the row of one event, its fields written out: a call with names takes twice as long as the rest."""
        at, clamped = clamp_at(datetime.fromisoformat(event.at), self._received_at)
        where = _told_by_the_hub(event) if isinstance(event, WitnessEvent) else self._seen(at)
        material = where.material or self._material_of(event.notebook)
        return {
            "event_id": event.event_id,
            "boot_id": event.boot_id,
            "seq": event.seq,
            "kind": event.kind.value,
            "at": at,
            "at_reported": event.at,
            "at_clamped": clamped,
            "received_at": self._received_at,
            "user": where.user,
            "server": where.server,
            "tier": where.tier,
            "backend": where.backend,
            "entrance": where.entrance,
            "course": self._course_of(material, where.user),
            "material": material,
            "notebook": event.notebook,
            "cell_id": event.cell_id,
            "kernel": event.kernel,
            "duration_ms": event.duration_ms,
            "outcome": event.outcome.value if event.outcome else None,
            "error_name": event.error_name,
            "source": self._sender.source.value,
            "detail": event.detail,
        }

    def _seen(self, at: datetime) -> _Where:
        start = start_of(self._known.moments, at)
        found = self._starts.get(id(start))
        if found is None:
            who = (self._sender.user, self._sender.server)
            place = (start.tier, start.backend, start.entrance) if start else (None, None, None)
            found = self._starts[id(start)] = _Where(*who, *place)
        return found


def _told_by_the_hub(event: WitnessEvent) -> _Where:
    tier = event.tier.value if event.tier else None
    entrance = event.entrance.value if event.entrance else None
    return _Where(event.user, event.server, tier, event.backend, entrance, event.material)


def material_of(notebook: str | None, courses_of: CoursesOf) -> str | None:
    """Say of which material a notebook is: its first folder, without the `-v2` of a newer copy."""
    folder, slash, _ = (notebook or "").partition("/")
    if not slash:
        return None
    if courses_of(folder) is not None:
        return folder
    original = _COPY.sub("", folder)
    return original if courses_of(original) is not None else None


def course_of(material: str | None, user: str, known: Known) -> str | None:
    """Give an event's course: of the material's courses the first that `user` studies, else the first."""
    courses = (known.courses_of(material) if material else None) or ()
    return _course_among(courses, known.studies.get(user, ()))


def _course_among(courses: Sequence[str], studies: Collection[str]) -> str | None:
    return next((course for course in courses if course in studies), next(iter(courses), None))


def course_and_material(
    notebook: str | None, courses_of: CoursesOf, studies: Collection[str]
) -> tuple[str | None, str | None]:
    """Say to which course and material a notebook belongs for somebody who studies these courses."""
    material = material_of(notebook, courses_of)
    return _course_among((courses_of(material) if material else None) or (), studies), material


def moment_of(row: EventValues) -> tuple[str, str, ServerMoment] | None:
    """Give what the hub tells of a server by this event, if it is one of that kind."""
    server = row["server"]
    if row["source"] != Source.HUB or server is None:
        return None
    match row["kind"]:
        case Kind.SERVER_START:
            seen = ServerMoment(row["at"], True, row["tier"], row["backend"], row["entrance"])
        case Kind.SERVER_STOP:
            seen = ServerMoment(row["at"], False)
        case _:
            return None
    return row["user"], server, seen
