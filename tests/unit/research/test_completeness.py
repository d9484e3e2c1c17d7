"""How complete the study's events are: of the hub and of those who agreed, by the senders' own numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from maximalab_hub.compare import Parameters
from maximalab_hub.completeness import Completeness, believable, completeness
from maximalab_hub.eventrows import Sender
from maximalab_hub.events import Source
from maximalab_hub.export_log import names_in_the_log
from maximalab_hub.ingest import Ingest
from maximalab_hub.privacy import pseudonyms_of
from maximalab_hub.service.limits import Patience
from maximalab_hub.store import queries
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.research import Selection
from maximalab_hub.study import Study, coverage
from maximalab_recorder.ids import uuid7
from sqlalchemy import update

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

LOG_NAMES = names_in_the_log("k" * 64)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
STUDY = Study("lab-study", 1, pseudonyms_of("lab-study", "k" * 64), Parameters())
HUB = Sender(Source.HUB)
ADA, BOB = (Sender(Source.CLIENT, user) for user in ("ada", "bob"))


def numbered(boot: int, numbers: Iterable[int], **fields: Any) -> list[dict[str, Any]]:
    """Give events of one start, an hour apart, each under its number; `boot` 1 begins a day before `boot` 2."""
    first = NOON - timedelta(days=10 - boot)
    return [
        {
            "event_id": str(uuid7(first + timedelta(hours=n))), "boot_id": str(UUID(int=boot)), "seq": n,
            "kind": "run", "at": (first + timedelta(hours=n)).isoformat(), **fields,
        }
        for n in numbers
    ]  # fmt: skip


POSTS = {
    "whole": (ADA, numbered(1, range(5))),
    "with a gap": (ADA, numbered(2, [0, 1, 5])),
    "a number twice": (ADA, [*numbered(3, [0, 2]), *numbered(3, [2])]),
    "not agreed": (BOB, numbered(4, [7])),
    "the hub": (HUB, numbered(5, [0, 2, 3], kind="login", user="bob")),
}


@pytest.mark.parametrize(
    ("numbered", "minutes", "expected"),
    [
        pytest.param(5_000, 0, True, id="a spool that comes at once"),
        pytest.param(5_001, 0, False, id="more than that, of a server that has just started"),
        pytest.param(11_000, 1, True, id="a minute at a server's full pace"),
        pytest.param(11_001, 1, False, id="more than it can have run"),
        pytest.param(2**53, 60 * 24 * 366, False, id="the largest number that there is, after a year"),
        pytest.param(1, -5, True, id="a clock that is behind"),
    ],
)
def test_how_far_a_number_can_be_believed(numbered: int, minutes: int, *, expected: bool) -> None:
    assert believable(numbered, NOON - timedelta(minutes=minutes), NOON) is expected


@pytest.mark.parametrize(
    ("begins", "claim", "expected"),
    [
        pytest.param(
            timedelta(hours=1),
            2**53 - 1,
            Completeness(2, 1, 3, 0, 0, 0, 1),
            id="a huge number is not counted",
        ),
        pytest.param(
            timedelta(days=300), 400_000, Completeness(2, 1, 3, 0, 0, 0, 1), id="nor by a clock set back"
        ),
        pytest.param(
            timedelta(hours=1), 300_000, Completeness(2, 1, 3, 299_999), id="what an hour can hold is"
        ),
    ],
)
def test_an_invented_number_inflates_nothing(
    store: Engine, begins: timedelta, claim: int, expected: Completeness
) -> None:
    """The hub saw the server start an hour ago; whatever the server says of itself, it has had an hour."""
    server = Sender(Source.SERVER, "ada", "public-maxima")
    ingest = Ingest(store, lambda _material: None, lambda: NOON, Patience(0, lambda: 0.0), LOG_NAMES)
    where = {"user": "ada", "server": "public-maxima", "tier": "public", "backend": "here", "entrance": "vpn"}
    told = {**numbered(1, [0])[0], **where, "kind": "server_start"}
    ingest.take(HUB, [told | {"at": (NOON - timedelta(hours=1)).isoformat()}])
    mine = [one | {"at": (NOON - begins).isoformat()} for one in numbered(2, [0])]
    mine += [one | {"seq": claim, "at": NOON.isoformat()} for one in numbered(2, [1])]
    assert {one.status for one in ingest.take(server, mine)} == {"stored"}
    with reading(store) as connection:
        assert completeness(connection, {"ada"}) == expected


@pytest.fixture
def store_with(store: Engine):
    def fill(*posts: str) -> Engine:
        ingest = Ingest(store, lambda _material: None, lambda: NOON, Patience(0, lambda: 0.0), LOG_NAMES)
        for name in posts:
            assert {one.status for one in ingest.take(*POSTS[name])} == {"stored"}
        with writing(store) as connection:
            decision = {"study": "lab-study", "decided_at": NOON}
            queries.record_consent(connection, user="ada", agreed=True, **decision)
            queries.record_consent(connection, user="bob", agreed=False, **decision)
        return store

    return fill


def day(number: int) -> datetime:
    return NOON - timedelta(days=10 - number)


@pytest.mark.parametrize(
    ("posts", "selection", "expected"),
    [
        pytest.param([], Selection(), Completeness(0, 0, 0, 0), id="nothing"),
        pytest.param(["whole"], Selection(), Completeness(1, 0, 5, 0), id="all is here"),
        pytest.param(["with a gap"], Selection(), Completeness(1, 1, 3, 3), id="three of six"),
        pytest.param(
            ["a number twice"], Selection(), Completeness(1, 1, 2, 1), id="a number twice hides no gap"
        ),
        pytest.param(
            ["not agreed"], Selection(), Completeness(0, 0, 0, 0), id="who has not agreed is not counted"
        ),
        pytest.param(["the hub"], Selection(), Completeness(1, 1, 3, 1), id="the hub is counted for all"),
        pytest.param(list(POSTS), Selection(), Completeness(4, 3, 13, 5), id="all together"),
        pytest.param(
            list(POSTS), Selection(course="no-such"), Completeness(4, 3, 13, 5), id="numbers know no course"
        ),
        pytest.param(
            ["whole", "with a gap"],
            Selection(since=day(2) + timedelta(hours=1), until=day(3)),
            Completeness(1, 1, 3, 3),
            id="a start that reaches into the period is counted whole",
        ),
        pytest.param(
            ["whole", "with a gap"], Selection(until=day(2)), Completeness(1, 0, 5, 0), id="a start before it"
        ),
    ],
)
def test_completeness(store_with, posts: list[str], selection: Selection, expected: Completeness) -> None:
    with reading(store_with(*posts)) as connection:
        assert coverage(connection, STUDY, selection).completeness == expected


def test_of_a_course_the_starts_of_those_who_agreed_and_told_of_it_are_counted(store_with) -> None:
    engine = store_with(*POSTS)
    with writing(engine) as connection:
        told = EventRow.boot_id.in_([str(UUID(int=boot)) for boot in (2, 4, 5)])
        connection.execute(update(EventRow).where(told).values(course="logic"))
    with reading(engine) as connection:
        covered = coverage(connection, STUDY, Selection(course="logic"), of_course=True)
    assert covered.completeness == Completeness(1, 1, 3, 3)


def test_of_few_people_their_own_stops_alone_are_read_and_of_many_everybodys(store: Engine) -> None:
    seen = [queries.ServerMoment(NOON + timedelta(hours=n), running=n != 1) for n in range(3)]
    with writing(store) as connection:
        told = [(user, "public-maxima", one) for user in ("ada", "bob") for one in seen]
        queries.insert_server_moments(connection, told)
    stop = NOON + timedelta(hours=1)
    with reading(store) as connection:
        everybodys = {("ada", "public-maxima"): stop, ("bob", "public-maxima"): stop}
        assert queries.last_stops(connection, {"ada"}) == {("ada", "public-maxima"): stop}
        assert queries.last_stops(connection) == everybodys
        many = {"ada", *(f"p{number}" for number in range(queries.FEW_PEOPLE))}
        assert queries.last_stops(connection, many) == everybodys
