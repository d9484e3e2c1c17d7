"""Takes what a sender posts: reads what its rows need, and stores the whole post in one transaction, or nothing of it.

What a row holds, `eventrows` says.
"""

from __future__ import annotations

import logging
from asyncio import to_thread
from functools import cache
from typing import TYPE_CHECKING

from maximalab_spawner.catalog import CatalogError

from maximalab_hub.cellcode import CodeDesk, brings_code, code_rows
from maximalab_hub.erasure import NO_MORE, erased_before
from maximalab_hub.eventrows import Known, Rows, course_and_material, moment_of
from maximalab_hub.events import Refusal, Source, WireEvent, WitnessEvent, read_events
from maximalab_hub.plain import PlainPost
from maximalab_hub.results import AllStored, CodeAsked, Result
from maximalab_hub.store.bulk import insert_events
from maximalab_hub.store.cellcode import driver_in, keep
from maximalab_hub.store.erasing import erased_moments, removed_numbers
from maximalab_hub.store.erasure_lock import hold_off_erasure
from maximalab_hub.store.plainposts import Shared, insert_plain, place_of
from maximalab_hub.store.queries import (
    EventValues,
    courses_by_user,
    insert_server_moments,
    server_moments,
)
from maximalab_hub.store.together import LongWayError, NotWrittenError, WritesTogether

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from maximalab_hub.eventrows import CoursesOf, Sender
    from maximalab_hub.privacy import Pseudonyms
    from maximalab_hub.service.limits import Patience
    from maximalab_hub.store.fixed import Driver

    Usual = Callable[[Connection], Sequence[Result]]
    Quick = Callable[[Driver], Sequence[Result]]

log = logging.getLogger(__name__)


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
        self._code = CodeDesk()

    def take(self, sender: Sender, raws: Sequence[object]) -> list[Result]:
        """Store the events of one post, a `PlainPost` or any others; say for each, in order, what became of it.

        Posts that come at the same time are stored together. Raises `WitnessAwaited`, `CatalogAwaited` where the
        catalogue cannot be read and a course has to be looked up or the hub's word be waited for, or
        `maximalab_hub.store.engine.StoreAwayError`; nothing is stored then.
        """
        return list(self._taken(sender, raws))

    async def soon(self, sender: Sender, raws: Sequence[object]) -> Sequence[Result]:
        """Do the same for an event loop, which goes on meanwhile."""
        if isinstance(raws, PlainPost):
            return await self._together.soon(*self._ways(sender, raws))
        return await to_thread(self._taken, sender, raws)

    def close(self) -> None:
        """Let the connection go that stands between posts."""
        self._together.close()

    def _taken(self, sender: Sender, raws: Sequence[object]) -> Sequence[Result]:
        return self._together.do(*self._ways(sender, raws))

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
            belongs = {name: course_and_material(name, courses_of, place.courses) for name in post.notebooks}
        except CatalogError as error:
            raise CatalogAwaited(str(error)) from error
        if sender.server is not None:
            self._patience.end(f"{sender.user}/{sender.server}")
        where = (place.tier, place.backend, place.entrance)
        shared = Shared(received_at, sender.user, sender.server, *where, sender.source.value)
        new = insert_plain(driver, post, shared, belongs)
        results = AllStored(post.ids) if new is None else _told(post.ids, new)
        asked = self._code.studies_of(driver, sender.source, sender.user, received_at)
        return CodeAsked(results) if asked else results

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
            rows_of = Rows(sender, known, received_at).of
            made = [one if isinstance(one, Refusal) else rows_of(one) for one in events]
            outcomes = [_unless_erased(one, known) for one in made] if known.erased else made
            rows = [one for one in outcomes if not isinstance(one, Refusal)]
            self._wait_for_the_witness(sender, rows)
        except CatalogError as error:
            raise CatalogAwaited(str(error)) from error
        removed_numbers(connection, _numbers_never_to_come(made, outcomes))
        new = set(insert_events(connection, rows))
        if sender.source is Source.HUB:
            insert_server_moments(connection, [told for row in rows if (told := moment_of(row))])
        studies = self._code.studies_of(
            driver_in(connection), sender.source, sender.user, received_at, brings_code=brings_code(events)
        )
        keep(connection, code_rows(events, outcomes, new, studies) if studies else ())
        results = [_result(raw, one, new) for raw, one in zip(raws, outcomes, strict=True)]
        return CodeAsked(results) if studies else results

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
