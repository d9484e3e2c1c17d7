"""A post that is read at once and stored by one statement: the same rows and the same answer as event by event."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from maximalab_hub import migrations
from maximalab_hub.erasure import NO_MORE
from maximalab_hub.eventrows import Sender
from maximalab_hub.events import Kind, Outcome, Refusal, Source, read_event
from maximalab_hub.ingest import Ingest, WitnessAwaited
from maximalab_hub.plain import plain_post
from maximalab_hub.service.body import events_in
from maximalab_hub.store import erasing
from maximalab_hub.store.archive import ids
from maximalab_hub.store.engine import StoreAwayError, open_engine, writing
from maximalab_hub.store.models import ArchivedMonthRow, EnrolmentRow
from maximalab_hub.store.together import LongWayError
from postedevents import (
    ADA,
    BOOT,
    CLIENT,
    HUB,
    LOG_NAMES,
    NOON,
    a_run,
    an_event,
    emptied,
    ingest_of,
    moment,
    plain_of,
    start,
    stored,
)
from sqlalchemy import insert, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from maximalab_hub.plain import PlainPost
    from sqlalchemy import Engine

ODD = st.text(max_size=6) | st.sampled_from(
    ["", "a\0b", "x" * 63, "x" * 64, "x" * 128, "x" * 4097, "%s", "\n"]
)
SECONDS = st.integers(-5000, 5000) | st.sampled_from([-367 * 86400, -86400, 300, 301, -1800])


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "event_id": st.sampled_from([
        BOOT, an_event(1)["event_id"].upper(), an_event(1)["event_id"] + "\n", "٣" * 36, "0" * 36, "-" * 36, "",
        an_event(1)["event_id"][:14] + "8" + an_event(1)["event_id"][15:],
        an_event(1)["event_id"][:19] + "c" + an_event(1)["event_id"][20:],
    ]),
    "boot_id": st.sampled_from([BOOT, BOOT.upper(), "6f" * 18, BOOT[:-1] + "\n", "", BOOT + "0"]),
    "seq": st.integers(-2, 3) | st.sampled_from([2**53 - 1, 2**53, 10**30, True, 1.0, None, "1"]),
    "kind": st.sampled_from([*(kind.value for kind in Kind), "no such", None]),
    "at": SECONDS.map(moment) | st.sampled_from([
        "2026-11-22T11:50:00+00:00", "2026-11-22T13:50:00.000000+02:00", "2026-11-22T11:50:00.000000Z",
        "2026-11-22T24:00:00.000000+00:00", "2026-02-30T11:50:00.000000+00:00", "2026-11-22T11:50:00.000000", "",
        "2026-11-22 11:50:00.000000+00:00", "2026-11-22T11:50:60.000000+00:00", "20261122T115000.000000+00:00",
    ]),
    "notebook": ODD | st.sampled_from(["simplex/a.ipynb", "simplex-v2/b.ipynb", "matrix-game/c", "none/d", None]),
    "cell_id": ODD | st.none() | st.integers(), "kernel": ODD | st.none(),
    "duration_ms": st.integers(-1, 5) | st.sampled_from([10**11, 1.0, True, None, 366 * 86_400_000]),
    "outcome": st.sampled_from([*(one.value for one in Outcome), "no such", None]),
    "error_name": ODD | st.none(),
    "detail": st.dictionaries(ODD, ODD | st.integers() | st.none(), max_size=7) | st.none(),
    "user": ODD, "tier": st.just("private"),
}  # fmt: skip


@st.composite
def odd_events(draw: st.DrawFn) -> list[Any]:
    """Give a recorder's events, with now and then a field that is another, none, or one too many."""
    events: list[Any] = []
    for _ in range(draw(st.integers(0, 4))):
        event = a_run(draw(st.integers(0, 6)))
        for name in draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=1)):
            event[name] = draw(FIELDS[name])
        if not draw(st.integers(0, 9)):
            event.pop(draw(st.sampled_from(sorted(event))))
        events.append(event)
    return events


def body_of(events: Iterable[Any], *, ascii_only: bool = True) -> bytes:
    return json.dumps({"events": list(events)}, ensure_ascii=ascii_only).encode(errors="replace")


def told(event: Any) -> dict[str, Any]:
    assert not isinstance(event, Refusal)
    found: dict[str, Any] = event.model_dump(mode="json")
    assert found.pop("code") is None, "what brings code is not plain"
    return found


@settings(max_examples=500, deadline=None)
@given(events=odd_events(), source=st.sampled_from(Source), ascii_only=st.booleans())
def test_what_is_plain_is_read_as_event_by_event(
    events: list[Any], source: Source, *, ascii_only: bool
) -> None:
    body = body_of(events, ascii_only=ascii_only)
    plain = plain_post(body, source)
    if plain is not None:
        raws = json.loads(body)["events"]
        assert list(plain) == [told(read_event(raw, source)) for raw in raws]
        assert (plain.first, plain.last) == (
            min(datetime.fromisoformat(raw["at"]) for raw in raws),
            max(datetime.fromisoformat(raw["at"]) for raw in raws),
        )


def with_text(old: str, new: str) -> bytes:
    return body_of([a_run(1)]).replace(old.encode(), new.encode())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(with_text('"seq": 1', '"seq": 1, "seq": 2'), id="a name twice"),
        pytest.param(with_text('"seq": 1', '"seq": -1, "seq": 2'), id="a name twice, first wrong"),
        pytest.param(with_text('"seq": 1', '"seq": 2, "seq": -1'), id="a name twice, then wrong"),
        pytest.param(with_text('"seq": 1', '"seq": 1, "detail": {"a": "b", "a": "c"}'), id="twice, deeper"),
        pytest.param(body_of([a_run(1)])[:-1] + b', "events": []}', id="two lists"),
        pytest.param(with_text('"seq": 1', '"seq": -0'), id="minus nought"),
        pytest.param(with_text('"seq": 1', '"seq": 1e0'), id="a number with an exponent"),
        pytest.param(with_text('"kernel"', '"kern\\u0065l"'), id="a name with an escape"),
    ],
)
def test_what_json_lets_be_written_twice_is_read_alike(body: bytes) -> None:
    plain = plain_post(body, Source.SERVER)
    usual = events_in(body, "application/json", Source.HUB)
    if plain is not None:
        assert list(plain) == [told(read_event(raw, Source.SERVER)) for raw in usual]


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        pytest.param(body_of([a_run(n) for n in range(100)]), True, id="what recorders send"),
        pytest.param(body_of([a_run(1, detail={"via": "websocket"}, error_name="E")]), True, id="an error"),
        pytest.param(body_of([]), False, id="no events"),
        pytest.param(body_of([a_run(1), 7]), False, id="one that is none"),
        pytest.param(body_of([a_run(1, notebook="a\0b")]), False, id="a zero character"),
        pytest.param(body_of([a_run(1, detail={"count": 3})]), False, id="a detail that is no text"),
        pytest.param(body_of([a_run(1, user="bob")]), False, id="a field that is not the sender's"),
        pytest.param(body_of([a_run(1, code={"text": "1+1;"})]), False, id="the code of a cell"),
        pytest.param(b'{"events": [NaN]}', False, id="a number that is none"),
        pytest.param(body_of([a_run(1)])[:-1] + b', "more": NaN}', False, id="such a number beside"),
        pytest.param(b"{", False, id="no JSON"),
    ],
)
def test_which_posts_are_plain(body: bytes, *, plain: bool) -> None:
    assert (plain_post(body, Source.SERVER) is not None) is plain


def both_ways(store: Engine, sender: Sender, posts: list[PlainPost], before: Any = None) -> tuple[Any, Any]:
    """Take the posts plainly, and event by event, each into an empty store; what was told, and what is there."""
    found = []
    for way in (lambda post: post, list):
        emptied(store)
        ingest_of(store).take(HUB, [start(0)])
        if before is not None:
            before()
        answers = [ingest_of(store).take(sender, way(post)) for post in posts]
        found.append((answers, stored(store)))
    return found[0], found[1]


PLAIN = st.builds(
    lambda number, at, fields: a_run(number, at=at) | fields,
    st.integers(0, 8),
    st.integers(-1700, 200).map(moment) | SECONDS.map(moment),
    st.fixed_dictionaries(
        {},
        optional={
            "notebook": st.sampled_from(
                ["simplex/a.ipynb", "simplex-v2/b", "matrix-game/c", "none/d", "x", None]
            ),
            "outcome": st.sampled_from(["error", None]),
            "cell_id": st.sampled_from(["Ґава\t😀\"'\\", "%s%%", "", None]),
            "detail": st.sampled_from([{}, {"via": "websocket"}, {"ї\n": '"', "b": ""}]),
        },
    ),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    posts=st.lists(st.lists(PLAIN, min_size=1, max_size=6), max_size=3), sender=st.sampled_from([ADA, CLIENT])
)
@example(posts=[[a_run(1)], [a_run(2), a_run(1), a_run(2)]], sender=ADA)
def test_plainly_or_event_by_event_leaves_the_same(
    store: Engine, posts: list[list[dict[str, Any]]], sender: Sender
) -> None:
    plainly, one_by_one = both_ways(store, sender, [plain_of(events) for events in posts])
    assert plainly == one_by_one


def test_more_events_than_one_statement_takes_leave_the_same(store: Engine) -> None:
    """Some of them known, and the last one twice."""
    many = [a_run(n, notebook=f"{'simplex' if n % 3 else 'none'}/a", cell_id=f"c{n}") for n in range(1, 231)]
    plainly, one_by_one = both_ways(
        store, ADA, [plain_of(many[50:60]), plain_of([*many, many[-1]]), plain_of(many)]
    )
    assert plainly == one_by_one
    told = [[one.status for one in answer].count("stored") for answer in plainly[0]]
    assert told == [10, 220, 0]


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each plain post was stored by one statement."""
    seen: list[bool] = []
    real = Ingest._stored_plainly

    def noted(self: Ingest, *how: Any) -> Any:
        try:
            found = real(self, *how)
        except LongWayError:
            seen.append(False)
            raise
        seen.append(True)
        return found

    monkeypatch.setattr(Ingest, "_stored_plainly", noted)
    return seen


def enrolled(store: Engine) -> None:
    row = {"user": "ada", "course": "economics", "group_name": "g", "valid_from": NOON}
    with writing(store) as connection:
        connection.execute(insert(EnrolmentRow), [row, row | {"course": "another"}])


def erased(store: Engine) -> None:
    with writing(store) as connection:
        at = NOON - timedelta(minutes=40)
        erasing.erase(connection, "ada", names=LOG_NAMES, by="root", reason="asked", now=at)
    ingest_of(store).take(HUB, [start(1)])


@pytest.mark.parametrize(
    ("before", "sender", "quick"),
    [
        pytest.param(None, ADA, True, id="a server of which the hub told"),
        pytest.param(None, CLIENT, True, id="a person without a server"),
        pytest.param(enrolled, ADA, True, id="the course that the person studies"),
        pytest.param(erased, ADA, False, id="somebody who was erased"),
    ],
)
def test_where_one_statement_is_enough(
    store: Engine, quickly: list[bool], before: Any, sender: Sender, *, quick: bool
) -> None:
    posts = [plain_of([a_run(1, at=moment(-3)), a_run(2, at=moment(-1))])]
    plainly, one_by_one = both_ways(store, sender, posts, before and (lambda: before(store)))
    assert plainly == one_by_one
    assert quickly == [quick]


def test_an_archived_event_is_known_to_a_plain_post(store: Engine, quickly: list[bool]) -> None:
    one = a_run(1)["event_id"]
    month = {"month": "2026-10", "file": "f", "sha256": "s", "rows": 1, "last_id": one, "archived_at": NOON}
    with writing(store) as connection:
        connection.execute(insert(ArchivedMonthRow), month)
        ids.add(connection, [one])
    posts = [plain_of([a_run(1), a_run(2)]), plain_of([a_run(3)])]
    told_of = [ingest_of(store).take(CLIENT, post) for post in posts]
    assert [[one.status for one in post] for post in told_of] == [["known", "stored"], ["stored"]]
    assert quickly == [False, True]


def test_what_was_erased_does_not_come_back_plainly(store: Engine) -> None:
    with writing(store) as connection:
        erasing.erase(connection, "ada", names=LOG_NAMES, by="root", reason="asked", now=NOON)
    [told_of] = ingest_of(store).take(CLIENT, plain_of([a_run(1)]))
    assert (told_of.status, told_of.message) == ("refused", NO_MORE.message)
    assert stored(store) == []


def test_a_plain_post_waits_for_the_hub_as_others_do(store: Engine, quickly: list[bool]) -> None:
    ingest, post = ingest_of(store, patience=120), plain_of([a_run(1)])
    with pytest.raises(WitnessAwaited):
        ingest.take(ADA, post)
    assert stored(store) == []
    ingest.take(HUB, [start(0)])
    assert [one.status for one in ingest.take(ADA, post)] == ["stored"]
    assert quickly == [False, True]


def test_a_database_that_refuses_a_plain_post_keeps_nothing_of_it(store: Engine) -> None:
    ingest_of(store).take(HUB, [start(0)])
    with writing(store) as connection:
        connection.execute(text("ALTER TABLE event RENAME COLUMN cell_id TO cell"))
    with pytest.raises(StoreAwayError):
        ingest_of(store).take(ADA, plain_of([a_run(1)]))
    with writing(store) as connection:
        assert connection.execute(text("SELECT count(*) FROM event")).scalar_one() == 1


def test_a_locked_store_is_away_for_a_plain_post_and_then_back(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maximalab_hub.store.engine.BUSY_SECONDS", 0.1)
    engine = open_engine(sqlite_url)
    migrations.upgrade(engine)
    ingest = ingest_of(engine)
    with writing(engine), pytest.raises(StoreAwayError, match="locked"):
        ingest.take(CLIENT, plain_of([a_run(1)]))
    assert [one.status for one in ingest.take(CLIENT, plain_of([a_run(1)]))] == ["stored"]
    engine.dispose()


def test_a_store_without_tables_is_away_for_a_plain_post(store_url: str) -> None:
    engine = open_engine(store_url)
    with pytest.raises(StoreAwayError):
        ingest_of(engine).take(ADA, plain_of([a_run(1)]))
    engine.dispose()
