"""Each event is stored once, under the name of its sender, or not at all: on both databases."""

from __future__ import annotations

import random
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from labsettings import write_catalogue
from maximalab_hub import migrations
from maximalab_hub.events import Kind, Source, WireEvent, read_event
from maximalab_hub.ingest import Ingest, Known, Sender, WitnessAwaited, course_of, material_of, row_of
from maximalab_hub.service.limits import Patience
from maximalab_hub.service.own_events import OwnEvents
from maximalab_hub.store.engine import StoreAwayError, open_engine, reading, writing
from maximalab_hub.store.models import Base, EnrolmentRow
from maximalab_hub.store.queries import boot_counts, events_between, last_events, server_moments
from maximalab_recorder.ids import uuid7
from maximalab_spawner.catalog import CatalogError, CatalogReader
from sqlalchemy import delete, insert, text

if TYPE_CHECKING:
    from pathlib import Path

    from databases import Postgres
    from sqlalchemy import Engine

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BOOT = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
ADA = Sender(Source.SERVER, "ada", "public-maxima")
HUB = Sender(Source.HUB)
CATALOGUE = {"simplex": ("operations-research", "economics"), "matrix-game": ("operations-research",)}


def an_event(seq: int, **fields: Any) -> dict[str, Any]:
    at = NOON - timedelta(minutes=30) + timedelta(seconds=seq)
    event_id = str(uuid7(at, seq.to_bytes(10, "big")))
    return {"event_id": event_id, "boot_id": BOOT, "seq": seq, "kind": "run", "at": at.isoformat(), **fields}


def start(seq: int, user: str = "ada", **fields: Any) -> dict[str, Any]:
    told = {"kind": "server_start", "user": user, "server": "public-maxima", "tier": "public"}
    return an_event(seq, **told, backend="local", entrance="vpn", **fields)


def ingest_of(engine: Engine, patience: float = 0) -> Ingest:
    clock = iter(range(10**9))
    return Ingest(engine, CATALOGUE.get, lambda: NOON, Patience(patience, lambda: float(next(clock))))


def stored(engine: Engine) -> list[tuple[Any, ...]]:
    with reading(engine) as connection:
        return [tuple(row) for row in events_between(connection)]


def emptied(engine: Engine) -> None:
    with writing(engine) as connection:
        for table in Base.metadata.sorted_tables:
            connection.execute(delete(table))


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
    ("notebook", "expected"),
    [
        pytest.param("simplex/simplex.uk.ipynb", "simplex", id="in the material's folder"),
        pytest.param("simplex-v2/deep/er.ipynb", "simplex", id="in a newer copy"),
        pytest.param("simplex.ipynb", None, id="a notebook of the student's own"),
        pytest.param("mine/simplex.ipynb", None, id="in a folder of the student's own"),
        pytest.param("../simplex/x.ipynb", None, id="a path that climbs"),
        pytest.param("' OR 1=1/x.ipynb", None, id="SQL"),
        pytest.param("", None, id="nothing"),
        pytest.param(None, None, id="no notebook"),
    ],
)
def test_material_of(notebook: str | None, expected: str | None) -> None:
    assert material_of(notebook, CATALOGUE.get) == expected


@pytest.mark.parametrize(
    ("material", "studies", "expected"),
    [
        pytest.param("simplex", (), "operations-research", id="the first course"),
        pytest.param("simplex", ("economics",), "economics", id="the course that is studied"),
        pytest.param("matrix-game", ("economics",), "operations-research", id="another course's material"),
        pytest.param(None, ("economics",), None, id="no material, no course"),
        pytest.param("gone", ("economics",), None, id="a material that is no more"),
    ],
)
def test_course_of(material: str | None, studies: tuple[str, ...], expected: str | None) -> None:
    known = Known(courses_of=CATALOGUE.get, studies={"ada": studies, "bob": ("operations-research",)})
    assert course_of(material, "ada", known) == expected


def study_economics(engine: Engine, user: str) -> None:
    with writing(engine) as connection:
        row = {"user": user, "course": "economics", "group_name": "e-1", "valid_from": NOON}
        connection.execute(insert(EnrolmentRow).values(**row))


def test_the_studied_course_is_read_from_the_enrolments(store: Engine) -> None:
    study_economics(store, "ada")
    ingest_of(store).take(ADA, [an_event(1, notebook="simplex/x.ipynb")])
    with reading(store) as connection:
        assert last_events(connection, 1)[0].course == "economics"


def test_what_the_hub_tells_counts_to_the_course_of_each_person(store: Engine) -> None:
    study_economics(store, "ada")
    told = [start(n, user, material="simplex") for n, user in enumerate(["ada", "bob", "ada"])]
    ingest_of(store).take(HUB, [*told, an_event(9, kind="events_dropped", material="simplex")])
    with reading(store) as connection:
        courses = [(row.user, row.course) for row in events_between(connection)]
    assert courses == [
        ("ada", "economics"),
        ("bob", "operations-research"),
        ("ada", "economics"),
        ("", "operations-research"),
    ]


def test_an_unreadable_catalogue_lets_events_wait_and_then_gives_their_course(
    store: Engine, tmp_path: Path
) -> None:
    reader = CatalogReader(tmp_path / "catalogue")

    def courses_of(material: str) -> tuple[str, ...] | None:
        found = reader.read().find(material)
        return found.courses if found else None

    ingest = Ingest(store, courses_of, lambda: NOON, Patience(0, lambda: 0.0))
    run, unknown = an_event(1, notebook="simplex/x.ipynb"), an_event(2, notebook="mine/x.ipynb")
    for sender, post in ((ADA, [an_event(3), run]), (HUB, [start(0, material="simplex")])):
        with pytest.raises(CatalogError, match="catalogue"):
            ingest.take(sender, post)
    assert stored(store) == []
    client = Sender(Source.CLIENT, "ada")
    assert [one.status for one in ingest.take(client, [an_event(3)])] == ["stored"], "needs no catalogue"
    write_catalogue(reader.folder)
    assert [one.status for one in ingest.take(ADA, [run, unknown])] == ["stored"] * 2
    with reading(store) as connection:
        courses = {row.notebook: (row.material, row.course) for row in events_between(connection)}
    assert courses == {
        None: (None, None),
        "simplex/x.ipynb": ("simplex", "operations-research"),
        "mine/x.ipynb": (None, None),
    }


def test_a_server_waits_for_the_hubs_word_while_that_waits_for_the_catalogue(store: Engine) -> None:
    now, broken = [0.0], True

    def courses_of(_material: str) -> tuple[str, ...] | None:
        if broken:
            raise CatalogError("the catalogue is broken")
        return None

    ingest = Ingest(store, courses_of, lambda: NOON, Patience(120, lambda: now[0]))
    with pytest.raises(WitnessAwaited):
        ingest.take(ADA, [an_event(1)])
    now[0] = 1000.0
    with pytest.raises(CatalogError):
        ingest.take(ADA, [an_event(1)])
    broken = False
    with pytest.raises(WitnessAwaited):
        ingest.take(ADA, [an_event(1)])
    ingest.take(HUB, [start(0, material="simplex")])
    assert [one.status for one in ingest.take(ADA, [an_event(1)])] == ["stored"]
    with reading(store) as connection:
        assert {row.tier for row in events_between(connection) if row.kind == "run"} == {"public"}


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
    own = OwnEvents(store, lambda: NOON)
    own.record(Kind.LOOK, "rea", course="operations-research", detail={"page": "usage"})
    own.record(Kind.EXPORT, "rea")
    with reading(store) as connection:
        look, export = sorted(last_events(connection, 5), key=lambda row: row.seq)
        counts = boot_counts(connection)
    assert (look.user, look.source, look.detail) == ("rea", "hub", {"page": "usage"})
    assert (look.boot_id, look.seq, export.seq) == (export.boot_id, 0, 1)
    assert counts == []  # looking at a study must not change it


def test_a_locked_store_keeps_nothing_and_works_again(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maximalab_hub.store.engine.BUSY_SECONDS", 0.1)
    engine = open_engine(sqlite_url)
    migrations.upgrade(engine)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreAwayError, match="locked"):
        ingest_of(engine).take(ADA, [an_event(1)])
    other.execute("ROLLBACK")
    other.close()
    assert stored(engine) == []
    assert [one.status for one in ingest_of(engine).take(ADA, [an_event(1)])] == ["stored"]


def test_a_full_disk_keeps_nothing_of_a_post_and_works_again(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    migrations.upgrade(engine)
    with writing(engine) as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages + 3}"))
    post = [an_event(number, detail={"text": "x" * 1000}) for number in range(200)]
    with pytest.raises(StoreAwayError, match="full"):
        ingest_of(engine).take(ADA, post)
    assert stored(engine) == []
    with writing(engine) as connection:
        connection.execute(text("PRAGMA max_page_count = 100000"))
    assert {one.status for one in ingest_of(engine).take(ADA, post)} == {"stored"}


def test_a_postgresql_that_died_is_away_and_then_back(postgres: Postgres, postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    migrations.upgrade(engine)
    ingest_of(engine).take(ADA, [an_event(1)])
    postgres.stop("immediate")
    try:
        with pytest.raises(StoreAwayError):
            ingest_of(engine).take(ADA, [an_event(2)])
    finally:
        postgres.start()
    assert [one.status for one in ingest_of(engine).take(ADA, [an_event(1), an_event(2)])] == [
        "known",
        "stored",
    ]
    engine.dispose()


def test_postgresql_answers_only_for_what_is_on_the_disk(postgres_url: str) -> None:
    """Whatever the database is set up to do by itself."""
    engine = open_engine(postgres_url)
    name = engine.url.database
    with writing(engine) as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    engine.dispose()
    with reading(engine) as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
    engine.dispose()


def test_posts_at_the_same_moment_count_once(store: Engine) -> None:
    events = [an_event(number) for number in range(50)]
    ingest = ingest_of(store)
    with ThreadPoolExecutor(6) as threads:
        posts = list(threads.map(lambda _: ingest.take(ADA, random.sample(events, 50)), range(12)))
    assert [one.status for post in posts for one in post].count("stored") == 50
    assert len(stored(store)) == 50


def test_a_store_without_tables_is_away(store_url: str) -> None:
    with pytest.raises(StoreAwayError):
        ingest_of(open_engine(store_url)).take(ADA, [an_event(1)])
