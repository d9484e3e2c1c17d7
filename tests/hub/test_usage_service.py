"""The usage service behind a real hub and its proxy: who may post, what is stored, and what it answers."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx
import pytest
from databases import postgres
from maximalab_hub.migrations import VERSION_TABLE
from maximalab_hub.migrations import newest as newest_version
from maximalab_hub.service.headers import HEADERS
from maximalab_hub.store.engine import reading, writing
from postedtoservice import SERVER, an_event, count, moment, newest, post, statuses
from sqlalchemy import column, table, text
from usagelab import UsageLab, running_usage_lab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databases import Postgres

__all__ = ["postgres"]

ON_BOTH = {
    "test_t16_a_servers_event_is_stored_under_the_name_of_its_token",
    "test_t16_a_clock_that_is_wrong_is_not_believed",
    "test_t16_a_body_that_is_none_is_refused_by_name",
    "test_t16_events_that_are_wrong_are_refused_one_by_one",
    "test_t17_a_flood_is_told_when_to_come_again",
    "test_gzip_is_welcome",
    "test_a_service_that_was_killed_has_what_it_said_it_has",
    "test_t25_a_store_that_is_away_keeps_nothing_and_says_when_to_come_again",
    "test_health_tells_of_old_tables",
}
"""Tests in which the database matters; the others do with SQLite."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "lab" in metafunc.fixturenames:
        kinds = ["sqlite", "postgresql"] if metafunc.function.__name__ in ON_BOTH else ["sqlite"]
        metafunc.parametrize("lab", kinds, indirect=True, scope="module")


@pytest.fixture(scope="module")
def hub_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UsageLab]:
    """One hub for the whole module, since it takes long to start."""
    folder = tmp_path_factory.mktemp("usagelab")
    with running_usage_lab(folder, f"sqlite:///{folder / 'usage.sqlite'}") as running:
        yield running


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest, hub_lab: UsageLab) -> UsageLab:
    """The hub, and the service with a store of this kind."""
    if request.param == "sqlite":
        hub_lab.use_store(f"sqlite:///{hub_lab.folder / 'usage.sqlite'}")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        hub_lab.use_store(server.create_database(f"service{uuid4().hex[:8]}"))
    return hub_lab


@pytest.fixture(scope="module")
def ada(lab: UsageLab) -> str:
    """The token of ada's server, of whose start the hub has told."""
    token = lab.server_token("ada", SERVER)
    told = an_event(kind="server_start", user="ada", server=SERVER, at=moment(minutes=-60))
    told |= {"tier": "public", "backend": "local", "entrance": "vpn"}
    assert statuses(post(lab, lab.tokens["witness"], [told])) == ["stored"]
    return token


def test_t16_a_servers_event_is_stored_under_the_name_of_its_token(lab: UsageLab, ada: str) -> None:
    forged = {
        "user": "bob",
        "server": "private-maxima",
        "tier": "private",
        "backend": "x",
        "entrance": "public",
    }
    event = an_event(notebook="simplex/simplex.uk.ipynb", at=moment(seconds=1), **forged)
    answer = post(lab, ada, [event, event])
    assert statuses(answer) == ["stored", "known"]
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    row = newest(lab)[0]
    assert row.event_id == event["event_id"]
    assert (row.user, row.server, row.source) == ("ada", SERVER, "server")
    assert (row.tier, row.backend, row.entrance) == ("public", "local", "vpn")
    assert (row.material, row.course) == ("simplex", "operations-research")


@pytest.mark.parametrize(
    ("token", "status"),
    [
        pytest.param("", 401, id="no token"),
        pytest.param("0" * 64, 401, id="a token that the hub does not know"),
        pytest.param("abc\tdef", 401, id="a token that is none"),
        pytest.param("other", 403, id="another service"),
        pytest.param("usage", 403, id="the service's own token is no witness"),
    ],
)
def test_who_may_not_post(lab: UsageLab, token: str, status: int) -> None:
    before = count(lab)
    answer = post(lab, lab.tokens.get(token, token), [an_event()])
    assert answer.status_code == status
    assert answer.json()["field"] == "authorization"
    assert count(lab) == before


def test_a_persons_own_token_counts_as_client_and_names_no_server(lab: UsageLab) -> None:
    scopes = {"scopes": ["access:services!service=usage"]}
    token = lab.runner("POST", "/users/bob/tokens", json=scopes).json()["token"]
    assert statuses(post(lab, token, [an_event(user="ada", server=SERVER, at=moment(seconds=2))])) == [
        "stored"
    ]
    row = newest(lab)[0]
    assert (row.user, row.server, row.source, row.tier) == ("bob", None, "client", None)


def test_a_token_for_another_purpose_may_not_post(lab: UsageLab) -> None:
    scopes = {"scopes": ["read:users:name!user"]}
    token = lab.runner("POST", "/users/bob/tokens", json=scopes).json()["token"]
    assert post(lab, token, [an_event()]).status_code == 403


def test_a_server_waits_until_the_hub_has_told_of_it(lab: UsageLab) -> None:
    token = lab.server_token("bob", SERVER)
    event = an_event()
    waiting = post(lab, token, [event])
    assert (waiting.status_code, waiting.headers["retry-after"]) == (503, "5")
    told = an_event(kind="server_start", user="bob", server=SERVER, at=moment(seconds=-5))
    post(lab, lab.tokens["witness"], [told | {"tier": "public", "backend": "local", "entrance": "public"}])
    assert statuses(post(lab, token, [event])) == ["stored"]


BODIES = [
    pytest.param(b"{", {}, 422, "body", id="half a JSON"),
    pytest.param(b"", {}, 422, "body", id="nothing"),
    pytest.param(b'{"events": "\xff\xfe"}', {}, 422, "body", id="invalid UTF-8"),
    pytest.param(b'{"events": ["\\ud800"]}', {}, 422, "body", id="half a character"),
    pytest.param(b'{"events": [NaN]}', {}, 422, "body", id="a number that is none"),
    pytest.param(b"[" * 100_000, {}, 422, "body", id="deep JSON"),
    pytest.param(b"9" * 100_000, {}, 422, "body", id="a huge number"),
    pytest.param(b"[]", {}, 422, "events", id="a list"),
    pytest.param(b'{"events": {}}', {}, 422, "events", id="events that are no list"),
    pytest.param(b"{}", {}, 422, "events", id="no events at all"),
    pytest.param(b'{"events": [' + b"1," * 500 + b"1]}", {}, 413, "events", id="501 events"),
    pytest.param(b" " * 1_000_001, {}, 413, "body", id="more than 1 MB"),
    pytest.param(
        gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}, 413, "body", id="a gzip bomb"
    ),
    pytest.param(b"{}", {"Content-Encoding": "gzip"}, 422, "body", id="gzip that is none"),
    pytest.param(
        gzip.compress(b'{"events": []}')[:-4], {"Content-Encoding": "gzip"}, 422, "body", id="gzip cut short"
    ),
    pytest.param(b"{}", {"Content-Encoding": "br"}, 415, "content-encoding", id="another packing"),
    pytest.param(
        b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "content-type", id="a form"
    ),
    pytest.param(b"{}", {"Content-Type": "text/plain"}, 415, "content-type", id="text"),
]


@pytest.mark.parametrize(("body", "headers", "status", "field"), BODIES)
def test_t16_a_body_that_is_none_is_refused_by_name(
    lab: UsageLab, ada: str, *, body: bytes, headers: dict[str, str], status: int, field: str
) -> None:
    # Straight to the service: the proxy would cut some of these off itself.
    answer = post(lab, ada, None, content=body, headers=headers, url=f"{lab.direct}/events")
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert answer.json()["message"]


def test_t16_events_that_are_wrong_are_refused_one_by_one(lab: UsageLab, ada: str) -> None:
    wrong = {
        "seq": -1,
        "duration_ms": 10**30,
        "at": "yesterday",
        "kind": "login",
        "detail": {"a": [[[[[1]]]]]},
    }
    events = [an_event(**{field: value}) for field, value in wrong.items()]
    answer = post(lab, ada, [*events, an_event()])
    assert [result["field"] for result in answer.json()["results"]] == [*wrong, None]
    assert statuses(answer)[-1] == "stored"


@pytest.mark.parametrize(
    ("days", "believed"), [(1, False), (-800, False), (-30, True)], ids=["tomorrow", "long ago", "last month"]
)
def test_t16_a_clock_that_is_wrong_is_not_believed(lab: UsageLab, days: int, *, believed: bool) -> None:
    event = an_event(
        at=moment(days=days),
    )
    token = lab.runner("POST", "/users/tom/tokens", json={"scopes": ["access:services!service=usage"]}).json()
    assert statuses(post(lab, token["token"], [event])) == ["stored"]
    with reading(lab.engine) as connection:
        found = connection.execute(
            text("SELECT at_clamped, at_reported FROM event WHERE event_id = :id"), {"id": event["event_id"]}
        ).one()
    assert (bool(found.at_clamped), found.at_reported) == (not believed, event["at"])


def test_gzip_is_welcome(lab: UsageLab, ada: str) -> None:
    body = gzip.compress(json.dumps({"events": [an_event() for _ in range(500)]}).encode())
    answer = post(lab, ada, None, content=body, headers={"Content-Encoding": "gzip"})
    assert statuses(answer) == ["stored"] * 500


def test_t17_a_flood_is_told_when_to_come_again(lab: UsageLab) -> None:
    token = lab.runner("POST", "/users/tom/tokens", json={"scopes": ["access:services!service=usage"]}).json()
    before = count(lab)
    flood = [an_event()] * 500
    answers = [post(lab, token["token"], flood, url=f"{lab.direct}/events") for _ in range(14)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert {answer.status_code for answer in answers} == {200, 429}
    assert all(1 <= int(answer.headers["retry-after"]) <= 60 for answer in refused)
    assert count(lab) == before + 1


def test_a_hub_that_is_away_costs_nothing(lab: UsageLab, ada: str) -> None:
    unknown = "never-seen-before-" + uuid4().hex
    lab.stop("hub", kill=True)
    try:
        answer = post(lab, unknown, [an_event()], url=f"{lab.direct}/events")
        assert (answer.status_code, answer.headers["retry-after"], answer.json()["field"]) == (
            503,
            "5",
            "hub",
        )
    finally:
        lab.start_hub()
    assert statuses(post(lab, ada, [an_event()])) == ["stored"]


def test_a_service_that_was_killed_has_what_it_said_it_has(lab: UsageLab, ada: str) -> None:
    events = [an_event() for _ in range(20)]
    assert statuses(post(lab, ada, events)) == ["stored"] * 20
    before = count(lab)
    lab.stop("service", kill=True)
    lab.start_service()
    assert statuses(post(lab, ada, events)) == ["known"] * 20
    assert count(lab) == before


def test_t25_a_store_that_is_away_keeps_nothing_and_says_when_to_come_again(lab: UsageLab, ada: str) -> None:
    event, before = an_event(), count(lab)
    with writing(lab.engine) as connection:
        connection.execute(text("ALTER TABLE event RENAME TO event_away"))
    try:
        answer = post(lab, ada, [event])
        assert (answer.status_code, answer.headers["retry-after"], answer.json()["field"]) == (
            503,
            "5",
            "store",
        )
    finally:
        with writing(lab.engine) as connection:
            connection.execute(text("ALTER TABLE event_away RENAME TO event"))
    assert count(lab) == before
    assert statuses(post(lab, ada, [event])) == ["stored"]
    assert f"user=ada server={SERVER} 1 events not stored" in lab.log("service")


def test_the_log_holds_no_token(lab: UsageLab, ada: str) -> None:
    log = lab.log("service")
    assert all(token not in log for token in [ada, *lab.tokens.values()])


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/redoc", "/nothing", "/../../etc/passwd"])
def test_there_is_nothing_else(lab: UsageLab, path: str) -> None:
    assert httpx.get(f"{lab.direct}{path}").status_code == 404
    assert httpx.get(f"{lab.direct}{path}").headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("language", "words"), [("uk", "Такої сторінки немає"), ("en", "There is no such page")]
)
def test_errors_are_pages_in_the_readers_language(lab: UsageLab, language: str, words: str) -> None:
    asked = {"Accept": "text/html", "Accept-Language": language}
    answer = httpx.get(f"{lab.usage}/nothing", headers=asked)
    assert answer.status_code == 404
    assert words in answer.text
    assert f'<html lang="{language}"' in answer.text


def test_health_tells_of_old_tables(lab: UsageLab) -> None:
    versions = table(VERSION_TABLE, column("version_num"))

    def health_at(version: str) -> int:
        with writing(lab.engine) as connection:
            connection.execute(versions.update().values(version_num=version))
        return httpx.get(f"{lab.direct}/health").status_code

    assert health_at("0000") == 503
    assert health_at(newest_version()) == 200
