"""The code of cells is kept of who takes part, at that moment, in a study that asks for it, and nowhere else."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from maximalab_hub import migrations
from maximalab_hub.cellcode import LOOK_AGAIN
from maximalab_hub.eventrows import Sender
from maximalab_hub.events import LONGEST_CODE
from maximalab_hub.ingest import Ingest
from maximalab_hub.known import counts
from maximalab_hub.results import answer_of
from maximalab_hub.retention import Keep
from maximalab_hub.service.limits import Patience
from maximalab_hub.settings_sections import Bilingual, StudySection
from maximalab_hub.store import cellcode, erasing, queries, studies
from maximalab_hub.store.engine import open_engine, reading, writing
from maximalab_hub.store.erasure_lock import hold_off_erasure
from maximalab_hub.store.models import Base, CellCodeRow
from maximalab_hub.store.retaining import retain
from postedevents import ADA, CATALOGUE, CLIENT, HUB, LOG_NAMES, NOON, a_run, ingest_of, plain_of, start
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import select

if TYPE_CHECKING:
    from collections.abc import Callable

    from maximalab_hub.settings import Settings
    from sqlalchemy import Engine

SECRET = "lebesgue_integral: 42;"
BOB = replace(ADA, user="bob")


def study_named(name: str, text: str = "text", *, asks: bool = True) -> StudySection:
    said = Bilingual(uk=f"{text} українською", en=f"{text} in English")
    return StudySection(id=name, title=said, consent=said).asking_for_code(asks)


class Lab:
    """A store, its studies, and what people decide and post, one second after the other."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings, self.seconds = engine, settings, 0
        self.ingest = ingest_of(engine)

    @property
    def later(self) -> datetime:
        self.seconds += 1
        return NOON + timedelta(seconds=self.seconds)

    def set_up(self, name: str = "codes", text: str = "text", *, asks: bool = True) -> int:
        with writing(self.engine) as connection:
            made = study_named(name, text, asks=asks)
            return studies.set_up(connection, self.settings, made, "rea", self.later).consent_version

    def close(self, name: str = "codes") -> bool:
        with writing(self.engine) as connection:
            return studies.close(connection, self.settings, name, "rea", self.later)

    def decide(
        self, user: str = "ada", name: str = "codes", *, agreed: bool = True, version: int = 1
    ) -> None:
        told = {"user": user, "study": name, "agreed": agreed, "consent_version": version}
        with writing(self.engine) as connection:
            queries.record_consent(connection, **told, decided_at=self.later)

    def post(self, number: int, sender: Sender = ADA, text: str = SECRET, **fields: Any) -> bool:
        """Post a run with its code; say whether the answer asks for more."""
        event = a_run(number, cell_id="c1", code={"text": text}, **fields)
        answer = answer_of(self.ingest._taken(sender, [event]))
        return answer.endswith(b',"code":true}')

    def kept(self) -> list[tuple[str, str, str]]:
        columns = CellCodeRow.study, CellCodeRow.user, CellCodeRow.text
        with reading(self.engine) as connection:
            return [tuple(row) for row in connection.execute(select(*columns).order_by(*columns))]


@pytest.fixture
def lab(store: Engine, lab_settings: Settings) -> Lab:
    made = Lab(store, lab_settings)
    made.ingest.take(HUB, [start(0), start(1, "bob")])
    return made


def agrees(lab: Lab) -> None:
    lab.set_up()
    lab.decide()


def does_not_ask(lab: Lab) -> None:
    lab.set_up(asks=False)
    lab.decide()


def of_the_settings(lab: Lab) -> None:
    lab.decide(name="lab-study")


def withdrew(lab: Lab) -> None:
    agrees(lab)
    lab.decide(agreed=False)


def another_text(lab: Lab) -> None:
    agrees(lab)
    lab.set_up(text="other")


def older_version(lab: Lab) -> None:
    agrees(lab)
    lab.set_up(text="other")
    lab.decide(version=1)


def closed(lab: Lab) -> None:
    lab.set_up("beside", asks=False)
    agrees(lab)
    assert lab.close()


def opened_again(lab: Lab) -> None:
    closed(lab)
    lab.set_up()


def erased(lab: Lab) -> None:
    agrees(lab)
    with writing(lab.engine) as connection:
        long_ago = NOON - timedelta(days=9)
        erasing.erase(connection, "ada", names=LOG_NAMES, by="root", reason="", now=long_ago)


@pytest.mark.parametrize(
    ("before", "sender", "kept"),
    [
        pytest.param(agrees, ADA, True, id="who agrees to a study that asks"),
        pytest.param(agrees, BOB, False, id="who was not asked yet"),
        pytest.param(agrees, CLIENT, False, id="who agrees, from a computer of one's own"),
        pytest.param(lambda _lab: None, ADA, False, id="no study at all"),
        pytest.param(does_not_ask, ADA, False, id="a study that does not ask"),
        pytest.param(of_the_settings, ADA, False, id="the study of the settings never asks"),
        pytest.param(lambda lab: lab.set_up() and None, ADA, False, id="no decision"),
        pytest.param(withdrew, ADA, False, id="who withdrew"),
        pytest.param(another_text, ADA, False, id="who agreed to an older text"),
        pytest.param(older_version, ADA, False, id="who agreed to an older text once more"),
        pytest.param(closed, ADA, False, id="a closed study"),
        pytest.param(opened_again, ADA, False, id="a study that was closed and is open again"),
        pytest.param(erased, ADA, False, id="who was erased, decisions and all"),
    ],
)
def test_whose_code_is_kept(lab: Lab, before: Callable[[Lab], None], sender: Sender, *, kept: bool) -> None:
    before(lab)
    assert lab.post(7, sender) is kept, "the answer asks for what would be kept"
    assert lab.kept() == ([("codes", "ada", SECRET)] if kept else [])


def test_a_withdrawal_in_the_middle_deletes_stops_and_spares_everybody_else(lab: Lab) -> None:
    agrees(lab)
    lab.set_up("second")
    for user, study in (("ada", "second"), ("bob", "codes")):
        lab.decide(user, study)
    assert [lab.post(7), lab.post(8, BOB, "theirs")] == [True, True]
    assert lab.kept() == [("codes", "ada", SECRET), ("codes", "bob", "theirs"), ("second", "ada", SECRET)]
    lab.decide(agreed=False)
    assert lab.kept() == [("codes", "bob", "theirs"), ("second", "ada", SECRET)]
    lab.decide(name="second", agreed=False)
    assert lab.post(9) is False
    assert lab.kept() == [("codes", "bob", "theirs")]
    lab.decide()
    assert lab.kept() == [("codes", "bob", "theirs")], "what was deleted does not come back"


def test_with_the_text_or_the_study_goes_its_code(lab: Lab) -> None:
    for end in (lambda: lab.set_up(text="another"), lab.close):
        lab.set_up("beside", asks=False)
        lab.decide(version=lab.set_up())
        assert lab.post(lab.seconds)
        assert len(lab.kept()) == 1
        end()
        assert lab.kept() == []


def test_it_stands_in_no_other_column_and_no_log(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    agrees(lab)
    lab.post(7)
    lab.post(8, BOB)
    lab.post(9, boot_id="none")
    with reading(lab.engine) as connection:
        found = [
            (table.name, name)
            for table in Base.metadata.sorted_tables
            for row in connection.execute(select(table)).mappings()
            for name, value in row.items()
            if SECRET in str(value)
        ]
    assert found == [("cell_code", "text")]
    assert SECRET not in caplog.text


def test_nobody_puts_code_to_an_event_that_is_there(lab: Lab) -> None:
    lab.set_up()
    lab.ingest.take(BOB, plain_of([a_run(7)]))
    lab.decide()
    assert lab.post(7) is True
    coded = {"code": {"text": SECRET}}
    lab.ingest.take(ADA, [a_run(8), a_run(8, **coded), a_run(9, **coded, kind="recording_end")])
    assert lab.kept() == []


@pytest.mark.parametrize(
    ("code", "refused", "kept"),
    [
        pytest.param({"text": "x" * LONGEST_CODE}, None, (LONGEST_CODE, False), id="as long as may be"),
        pytest.param({"text": "ї" * 50_000}, None, (LONGEST_CODE, True), id="longer is cut and marked"),
        pytest.param({"text": "x", "cut": True}, None, (1, True), id="cut by its sender"),
        pytest.param({"text": "a\0b"}, "code", None, id="a zero character"),
        pytest.param({"text": ""}, "code", None, id="empty"),
        pytest.param("1+1;", "code", None, id="a bare text"),
        pytest.param(None, None, None, id="none"),
    ],
)
def test_how_code_is_told(lab: Lab, code: object, refused: str | None, kept: tuple[int, bool] | None) -> None:
    agrees(lab)
    [result] = lab.ingest.take(ADA, [a_run(7, code=code)])
    assert result.field == refused
    with reading(lab.engine) as connection:
        rows = connection.execute(select(CellCodeRow.text, CellCodeRow.cut)).all()
    assert [(len(row.text), row.cut) for row in rows] == ([kept] if kept else [])


def test_an_ordinary_post_learns_of_a_study_that_begins_to_ask_and_of_a_withdrawal(
    store: Engine, lab: Lab
) -> None:
    now = [NOON]
    ingest = Ingest(store, CATALOGUE.get, lambda: now[0], Patience(0, lambda: 0.0), LOG_NAMES)

    def asked(number: int) -> bool:
        return b'"code":true' in answer_of(ingest._taken(ADA, plain_of([a_run(number)])))

    assert asked(11) is False
    agrees(lab)
    now[0] += LOOK_AGAIN
    assert asked(12) is True
    lab.decide(agreed=False)
    assert asked(13) is False
    lab.decide()
    assert asked(14) is True
    assert lab.kept() == []


def test_where_no_study_asks_an_ordinary_post_asks_the_store_nothing_more(
    sqlite_url: str, lab_settings: Settings
) -> None:
    engine, said = open_engine(sqlite_url), list[str]()
    sqlalchemy_event.listen(engine, "connect", lambda driver, _: driver.set_trace_callback(said.append))
    migrations.upgrade(engine)
    lab = Lab(engine, lab_settings)
    lab.ingest.take(HUB, [start(0)])
    lab.ingest.take(ADA, plain_of([a_run(11)]))
    assert [one for one in said if "asks_code" in one], "the first post looks"
    said.clear()
    lab.ingest.take(ADA, plain_of([a_run(12)]))
    assert said
    assert not [one for one in said if "study" in one or "consent" in one]
    lab.ingest.close()
    engine.dispose()


def test_erasure_and_my_data(lab: Lab) -> None:
    agrees(lab)
    lab.post(7)
    with reading(lab.engine) as connection:
        assert counts(connection, "ada", LOG_NAMES)["cell_code"] == 1
    with writing(lab.engine) as connection:
        done = erasing.erase(connection, "ada", names=LOG_NAMES, by="root", reason="", now=lab.later)
    assert (done.rows["cell_code"], lab.kept()) == (1, [])


def test_retention_takes_it_with_its_event_and_leaves_what_is_young(lab: Lab) -> None:
    agrees(lab)
    lab.post(7, text="old", at=(NOON - timedelta(days=40)).isoformat())
    lab.post(8, text="young")
    gone = retain(lab.engine, {Keep.EVENTS: NOON - timedelta(days=30)}, LOG_NAMES, NOON)
    assert gone == {"events": 1, "cell_code": 1}
    assert lab.kept() == [("codes", "ada", "young")]


def test_who_stores_and_who_withdraws_at_the_same_moment_leave_nothing(lab: Lab) -> None:
    agrees(lab)
    begun = threading.Event()

    def withdraw() -> None:
        begun.set()
        lab.decide(agreed=False)

    thread = threading.Thread(target=withdraw)
    with writing(lab.engine) as connection:
        hold_off_erasure(connection)
        assert cellcode.studies_with_code(cellcode.driver_in(connection), "ada") == ("codes",)
        thread.start()
        begun.wait(60)
        thread.join(0.3)
        assert thread.is_alive(), "whoever withdraws waits for who has looked already"
        row = {
            "event_id": "e",
            "study": "codes",
            "user": "ada",
            "course": None,
            "at": NOON,
            "text": "x",
            "cut": False,
        }
        cellcode.keep(connection, [row])
    thread.join(60)
    assert lab.kept() == []


def test_that_it_asks_is_fixed_once_somebody_agreed(lab: Lab) -> None:
    assert lab.set_up(asks=False) == 1
    lab.decide(agreed=False)
    assert lab.set_up() == 2, "who had read the text without it has not agreed to code"
    lab.decide(version=1)
    assert lab.post(7) is False
    with pytest.raises(studies.CodeIsFixedError):
        lab.set_up(asks=False)
    with reading(lab.engine) as connection:
        assert studies.counting(lab.settings, connection)[0].asks_code
    assert lab.set_up(text="another") == 3
    lab.close()
    assert lab.set_up("other", asks=False) == 1
