"""Made-up histories: the same from the same seed, believable, with the faults that they are asked for."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from maximalab_hub.eventrows import Known, Sender, row_of
from maximalab_hub.events import Refusal, Source, read_event
from maximalab_hub.histories.cast import HARMLESS, Faults, Plan, faculty
from maximalab_hub.histories.telling import blocks, sizes
from maximalab_hub.store import queries
from maximalab_hub.store.arrow import SCHEMA
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.load import load_events
from maximalab_hub.store.models import EventRow

BEGIN = datetime(2026, 2, 2, tzinfo=UTC)
SLEEPS = timedelta(days=2)


def plan(faults: Faults = HARMLESS, *, seed: int = 1, students: int = 12, weeks: int = 3) -> Plan:
    groups = faculty(2, students, BEGIN, weeks, group=6)
    return Plan(groups, BEGIN, BEGIN + timedelta(weeks=weeks), seed, faults)


def told(of: Plan) -> list[dict[str, Any]]:
    return pa.concat_tables(blocks(of)).to_pylist()


def senders(events: list[dict[str, Any]]) -> dict[str, list[int]]:
    found = defaultdict(list)
    for event in events:
        found[event["boot_id"]].append(event["seq"])
    return found


def test_the_same_seed_tells_the_same_and_another_one_does_not():
    assert told(plan()) == told(plan())
    assert told(plan()) != told(plan(seed=2))


def test_every_block_has_the_stores_columns_and_one_group_and_week():
    assert SCHEMA.names == list(EventRow.__table__.columns.keys())
    for block in blocks(plan()):
        assert block.schema == SCHEMA
        assert len({user[:3] for user in block.column("user").to_pylist()}) == 1
        at = block.column("at").to_pylist()
        assert max(at) - min(at) < timedelta(weeks=1) + SLEEPS


def test_nothing_is_lost_where_nothing_goes_wrong_and_runs_lie_between_start_and_stop():
    events = told(plan())
    assert len({event["event_id"] for event in events}) == len(events)
    assert all(sorted(numbers) == list(range(len(numbers))) for numbers in senders(events).values())
    assert not any(event["at_clamped"] for event in events)
    at_work = defaultdict(int)
    for event in sorted(events, key=lambda one: (one["user"], one["at"])):
        at_work[event["user"]] += {"server_start": 1, "server_stop": -1}.get(event["kind"], 0)
        assert at_work[event["user"]] >= (event["kind"] != "server_stop")
    assert set(at_work.values()) == {0}


def test_every_event_of_a_server_is_one_that_the_service_would_take():
    for event in told(plan(Faults())):
        if event["source"] != "server":
            continue
        wire = {
            name: event[name]
            for name in ("event_id", "boot_id", "seq", "kind", "notebook", "cell_id", "kernel")
        }
        wire |= {name: event[name] for name in ("duration_ms", "outcome", "error_name")}
        checked = read_event(wire | {"at": event["at_reported"], "detail": {}}, Source.SERVER)
        assert not isinstance(checked, Refusal)
        sender = Sender(Source.SERVER, event["user"], event["server"])
        row = row_of(checked, sender, Known(), event["received_at"])
        assert (row["at"], row["at_clamped"]) == (event["at"], event["at_clamped"])


def test_what_goes_wrong_can_be_seen():
    events = told(plan(Faults(dead=0.05, interrupted=0.1, late=0.2, clock=0.2, lost=0.01), students=24))
    outcomes = {event["outcome"] for event in events}
    assert outcomes == {None, "ok", "error", "aborted", "interrupted", "dead"}
    assert sum(event["outcome"] == "dead" for event in events) > 10
    assert any(sorted(numbers) != list(range(len(numbers))) for numbers in senders(events).values())
    assert any(event["at_clamped"] for event in events)
    assert any(event["received_at"] - event["at"] > timedelta(minutes=20) for event in events)


def test_people_differ_and_are_counted():
    of = plan()
    counted = sizes(of)
    assert sum(counted.values()) == len(told(of))
    assert len(set(counted.values())) > 10


def test_a_history_is_loaded_once_and_as_it_was_told(store):
    everything = pa.concat_tables(blocks(plan(Faults(clock=0.3))))
    with writing(store) as connection:
        assert load_events(connection, everything.slice(0, 100)) == 100
        assert load_events(connection, everything) == len(everything) - 100
        assert load_events(connection, everything) == 0
    with reading(store) as connection:
        rows = [dict(row._mapping) for row in queries.events_between(connection)]
    expected = [event | {"detail": {}} for event in everything.to_pylist()]
    assert rows == sorted(expected, key=lambda event: (event["at"], event["event_id"]))


@pytest.mark.parametrize("text", ['=1+1,"', "", " ", "рядок\nдругий", "\\N", "'"])
def test_texts_are_loaded_as_they_are(store, text: str):
    one = pa.concat_tables(blocks(plan())).slice(0, 1).to_pylist()[0]
    odd = one | {"notebook": text, "cell_id": None, "detail": '{"a": "' + "x" * 8 + '"}'}
    with writing(store) as connection:
        load_events(connection, pa.Table.from_pylist([odd], SCHEMA))
        [row] = queries.events_between(connection)
    assert (row.notebook, row.cell_id, row.detail) == (text, None, {"a": "xxxxxxxx"})
