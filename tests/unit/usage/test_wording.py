"""What a page calls things: courses and materials by their titles, and all that an entry of the export log says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from maximalab_hub.export_log import Entry
from maximalab_hub.service.log_words import ROWS, Told, told
from maximalab_hub.service.wording import STORED, Wording
from maximalab_spawner.catalog import Catalog, Course, Title
from pagecases import MATERIAL

OR = Course("or", Title("Дослідження операцій", "Operations research"))
SIMPLEX = replace(MATERIAL, id="simplex", title=Title("Симплекс-метод", "The simplex method"))
AGAIN = replace(SIMPLEX, id="simplex-2")
OTHER = replace(SIMPLEX, id="transport", title=Title("Транспортна задача", "Transport"))
KNOWN = Catalog((SIMPLEX, AGAIN, OTHER), (OR,))


def said(language: str, catalogue: Catalog | None = KNOWN) -> Wording:
    return Wording(language, "Europe/Kyiv", catalogue)


@pytest.mark.parametrize(
    ("language", "name", "title"),
    [
        pytest.param("en", "transport", "Transport", id="by its title"),
        pytest.param("uk", "transport", "Транспортна задача", id="in the reader's language"),
        pytest.param(
            "en", "simplex", "The simplex method (simplex)", id="with the id beside another's title"
        ),
        pytest.param("en", "gone", "gone", id="by its id where the catalogue has it no more"),
        pytest.param("en", None, "–", id="nothing"),
        pytest.param("en", "", "–", id="an empty name"),
    ],
)
def test_a_material_is_told_by_what_people_call_it(language, name, title):
    assert said(language).material(name) == title
    assert said(language, None).material(name) == (name or "–")


def test_a_course_is_told_by_its_title_as_a_material_is():
    assert [said(language).course("or") for language in ("uk", "en")] == [OR.title.uk, OR.title.en]
    assert said("uk", None).course("or") == "or"


def entry(**says: object) -> Entry:
    return Entry(1, datetime.now(UTC), "look", "p", None, json.dumps(says), "", "")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", [
            Told("Page", "/compare/exercises"), Told("Course", "Operations research"),
            Told("Material", "Transport"), Told("From", "1 September 2026"), Told("Format", "CSV, for spreadsheets"),
            Told("Tables", "events, one by one; sessions"), Told("With the code of cells", "✓"),
            Told("Events", "12,345"), Told("SHA-256", "0123abcd", "0123abcd" * 8), Told("newer", "as it is"),
        ]),
        ("uk", [
            Told("Сторінка", "/compare/exercises"), Told("Курс", "Дослідження операцій"),
            Told("Матеріал", "Транспортна задача"), Told("Від дня", "1 вересня 2026"),
            Told("Формат", "CSV, для електронних таблиць"), Told("Таблиці", "події, кожна окремо; сеанси"),
            Told("З кодом комірок", "✓"), Told("Події", "12\xa0345"),
            Told("SHA-256", "0123abcd", "0123abcd" * 8), Told("newer", "as it is"),
        ]),
    ],
)  # fmt: skip
def test_an_entry_of_the_export_log_is_told_in_words(language, words):
    says = entry(
        newer="as it is", sha256="0123abcd" * 8, page="/compare/exercises", course="or", material="transport",
        since="2026-09-01", until="", kind="", format="csv", tables=["events", "sessions"], code=True,
        events=12345,
    )  # fmt: skip
    assert told(says, said(language)) == words


@pytest.mark.parametrize(
    "typed", ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00", "2026-W10-1", "20260901T101010Z"]
)
def test_what_somebody_typed_is_told_as_it_was_typed(typed):
    assert told(entry(group=typed, reason=typed), said("en")) == [Told("Group", typed), Told("Why", typed)]
    assert [one.label for one in told(entry(until=typed, before={"events": typed}), said("uk"))] == [
        "До дня (включно)", "Давніше за",
    ]  # fmt: skip


def test_rows_of_somebody_else_are_not_told_as_the_readers_own():
    [rows] = told(entry(rows={"enrolment": 3, "work_session": 2, "newer": 1}), said("en"))
    assert rows.value == "places in groups — 3, sessions — 2, newer — 1"
    assert set(ROWS) >= set(STORED), "every table that knows a person"


@pytest.mark.parametrize(
    ("name", "most", "title"),
    [
        pytest.param("transport", 9, "Transport", id="it fits"),
        pytest.param("simplex", 24, "The simplex m… (simplex)", id="its id says which it is"),
        pytest.param("simplex-2", 24, "simplex-2", id="the id alone"),
        pytest.param("simplex-2", 6, "simpl…", id="not even that"),
    ],
)
def test_a_title_is_cut_to_what_a_drawing_has_room_for(name, most, title):
    assert said("en").short_material(name, most) == title
    assert len(title) <= most


def test_an_erasure_and_a_cut_of_the_log_are_told_in_words():
    says = entry(reason="on request", by="ab" * 16, rows={"event": 7, "consent": 1}, mentions=0)
    assert told(says, said("en")) == [
        Told("By", "abababab", "ab" * 16),
        Told("Why", "on request"),
        Told("Rows", "events — 7, decisions about studies — 1"),
        Told("Mentions in what others wrote", "0"),
    ]
    old = entry(before={"events": "2021-01-01T00:00:00+02:00"}, log={"position": 3, "hash": "f00"})
    assert told(old, said("en")) == [
        Told("Older than", "events — 1 Jan 2021, 00:00:00"),
        Told("The log begins after", "entry — 3, its hash — f00"),
    ]
