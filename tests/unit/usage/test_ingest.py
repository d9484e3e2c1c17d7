"""Each event is stored once, under the name of its sender, or not at all: on both databases."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from maximalab_hub.eventrows import Known, Sender, row_of
from maximalab_hub.events import Kind, Source, WireEvent, read_event
from maximalab_hub.export_log import names_in_the_log
from maximalab_hub.ingest import WitnessAwaited
from maximalab_hub.service.own_events import OwnEvents
from maximalab_hub.store.boots import boot_counts
from maximalab_hub.store.engine import reading
from maximalab_hub.store.queries import last_events, server_moments

if TYPE_CHECKING:
    from sqlalchemy import Engine
from postedevents import ADA, BOOT, HUB, NOON, an_event, emptied, ingest_of, start, stored


def test_a_post_says_of_each_event_what_became_of_it(store: Engine) -> None:
    ingest = ingest_of(store)
    first, second = an_event(1), an_event(2)
    assert [one.status for one in ingest.take(ADA, [first])] == ["stored"]
    results = ingest.take(ADA, [first, {**second, "seq": -1}, second, second, 7])
    assert [(one.status, one.field) for one in results] == [
        ("known", None),
        ("refused", "seq"),
        ("stored", None),
        ("known", None),
        ("refused", "event"),
    ]
    assert [one.event_id for one in results] == [first["event_id"], *[second["event_id"]] * 3, None]
    assert len(stored(store)) == 2


def test_what_came_first_under_an_id_stands(store: Engine) -> None:
    ingest = ingest_of(store)
    ingest.take(ADA, [an_event(1, outcome="ok")])
    before = stored(store)
    bob = Sender(Source.SERVER, "bob", "public-maxima")
    assert [one.status for one in ingest.take(bob, [an_event(1, outcome="error")])] == ["known"]
    assert stored(store) == before


def test_an_event_a_thousand_times_counts_once(store: Engine) -> None:
    ingest = ingest_of(store)
    event = an_event(1)
    results = [one for _ in range(2) for one in ingest.take(ADA, [event] * 500)]
    assert [one.status for one in results].count("stored") == 1
    assert len(stored(store)) == 1


@given(seed=st.integers(), splits=st.lists(st.integers(0, 30), max_size=6), repeats=st.integers(1, 3))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_split_and_repetition_gives_the_same_rows(
    store: Engine, seed: int, splits: list[int], repeats: int
) -> None:
    events = [an_event(number, notebook="simplex/simplex.uk.ipynb") for number in range(30)]
    emptied(store)
    ingest_of(store).take(ADA, events)
    expected = stored(store)

    emptied(store)
    shuffled = events * repeats
    random.Random(seed).shuffle(shuffled)  # noqa: S311  an order, no secret
    cuts = [0, *sorted(splits), len(shuffled)]
    for begin, end in pairwise(cuts):
        ingest_of(store).take(ADA, shuffled[begin:end])
    assert stored(store) == expected
    with reading(store) as connection:
        assert [(one.stored, one.numbered) for one in boot_counts(connection)] == [(30, 30)]


@given(
    forged=st.dictionaries(
        st.sampled_from(["user", "server", "tier", "backend", "entrance", "course", "material", "source"]),
        st.text() | st.integers() | st.none() | st.sampled_from(["bob", "private", "vpn", "hub"]),
    ),
    sender=st.sampled_from([ADA, Sender(Source.CLIENT, "ada")]),
)
def test_a_forged_identity_is_never_stored(forged: dict[str, Any], sender: Sender) -> None:
    honest, claimed = (read_event(raw, sender.source) for raw in (an_event(1), {**an_event(1), **forged}))
    assert isinstance(honest, WireEvent)
    row = row_of(honest, sender, Known(), NOON)
    assert isinstance(claimed, WireEvent)
    assert row_of(claimed, sender, Known(), NOON) == row
    assert (row["user"], row["server"], row["source"]) == (sender.user, sender.server, sender.source)


def test_the_hub_says_who_and_where(store: Engine) -> None:
    ingest = ingest_of(store)
    ingest.take(HUB, [start(0)])
    ingest.take(ADA, [an_event(1, notebook="simplex/simplex.uk.ipynb", tier="private", user="bob")])
    with reading(store) as connection:
        newest, told = last_events(connection, 10)
    assert (newest.user, newest.server, newest.source) == ("ada", "public-maxima", "server")
    assert (newest.tier, newest.backend, newest.entrance) == ("public", "local", "vpn")
    assert (newest.material, newest.course) == ("simplex", "operations-research")
    assert (told.kind, told.source) == ("server_start", "hub")


def test_starts_in_any_order_leave_the_same_history(store: Engine) -> None:
    stop = an_event(5, kind="server_stop", user="ada", server="public-maxima")
    histories = []
    for posts in ([[start(0)], [stop], [start(9)]], [[start(9), stop], [start(0), start(9)]]):
        emptied(store)
        for post in posts:
            ingest_of(store).take(HUB, post)
        with reading(store) as connection:
            histories.append(server_moments(connection, "ada", "public-maxima"))
    assert histories[0] == histories[1]
    assert [seen.running for seen in histories[0]] == [True, False, True]


def test_events_wait_for_the_hub_and_are_then_complete(store: Engine) -> None:
    ingest = ingest_of(store, patience=120)
    with pytest.raises(WitnessAwaited):
        ingest.take(ADA, [an_event(1)])
    assert stored(store) == []
    ingest.take(HUB, [start(0)])
    assert [one.status for one in ingest.take(ADA, [an_event(1)])] == ["stored"]
    with reading(store) as connection:
        assert last_events(connection, 1)[0].backend == "local"


def test_events_are_not_lost_where_the_hub_never_tells(
    store: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    ingest = ingest_of(store, patience=3)
    for _ in range(3):
        with pytest.raises(WitnessAwaited):
            ingest.take(ADA, [an_event(1)])
    assert [one.status for one in ingest.take(ADA, [an_event(1)])] == ["stored"]
    with reading(store) as connection:
        assert last_events(connection, 1)[0].backend is None
    assert "user=ada server=public-maxima stored unwitnessed" in caplog.text


def test_completeness_counts_by_sender_and_the_hub_is_one(store: Engine) -> None:
    ingest = ingest_of(store)
    ingest.take(HUB, [start(0), start(1, user="bob"), start(4)])
    bobs = {**an_event(9), "boot_id": BOOT.replace("6f", "00")}
    ingest.take(Sender(Source.SERVER, "bob", "public-maxima"), [bobs])
    with reading(store) as connection:
        counts = boot_counts(connection)
    assert [(one.user, one.server, one.stored, one.numbered) for one in counts] == [
        ("bob", "public-maxima", 1, 10),
        ("", None, 3, 5),
    ]


def test_a_person_without_a_server_waits_for_nobody(store: Engine) -> None:
    ingest = ingest_of(store, patience=120)
    assert [one.status for one in ingest.take(Sender(Source.CLIENT, "ada"), [an_event(1)])] == ["stored"]


@pytest.mark.parametrize(
    "words", ["' OR 1=1 --", "{{7*7}}", "<img src=x onerror=alert(1)>", "Ґава\n\t😀", "%s%%"]
)
def test_odd_words_are_only_words(store: Engine, words: str) -> None:
    event = an_event(1, notebook=words, cell_id=words, kernel=words, error_name=words, detail={"said": words})
    ingest_of(store).take(Sender(Source.SERVER, words, words), [event])
    with reading(store) as connection:
        found = last_events(connection, 10, users=[words])
    assert [(one.user, one.server, one.notebook, one.detail) for one in found] == [
        (words, words, words, {"said": words})
    ]


def test_times_come_back_as_aware_utc(store: Engine) -> None:
    ingest_of(store).take(ADA, [an_event(1, at="2026-11-22T10:00:00+02:00")])
    with reading(store) as connection:
        row = last_events(connection, 1)[0]
    assert row.at == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert row.at.utcoffset() == timedelta(0)
    assert row.at_reported == "2026-11-22T10:00:00+02:00"


def test_what_the_service_saw_itself_is_the_hubs_word(store: Engine) -> None:
    own = OwnEvents(store, lambda: NOON, names_in_the_log("k" * 64))
    own.record(Kind.LOOK, "rea", course="operations-research", detail={"page": "usage"})
    own.record(Kind.EXPORT, "rea")
    with reading(store) as connection:
        look, export = sorted(last_events(connection, 5), key=lambda row: row.seq)
        counts = boot_counts(connection)
    assert (look.user, look.source, look.detail) == ("rea", "hub", {"page": "usage"})
    assert (look.boot_id, look.seq, export.seq) == (export.boot_id, 0, 1)
    assert counts == []  # looking at a study must not change it
