"""What grew too old goes, class by class; what stays is complete, and the log says what went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from maximalab_hub.completeness import completeness
from maximalab_hub.events import Kind, Source
from maximalab_hub.export_log import verify
from maximalab_hub.retention import KINDS, Keep, cutoffs
from maximalab_hub.service import daily
from maximalab_hub.service.own_events import OwnEvents
from maximalab_hub.settings_sections import RetentionSection
from maximalab_hub.store import log, retaining
from maximalab_hub.store.boots import boot_counts
from maximalab_hub.store.bulk import insert_events
from maximalab_hub.store.engine import StoreAwayError, reading, writing
from maximalab_hub.store.models import Base, RemovedNumberRow
from maximalab_hub.store.queries import EventValues, last_events
from postedevents import LOG_NAMES, NOON, emptied
from sqlalchemy import func, select

if TYPE_CHECKING:
    from sqlalchemy import Engine

DAYS = {"events_days": 100, "sign_ins_days": 10, "looks_days": 50, "export_log_days": 70}
SECTION = RetentionSection(**DAYS)
BOOT = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"


def event(
    n: int, kind: str, days_old: float, *, source: Source = Source.HUB, boot: str = BOOT
) -> EventValues:
    at = NOON - timedelta(days=days_old)
    return EventValues(
        event_id=f"{boot[:8]}-{n:020}", boot_id=boot, seq=n, kind=kind, at=at, at_reported=at.isoformat(),
        at_clamped=False, received_at=at, user="ada", server="public-maxima", tier=None, backend=None, entrance=None,
        course=None, material=None, notebook=None, cell_id=None, kernel=None, duration_ms=None, outcome=None,
        error_name=None, source=source.value, detail={},
    )  # fmt: skip


def fill(engine: Engine, events: list[EventValues]) -> None:
    with writing(engine) as connection:
        insert_events(connection, events)


def retained(engine: Engine, section: RetentionSection = SECTION, now: datetime = NOON) -> dict[str, int]:
    return retaining.retain(engine, cutoffs(section, now), LOG_NAMES, now)


def kinds(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return sorted(row.kind for row in last_events(connection, 10_000))


def test_each_kind_of_event_has_one_class() -> None:
    assert sorted(kind for kinds in KINDS.values() for kind in kinds) == sorted(Kind)


def test_a_class_that_is_kept_for_ever_has_no_end() -> None:
    assert cutoffs(RetentionSection(**dict.fromkeys(DAYS, 0)), NOON) == {}
    assert cutoffs(SECTION, NOON)[Keep.SIGN_INS] == NOON - timedelta(days=10)


def test_each_class_goes_at_its_own_age(store: Engine) -> None:
    ages = {
        "run": (99, 101),
        "login": (9, 11),
        "login_refused": (9, 11),
        "look": (49, 51),
        "server_stop": (99, 101),
    }
    numbered = enumerate((kind, age) for kind, both in ages.items() for age in both)
    fill(store, [event(n, kind, age) for n, (kind, age) in numbered])
    with reading(store) as connection:
        due = retaining.due(connection, cutoffs(SECTION, NOON))
    assert due == {"events": 2, "sign_ins": 2, "looks": 1}
    assert retained(store) == due
    assert kinds(store) == sorted(ages)
    assert retained(store) == {}, "nothing is left to remove"


def test_the_log_says_what_went_before_it_went(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, [event(n, "run", 200) for n in range(5)])

    def broken(*_: object) -> int:
        raise StoreAwayError("away")

    with monkeypatch.context() as patch:
        patch.setattr(retaining, "_remove_events", broken)
        with pytest.raises(StoreAwayError):
            retained(store)
    with reading(store) as connection:
        [entry] = log.entries(connection)
    assert (entry.kind, entry.told["rows"]) == ("retention", {"events": 5})
    assert kinds(store) == ["run"] * 5
    retained(store)
    assert kinds(store) == []


def test_the_beginning_of_the_export_log_goes_and_the_rest_can_be_verified(store: Engine) -> None:
    for days in (90, 80, 60, 20):
        OwnEvents(store, lambda days=days: NOON - timedelta(days=days), LOG_NAMES).record(Kind.LOOK, "rea")
    for now in (NOON, NOON + timedelta(days=1), NOON + timedelta(days=30), NOON + timedelta(days=300)):
        retained(store, now=now)
        with reading(store) as connection:
            verdict = verify(log.entries(connection), log.head(connection))
        assert verdict.fault is None, (now, verdict)
    with reading(store) as connection:
        assert [one.kind for one in log.entries(connection)] == ["retention"]


def test_it_goes_batch_by_batch(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retaining, "BATCH", 7)
    fill(store, [event(n, "run", 200 - n) for n in range(150)])
    assert retained(store) == {"events": 100}
    assert len(kinds(store)) == 50


STARTS = st.lists(
    st.tuples(st.sampled_from(["run", "login", "look"]), st.integers(0, 200), st.booleans()),
    min_size=1,
    max_size=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(starts=st.lists(STARTS, max_size=3))
def test_what_is_missing_is_the_same_before_and_after(store: Engine, starts: list[Any]) -> None:
    """For every start of which something is left: what was removed is no gap, and a gap stays one."""
    emptied(store)
    boots = [f"{n:08}-8b86-4d01-b42d-00cf4fc964ff" for n in range(len(starts))]
    events = [
        event(n, kind, age, boot=boot)
        for boot, start in zip(boots, starts, strict=True)
        for n, (kind, age, here) in enumerate(start)
        if here
    ]
    fill(store, events)
    with reading(store) as connection:
        before = {one.boot_id: one.missing for one in boot_counts(connection)}
    retained(store)
    with reading(store) as connection:
        after = {one.boot_id: one for one in boot_counts(connection)}
        left = {row.boot_id for row in last_events(connection, 1000)}
        noted = set(connection.execute(select(RemovedNumberRow.boot_id).distinct()).scalars())
    assert {boot: one.missing for boot, one in after.items()} == {boot: before[boot] for boot in after}
    assert noted <= left, "numbers of starts that are wholly gone are forgotten"


def test_the_service_does_it_by_itself_and_comes_again(store: Engine, lab_settings: Any) -> None:
    today = -(datetime.now(UTC) - NOON).days
    fill(store, [event(1, "run", today + 3000), event(2, "run", today)])
    dropped: list[int] = []
    for _ in range(2):
        assert daily.once(lab_settings, store, lambda: dropped.append(1)) == daily.DAY_SECONDS
    assert kinds(store) == ["run"]
    assert dropped == [1], "results that the service keeps are dropped where records went, and only there"
    Base.metadata.drop_all(store)
    assert daily.once(lab_settings, store, dropped.clear) == daily.AGAIN_SECONDS, (
        "a store that is away is no end of it"
    )


def test_a_gap_of_the_hubs_start_that_lost_its_last_number_is_none(store: Engine) -> None:
    fill(store, [event(0, "run", 1), event(1, "login", 30)])
    retained(store)
    with reading(store) as connection:
        whole = completeness(connection, set())
        assert connection.execute(select(func.count()).select_from(RemovedNumberRow)).scalar_one() == 1
    assert (whole.received, whole.missing, whole.removed) == (1, 0, 1)


def test_a_server_that_claims_the_hubs_start_makes_no_gaps_for_it(store: Engine) -> None:
    fill(store, [event(0, "login", 9), event(1, "login", 9)])
    forged = {"source": Source.SERVER}
    fill(store, [event(2**53 - 1, "run", 101, **forged), event(2, "run", 1, **forged)])
    retained(store)
    with reading(store) as connection:
        [hub] = [one for one in boot_counts(connection) if not one.user]
    assert (hub.numbered, hub.missing) == (2, 0)
