"""What servers used and what it costs: summed by both databases alike, for admins alone, each look recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.costs import Gap, Metered, Unmetered, Use, accounts, total
from maximalab_hub.eventrows import Sender
from maximalab_hub.export.csv import read_csv
from maximalab_hub.service.cost_routes import COLUMNS
from maximalab_hub.service.given import LOG_HEADER
from maximalab_hub.settings_sections import MeteringSection
from maximalab_hub.store.engine import reading
from maximalab_hub.store.metered import gaps, metered, unmetered
from maximalab_hub.store.research import Selection
from postedevents import ADA, HUB, NOON, an_event, ingest_of, start, stored
from usagepages import USAGE, usage_pages

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

USES = st.builds(Use, st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
ROWS = st.lists(st.builds(Metered, st.sampled_from("ab"), st.just("s"), st.sampled_from(["x", None]), USES))


def share(
    seq: int, user: str, cpu_ms: int, material: str | None = "simplex", **fields: Any
) -> dict[str, Any]:
    told = {
        "kind": "server_use",
        "user": user,
        "server": "public-maxima",
        "tier": "public",
        "backend": "local",
    }
    use = {"duration_ms": 300_000, "detail": {"cpu_ms": cpu_ms, "memory_mib_s": 2 * cpu_ms}}
    return an_event(seq, **told, entrance="vpn", material=material, **use, **fields)


def test_both_databases_sum_the_shares_by_person_server_and_course(store: Engine) -> None:
    ingest = ingest_of(store)
    ingest.take(
        HUB, [start(0), start(1, "bob"), share(2, "ada", 100), share(3, "ada", 20), share(4, "bob", 3)]
    )
    ingest.take(HUB, [share(5, "ada", 7, None), share(6, "ada", 10**10)])
    simplex = "operations-research"
    with reading(store) as connection:
        assert metered(connection, Selection()) == [
            Metered("ada", "public-maxima", None, Use(7, 14, 300_000)),
            Metered("ada", "public-maxima", simplex, Use(10**10 + 120, 2 * (10**10 + 120), 900_000)),
            Metered("bob", "public-maxima", simplex, Use(3, 6, 300_000)),
        ]
        later = Selection(since=NOON - timedelta(minutes=30) + timedelta(seconds=4), course=simplex)
        assert total(metered(connection, later)).cpu_ms == 10**10 + 3


def test_what_a_server_says_of_its_own_use_does_not_count(store: Engine) -> None:
    ingest = ingest_of(store)
    ingest.take(HUB, [start(0)])
    [told] = ingest.take(ADA, [share(1, "ada", 10**6)])
    assert (told.status, told.field) == ("refused", "kind")
    ingest.take(Sender(ADA.source, "ada", "public-maxima"), [an_event(2)])
    with reading(store) as connection:
        assert metered(connection, Selection()) == []
    assert len(stored(store)) == 2


def test_places_whose_servers_told_nothing_are_named(store: Engine) -> None:
    """A backend that is metered at all is not named: a server of seconds ends before its first reading."""
    swarm = {"backend": "swarm-private", "tier": "private"}
    there = [start(3, material="simplex"), start(4, material="simplex"), start(5, "bob")]
    invented = {**start(6), "backend": "example", "detail": {"example": True}}
    told = [start(0), share(1, "ada", 5), start(2, "bob"), *({**one, **swarm} for one in there), invented]
    ingest_of(store).take(HUB, told)
    with reading(store) as connection:
        assert unmetered(connection, Selection()) == [Unmetered("swarm-private", "private", 3, 2)]
        assert unmetered(connection, Selection(course="operations-research")) == [
            Unmetered("swarm-private", "private", 2, 1)
        ]
        assert unmetered(connection, Selection(until=NOON - timedelta(days=1))) == []


def stop(seq: int, user: str = "ada", missed: int = 0, **fields: Any) -> dict[str, Any]:
    detail = {"how": "died", "status": 0} | ({"unmetered_ms": missed} if missed else {})
    told = {**start(seq, user), "kind": "server_stop", "entrance": None, "detail": detail}
    return {name: value for name, value in (told | fields).items() if value is not None}


def test_a_place_whose_node_was_silent_until_servers_ended_is_named_with_the_hours(store: Engine) -> None:
    there = {"backend": "swarm-public"}
    ends = [stop(4), stop(5, missed=10**6), stop(6, missed=2 * 10**6), stop(7, "bob", 3_600_000)]
    told = [start(0), share(1, "ada", 5), share(2, "ada", 5) | there, stop(3)]
    ingest_of(store).take(HUB, [*told, *({**one, **there} for one in ends)])
    with reading(store) as connection:
        assert gaps(connection, Selection()) == [Gap("swarm-public", "public", 3, 2, 6_600_000)]
        assert unmetered(connection, Selection()) == []
        assert gaps(connection, Selection(until=NOON - timedelta(days=1))) == []


def test_the_page_names_the_gap(pages) -> None:
    client = TestClient(pages, headers={"Authorization": "token token-of-admin"})
    local = {"backend": "local", "tier": "public", "server": "public-maxima"}
    ingest_of(pages.state.engine).take(HUB, [stop(1, "demo-01", 3_600_000, **local)])
    told = {
        "docker": "Docker engine does not count",
        "swarm": "Swarm has no meters",
        "local": "of this machine",
    }
    for kind, why in told.items():
        pages.state.settings.backends.file.write_text(f'[[backend]]\nkind = "{kind}"\n')
        page = client.get(f"{USAGE}/costs?since=", headers={"Accept-Language": "en"}).text
        assert "servers whose last 1.00 hours together are missing: 1, people: 1" in page
        assert [other for other, said in told.items() if said in page] == [kind], why


@given(ROWS)
def test_accounts_of_any_name_make_up_the_total(rows: list[Metered]) -> None:
    for name in (lambda row: row.user, lambda row: row.course):
        found = accounts(rows, name)
        assert sum((one.use for one in found), Use()) == total(rows)
        assert [one.use.cpu_ms for one in found] == sorted((one.use.cpu_ms for one in found), reverse=True)


def test_a_cost_is_hours_times_prices() -> None:
    use = Use(cpu_ms=7_200_000, mib_seconds=1024 * 3600 * 3, server_ms=3_600_000)
    assert (use.cpu_hours, use.gib_hours, use.server_hours) == (2.0, 3.0, 1.0)
    assert use.cost(MeteringSection(cpu_hour=1.5, memory_gib_hour=0.25)) == 3.75


@pytest.fixture
def pages(tmp_path: Path):
    with usage_pages(tmp_path) as app:
        yield app


@pytest.mark.parametrize(
    ("who", "status"), [("admin", 200), ("researcher", 403), ("teacher", 403), ("student", 403)]
)
@pytest.mark.parametrize("path", ["/costs", "/costs.csv"])
def test_costs_are_for_admins(pages, who: str, path: str, status: int) -> None:
    client = TestClient(pages, headers={"Authorization": f"token token-of-{who}"})
    assert client.get(f"{USAGE}{path}").status_code == status


def test_the_table_reads_back_and_the_look_is_recorded(pages) -> None:
    client = TestClient(pages, headers={"Authorization": "token token-of-admin"})
    rows = read_csv(client.get(f"{USAGE}/costs.csv?since=").content, COLUMNS)
    with reading(pages.state.engine) as connection:
        found = metered(connection, Selection())
    assert found, "the example has servers that were metered"
    assert [(row["person"], row["cpu_ms"]) for row in rows] == [(one.user, one.use.cpu_ms) for one in found]
    assert "costs.csv" in client.get(f"{USAGE}/export-log").text
    again = client.get(f"{USAGE}/costs.csv?since=")
    assert again.headers[LOG_HEADER].startswith("3:"), "after one that was asked for, and whole"
