"""Whatever happens in whatever order: code is stored only of who consents at that time, and no longer than that."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from maximalab_hub.consent import agreed
from maximalab_hub.eventrows import Sender
from maximalab_hub.events import Source
from maximalab_hub.results import CodeAsked
from maximalab_hub.settings_sections import Bilingual, StudySection
from maximalab_hub.store import erasing, queries, research, studies
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.models import CellCodeRow
from postedevents import LOG_NAMES, NOON, a_run, emptied, ingest_of
from sqlalchemy import select

if TYPE_CHECKING:
    from maximalab_hub.settings import Settings
    from sqlalchemy import Engine

STUDIES, PEOPLE = st.sampled_from(["one", "two"]), st.sampled_from(["ada", "bob"])
STEPS = st.one_of(
    st.tuples(st.just("set_up"), STUDIES, st.sampled_from(["a", "b"]), st.booleans()),
    st.tuples(st.just("decide"), PEOPLE, STUDIES, st.sampled_from([True, True, False]), st.integers(0, 1)),
    st.tuples(st.just("post"), PEOPLE, st.sampled_from([Source.SERVER, Source.SERVER, Source.CLIENT])),
    st.tuples(st.just("close"), STUDIES),
    st.tuples(st.just("erase"), PEOPLE),
)
_seconds = count(1)


class Told:
    """What ought to be, kept beside the store: studies as they count, who takes part, and whose code stands."""

    def __init__(self, engine: Engine, lab: Settings) -> None:
        self.engine, self.lab, self.ingest, self.numbers = engine, lab, ingest_of(engine), count(1)
        self.asks: dict[str, bool] = {}
        self.codes: dict[tuple[str, str], set[str]] = defaultdict(set)

    def set_up(self, name: str, text: str, asks: bool) -> None:
        said = Bilingual(uk=text, en=text)
        made = StudySection(id=name, title=said, consent=said).asking_for_code(asks)
        before = self.takes_part()
        try:
            with writing(self.engine) as connection:
                studies.set_up(connection, self.lab, made, "rea", NOON)
        except studies.CodeIsFixedError:
            return
        self.asks[name] = asks
        self.gone_with(before)

    def close(self, name: str) -> None:
        before = self.takes_part()
        with writing(self.engine) as connection:
            studies.close(connection, self.lab, name, "rea", NOON)
        self.gone_with(before)

    def decide(self, user: str, name: str, agrees: bool, behind: int) -> None:
        before, version = self.takes_part(), max(self.versions().get(name, 1) - behind, 1)
        told: dict[str, Any] = {"user": user, "study": name, "agreed": agrees, "consent_version": version}
        with writing(self.engine) as connection:
            queries.record_consent(connection, **told, decided_at=NOON + timedelta(seconds=next(_seconds)))
        self.gone_with(before)
        if not agrees:
            self.codes.pop((name, user), None)

    def post(self, user: str, source: Source) -> None:
        sender = Sender(source, user, "public-maxima" if source is Source.SERVER else None)
        event = a_run(next(self.numbers), code={"text": "1+1;"})
        asked = [name for name, who in self.takes_part() if who == user and source is Source.SERVER]
        results = self.ingest._taken(sender, [event])
        assert isinstance(results, CodeAsked) is bool(asked)
        for name in asked if results[0].status == "stored" else ():
            self.codes[name, user].add(event["event_id"])

    def erase(self, user: str) -> None:
        with writing(self.engine) as connection:
            told = {"by": "root", "reason": "", "now": NOON - timedelta(days=9)}
            erasing.erase(connection, user, names=LOG_NAMES, **told)
        self.codes = defaultdict(set, {key: ids for key, ids in self.codes.items() if key[1] != user})

    def versions(self) -> dict[str, int]:
        with reading(self.engine) as connection:
            return {one.id: one.consent_version for one in studies.counting(self.lab, connection)}

    def takes_part(self) -> set[tuple[str, str]]:
        """Name study and person by the rule of the study's pages, wherever code is asked for."""
        asking = {name: version for name, version in self.versions().items() if self.asks.get(name)}
        with reading(self.engine) as connection:
            return {
                (name, user)
                for name, version in asking.items()
                for user in agreed(research.decisions(connection, name), version)
            }

    def gone_with(self, before: set[tuple[str, str]]) -> None:
        """Forget the code of those who took part and do so no more, because the text changed or the study ended."""
        for key in before - self.takes_part():
            self.codes.pop(key, None)

    def check(self) -> None:
        columns = CellCodeRow.study, CellCodeRow.user, CellCodeRow.event_id
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        with reading(self.engine) as connection:
            for study, user, event_id in connection.execute(select(*columns)):
                found[study, user].add(event_id)
        assert found.keys() <= self.takes_part()
        assert found == {key: ids for key, ids in self.codes.items() if ids}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=4, max_size=25))
def test_code_is_stored_only_of_who_consents_at_that_time(
    store: Engine, lab_settings: Settings, steps: list[tuple[Any, ...]]
) -> None:
    emptied(store)
    told = Told(store, lab_settings)
    try:
        for name, *values in [("set_up", "one", "a", True), ("decide", "ada", "one", True, 0), *steps]:
            getattr(told, name)(*values)
            told.check()
    finally:
        told.ingest.close()
