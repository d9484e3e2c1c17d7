"""From what a sender posts to rows: whose it is comes from the token, where it was from what the hub saw.

`row_of` makes the row of one event and is pure; `Ingest` reads what that needs, and stores a whole post in one
transaction, or nothing of it.
"""

from __future__ import annotations

import logging
import re
from asyncio import to_thread
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from maximalab_spawner.catalog import CatalogError

from maximalab_hub.erasure import NO_MORE, erased_before
from maximalab_hub.events import Kind, Refusal, Source, WireEvent, WitnessEvent, clamp_at, read_events
from maximalab_hub.plain import PlainPost
from maximalab_hub.results import AllStored, Result
from maximalab_hub.starts import start_of
from maximalab_hub.store.bulk import insert_events
from maximalab_hub.store.erasing import erased_moments, removed_numbers
from maximalab_hub.store.erasure_lock import hold_off_erasure
from maximalab_hub.store.plainposts import Shared, insert_plain, place_of
from maximalab_hub.store.queries import (
    EventValues,
    ServerMoment,
    courses_by_user,
    insert_server_moments,
    server_moments,
)
from maximalab_hub.store.together import LongWayError, NotWrittenError, WritesTogether

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection, Engine

    from maximalab_hub.privacy import Pseudonyms
    from maximalab_hub.service.limits import Patience
    from maximalab_hub.store.fixed import Driver

    Usual = Callable[[Connection], Sequence[Result]]
    Quick = Callable[[Driver], Sequence[Result]]

log = logging.getLogger(__name__)

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


def _unless_erased(outcome: EventValues | Refusal, known: Known) -> EventValues | Refusal:
    if isinstance(outcome, Refusal):
        return outcome
    erased_at = known.erased.get(outcome["user"])
    return NO_MORE if erased_before(outcome["at"], outcome["source"], erased_at) else outcome


def _numbers_never_to_come(
    made: Sequence[EventValues | Refusal], outcomes: Sequence[EventValues | Refusal]
) -> list[tuple[str, int]]:
    """Give the hub's numbers of events that arrived after their person was erased: they leave no gap."""
    return [
        (one["boot_id"], one["seq"])
        for one, outcome in zip(made, outcomes, strict=True)
        if outcome is NO_MORE and not isinstance(one, Refusal) and one["source"] == Source.HUB
    ]


class WitnessAwaited(NotWrittenError):  # noqa: N818  no error: the sender comes again
    """The hub has not yet told of the start of the server whose events these are; nothing was stored."""


class CatalogAwaited(NotWrittenError, CatalogError):  # noqa: N818  no error: the sender comes again
    """The catalogue cannot be read, so where these events belong is not known; nothing was stored."""


def row_of(event: WireEvent, sender: Sender, known: Known, received_at: datetime) -> EventValues:
    """Make the row of a checked event.

    Its user, server, tier, backend and entrance never come from the sender, unless that is the hub itself.
    """
    return _Rows(sender, known, received_at).of(event)


class _Where(NamedTuple):
    """What a sender is not asked."""

    user: str
    server: str | None
    tier: str | None
    backend: str | None
    entrance: str | None
    material: str | None = None


class _Rows:
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


class Ingest:
    """Stores what is posted; `clock` gives aware moments, `courses_of` may raise `CatalogError`.

    `names` are the pseudonyms of the export log, under which erased people are remembered.
    """

    def __init__(
        self,
        engine: Engine,
        courses_of: CoursesOf,
        clock: Callable[[], datetime],
        patience: Patience,
        names: Pseudonyms,
    ) -> None:
        self._engine = engine
        self._names = names
        self._courses_of = courses_of
        self._clock = clock
        self._patience = patience
        self._together = WritesTogether(engine)

    def take(self, sender: Sender, raws: Sequence[object]) -> list[Result]:
        """Store the events of one post, a `PlainPost` or any others; say for each, in order, what became of it.

        Posts that come at the same time are stored together. Raises `WitnessAwaited`, `CatalogAwaited` where the
        catalogue cannot be read and a course has to be looked up or the hub's word be waited for, or
        `maximalab_hub.store.engine.StoreAwayError`; nothing is stored then.
        """
        return list(self._together.do(*self._ways(sender, raws)))

    async def soon(self, sender: Sender, raws: Sequence[object]) -> Sequence[Result]:
        """Do the same for an event loop, which goes on meanwhile."""
        if isinstance(raws, PlainPost):
            return await self._together.soon(*self._ways(sender, raws))
        return await to_thread(self.take, sender, raws)

    def close(self) -> None:
        """Let the connection go that stands between posts."""
        self._together.close()

    def _ways(self, sender: Sender, raws: Sequence[object]) -> tuple[Usual, Quick | None]:
        received_at = self._clock()
        read = cache(lambda: read_events(list(raws), sender.source))

        def work(connection: Connection) -> Sequence[Result]:
            return self._stored(connection, sender, raws, read(), received_at)

        if isinstance(raws, PlainPost):
            return work, lambda driver: self._stored_plainly(driver, sender, raws, received_at)
        read()  # it may take a while, in which nobody should wait for the store
        return work, None

    def _stored_plainly(
        self, driver: Driver, sender: Sender, post: PlainPost, received_at: datetime
    ) -> Sequence[Result]:
        """Store a post all of which belongs to one place. Raises `LongWayError` where it does not."""
        place = place_of(driver, sender.user, sender.server, self._names.of(sender.user))
        if not (post.believed(received_at) and place.holds(post, sender.server)):
            raise LongWayError
        courses_of = cache(self._courses_of)
        try:
            belongs = {name: _belongs(name, courses_of, place.courses) for name in post.notebooks}
        except CatalogError as error:
            raise CatalogAwaited(str(error)) from error
        if sender.server is not None:
            self._patience.end(f"{sender.user}/{sender.server}")
        where = (place.tier, place.backend, place.entrance)
        shared = Shared(received_at, sender.user, sender.server, *where, sender.source.value)
        new = insert_plain(driver, post, shared, belongs)
        return AllStored(post.ids) if new is None else _told(post.ids, new)

    def _stored(
        self,
        connection: Connection,
        sender: Sender,
        raws: Sequence[object],
        events: Sequence[WireEvent | Refusal],
        received_at: datetime,
    ) -> Sequence[Result]:
        hold_off_erasure(connection)
        known = self._known(connection, sender, events)
        try:
            rows_of = _Rows(sender, known, received_at).of
            made = [one if isinstance(one, Refusal) else rows_of(one) for one in events]
            outcomes = [_unless_erased(one, known) for one in made] if known.erased else made
            rows = [one for one in outcomes if not isinstance(one, Refusal)]
            self._wait_for_the_witness(sender, rows)
        except CatalogError as error:
            raise CatalogAwaited(str(error)) from error
        removed_numbers(connection, _numbers_never_to_come(made, outcomes))
        new = set(insert_events(connection, rows))
        if sender.source is Source.HUB:
            insert_server_moments(connection, [told for row in rows if (told := _moment_of(row))])
        return [_result(raw, one, new) for raw, one in zip(raws, outcomes, strict=True)]

    def _known(self, connection: Connection, sender: Sender, events: Sequence[WireEvent | Refusal]) -> Known:
        told_of = {event.user for event in events if isinstance(event, WitnessEvent)}
        users = told_of if sender.source is Source.HUB else {sender.user}
        courses_of = cache(self._courses_of)  # one catalogue for the whole post, and looked into once
        studies = courses_by_user(connection, users)
        erased = erased_moments(connection, self._names, users)
        if sender.server is None:
            return Known((), courses_of, studies, erased)
        moments = server_moments(connection, sender.user, sender.server)
        return Known(tuple(moments), courses_of, studies, erased)

    def _wait_for_the_witness(self, sender: Sender, rows: Sequence[EventValues]) -> None:
        if sender.server is None:
            return
        key = f"{sender.user}/{sender.server}"
        if all(row["tier"] is not None for row in rows):
            self._patience.end(key)
        elif self._patience.lasts(key):
            raise WitnessAwaited(key)
        else:
            self._need_the_catalogue(key)
            log.warning(
                "user=%.64s server=%.64s stored unwitnessed: no start told", sender.user, sender.server
            )

    def _need_the_catalogue(self, key: str) -> None:
        """Raise `CatalogError` where it cannot be read: then the hub's word waits too, and is waited for anew."""
        try:
            self._courses_of("")
        except CatalogError:
            self._patience.end(key)
            raise


def _moment_of(row: EventValues) -> tuple[str, str, ServerMoment] | None:
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


def _belongs(
    notebook: str | None, courses_of: CoursesOf, studies: Collection[str]
) -> tuple[str | None, str | None]:
    material = material_of(notebook, courses_of)
    return _course_among((courses_of(material) if material else None) or (), studies), material


def _told(ids: Sequence[str], new: Collection[str]) -> list[Result]:
    left = set(new)
    return [_came(event_id, left) for event_id in ids]


def _came(event_id: str, left: set[str]) -> Result:
    if event_id in left:
        left.remove(event_id)  # the same id once more in this post is known by then
        return Result(event_id, "stored")
    return Result(event_id, "known")


def _result(raw: object, outcome: EventValues | Refusal, new: set[str]) -> Result:
    if isinstance(outcome, Refusal):
        named = raw.get("event_id") if isinstance(raw, dict) else None
        return Result(
            named[:36] if isinstance(named, str) else None, "refused", outcome.field, outcome.message
        )
    return _came(outcome["event_id"], new)
