"""A study as a researcher sets it up: its newest text counts, and a changed one asks everybody anew."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from maximalab_hub.settings_sections import Bilingual, StudySection
from maximalab_hub.store import queries, studies
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.study import people_of, study_of
from postedevents import NOON

if TYPE_CHECKING:
    from maximalab_hub.settings import Settings
    from sqlalchemy import Engine


def study(name: str = "lab-study", text: str = "text") -> StudySection:
    said = Bilingual(uk=f"{text} українською", en=f"{text} in English")
    return StudySection(id=name, title=Bilingual(uk="Назва", en="Title"), consent=said)


def set_up(engine: Engine, settings: Settings, one: StudySection) -> int:
    with writing(engine) as connection:
        return studies.set_up(connection, settings, one, "rea", NOON).consent_version


def now(engine: Engine, settings: Settings) -> Settings:
    with reading(engine) as connection:
        return studies.with_study(settings, connection)


def test_where_nobody_has_set_one_up_it_is_the_settings(store: Engine, lab_settings: Settings) -> None:
    assert now(store, lab_settings) is lab_settings


def test_the_newest_counts_and_the_rest_stays_the_settings(store: Engine, lab_settings: Settings) -> None:
    set_up(store, lab_settings, study("pilot"))
    set_up(store, lab_settings, study("main-study", "longer"))
    found = now(store, lab_settings).study
    assert (found.id, found.consent.en, found.title.uk) == ("main-study", "longer in English", "Назва")
    assert found.smallest_group == lab_settings.study.smallest_group


@pytest.mark.parametrize(
    ("steps", "versions"),
    [
        pytest.param([("lab-study", "new")], [2], id="another text than the settings' is version 2"),
        pytest.param([("pilot", "a")], [1], id="another study begins at 1"),
        pytest.param([("pilot", "a"), ("pilot", "a")], [1, 1], id="the same text keeps its version"),
        pytest.param(
            [("pilot", "a"), ("pilot", "b"), ("pilot", "a")], [1, 2, 3], id="an older text is a new version"
        ),
        pytest.param(
            [("pilot", "a"), ("main", "a"), ("pilot", "a")], [1, 1, 1], id="a study beside changes no text"
        ),
    ],
)
def test_versions_of_the_text(
    store: Engine, lab_settings: Settings, steps: list[tuple[str, str]], versions: list[int]
) -> None:
    assert [set_up(store, lab_settings, study(*step)) for step in steps] == versions


def agree(engine: Engine, user: str, version: int) -> None:
    with writing(engine) as connection:
        decision = {"user": user, "study": "pilot", "agreed": True, "decided_at": NOON}
        queries.record_consent(connection, **decision, consent_version=version)


@pytest.mark.parametrize(
    ("text", "anew"),
    [
        pytest.param("one\ntwo", 0, id="the same text"),
        pytest.param("one\r\ntwo", 0, id="as a browser sends it"),
        pytest.param("\n one\ntwo", 0, id="with a blank line before it, as in a settings file"),
        pytest.param("one, two", 1, id="another text"),
    ],
)
def test_only_a_text_that_reads_otherwise_is_a_new_one(
    store: Engine, lab_settings: Settings, text: str, anew: int
) -> None:
    agree(store, "ada", set_up(store, lab_settings, study("pilot", "one\ntwo")))
    with reading(store) as connection:
        assert studies.asked_anew(connection, lab_settings, study("pilot", text)) == anew
    assert set_up(store, lab_settings, study("pilot", text)) == 1 + anew


def test_who_agreed_to_an_older_text_takes_no_part(store: Engine, lab_settings: Settings) -> None:
    def agreed() -> frozenset[str]:
        with reading(store) as connection:
            return people_of(connection, study_of(studies.with_study(lab_settings, connection)))

    version = set_up(store, lab_settings, study("pilot"))
    agree(store, "ada", version)
    assert agreed() == {"ada"}
    set_up(store, lab_settings, study("pilot", "changed"))
    assert agreed() == frozenset()


def test_a_study_that_does_not_count_is_answered_with_those_that_do(
    store: Engine, lab_settings: Settings
) -> None:
    for name in ("pilot", "main-study"):
        set_up(store, lab_settings, study(name))
    with reading(store) as connection, pytest.raises(studies.NoSuchStudyError) as error:
        studies.with_named_study(lab_settings, connection, "plot")
    assert str(error.value).endswith("Those that count: main-study, pilot")


def test_two_texts_at_the_same_moment_have_two_versions(store: Engine, lab_settings: Settings) -> None:
    together = threading.Barrier(4)

    def one(n: int) -> int:
        together.wait(60)
        return set_up(store, lab_settings, study("pilot", f"text {n}"))

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(one, range(4))) == [1, 2, 3, 4]
