"""The code of cells in exports, on both databases: of a study that asks for it and of those who agree, nowhere else."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from labsettings import settings_toml
from maximalab_hub.export.code import CODE, CODE_WARNING
from maximalab_hub.export.csv import read_csv
from maximalab_hub.export.formats import Format, TableName
from maximalab_hub.exportcommand import ALL, export_study
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.settings import Settings, load_settings
from maximalab_hub.settings_sections import Bilingual, StudySection
from maximalab_hub.store import queries, studies
from maximalab_hub.store.engine import writing
from maximalab_hub.store.research import Selection
from maximalab_hub.study import study_of
from postedevents import ADA, HUB, NOON, a_run, ingest_of, start

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

NOW = datetime(2026, 11, 22, 13, tzinfo=UTC)
TEXTS = ["=cmd() /* by ada */", 'ratsimp("х\n",y);', "z" * 30_000]
_later = itertools.count(1)


@dataclass(frozen=True)
class Lab:
    """A store in which ada agreed to `codes`, which asks for code, and to `plain`, which does not; and what she ran."""

    engine: Engine
    settings: Settings
    folder: Path

    def decide(self, name: str, *, agreed: bool = True) -> None:
        told = {"user": "ada", "study": name, "agreed": agreed}
        with writing(self.engine) as connection:
            queries.record_consent(
                connection, **told, decided_at=NOW + timedelta(seconds=next(_later)), consent_version=1
            )

    def exported(self, name: str, form: Format = Format.CSV, **how: Any) -> tuple[dict[str, Any], Path]:
        out = self.folder / f"out-{next(_later)}"
        selection = Selection(**{key: how.pop(key) for key in list(how) if key != "tables"})
        told = export_study(
            self.settings, self.engine, selection, out, study_name=name, form=form, who="rea", now=NOW, **how
        )
        return dict(told), out


@pytest.fixture
def lab(store: Engine, tmp_path: Path) -> Lab:
    (tmp_path / "maximalab.toml").write_text(settings_toml())
    ensure_secrets(tmp_path / "secrets")
    made = Lab(store, load_settings(tmp_path / "maximalab.toml"), tmp_path)
    with writing(store) as connection:
        for name, asks in (("codes", True), ("plain", False)):
            said = Bilingual(uk=name, en=name)
            study = StudySection(id=name, title=said, consent=said).asking_for_code(asks)
            studies.set_up(connection, made.settings, study, "rea", NOW)
    for name in ("codes", "plain"):
        made.decide(name)
    ingest = ingest_of(store)
    ingest.take(HUB, [start(0)])
    ingest.take(ADA, [a_run(7 + n, code={"text": text}) for n, text in enumerate(TEXTS)])
    ingest.take(ADA, [a_run(20), a_run(21, notebook="elsewhere/b.ipynb", code={"text": "of no course"})])
    ingest.close()
    return made


def test_it_is_a_table_of_its_own_with_codebook_and_warning(lab: Lab) -> None:
    manifest, out = lab.exported("codes")
    rows = read_csv((out / "code.csv").read_bytes(), CODE.columns)
    with writing(lab.engine) as connection:
        names = study_of(studies.with_study(lab.settings, connection, "codes")).pseudonyms
    person = names.of("ada")
    assert [row["text"] for row in rows] == [
        f"=cmd() /* by {person} */", TEXTS[1], "z" * 20_000, "of no course",
    ]  # fmt: skip
    assert [row["cut"] for row in rows] == [0, 0, 1, 0]
    assert {row["person"] for row in rows} == {person}
    events = {row["event_id"]: row for row in read_csv((out / "events.csv").read_bytes())}
    assert all(events[row["event_id"]]["at"] == row["at"] for row in rows)
    assert not re.search(rb"\bada\b", (out / "code.csv").read_bytes())  # a pseudonym may hold these letters
    assert b"\n'=cmd" not in (out / "code.csv").read_bytes()
    assert b",'=cmd" in (out / "code.csv").read_bytes(), "a spreadsheet takes no code for a formula"
    assert (manifest["code"], manifest["files"]["code.csv"]["rows"]) == (CODE_WARNING, 4)
    tables = {one["name"]: one for one in json.loads((out / "codebook.json").read_text())["tables"]}
    assert [field["name"] for field in tables["code"]["fields"]] == [one.name for one in CODE.columns]


def test_no_other_export_has_it(lab: Lab) -> None:
    for name, form in [("plain", form) for form in Format] + [
        ("codes", Format.XAPI),
        ("codes", Format.PROGSNAP2),
    ]:
        manifest, out = lab.exported(name, form)
        assert manifest["people"] == 1
        assert "code" not in manifest
        for path in out.rglob("*"):
            assert path.stem != "code"
            assert not path.is_file() or b"ratsimp" not in path.read_bytes()
    manifest, out = lab.exported("codes", tables=[TableName.SESSIONS])
    assert ("code" in manifest, (out / "code.csv").exists()) == (False, False)


def test_every_table_format_has_the_same_codes(lab: Lab) -> None:
    said = [
        row["text"] for row in read_csv((lab.exported("codes")[1] / "code.csv").read_bytes(), CODE.columns)
    ]
    lines = (lab.exported("codes", Format.JSONL)[1] / "code.jsonl").read_text().splitlines()
    assert [json.loads(line)["text"] for line in lines] == said
    table = pq.read_table(lab.exported("codes", Format.PARQUET)[1] / "code.parquet")
    assert table.column("text").to_pylist() == said


@pytest.mark.parametrize(
    ("selection", "number"),
    [
        pytest.param({"course": "operations-research"}, 3, id="a course"),
        pytest.param({"since": NOON}, 0, id="later"),
        pytest.param({"until": NOON - timedelta(seconds=1700 - 8)}, 1, id="the first of them"),
        pytest.param({"kinds": ("login",)}, 0, id="events that are no runs"),
        pytest.param({"kinds": ("run",)}, 4, id="runs"),
    ],
)
def test_it_follows_the_chosen_events(lab: Lab, selection: dict[str, Any], number: int) -> None:
    manifest, _ = lab.exported("codes", tables=ALL, **selection)
    assert manifest["files"]["code.csv"]["rows"] == number


def test_after_a_withdrawal_it_is_gone_and_the_other_study_is_as_it_was(lab: Lab) -> None:
    before = lab.exported("plain")[0]["version"]
    lab.decide("codes", agreed=False)
    manifest, out = lab.exported("codes")
    assert (manifest["people"], manifest["files"]["code.csv"]["rows"]) == (0, 0)
    assert b"ratsimp" not in (out / "code.csv").read_bytes()
    lab.decide("codes")
    manifest, _ = lab.exported("codes")
    assert (manifest["people"], manifest["files"]["code.csv"]["rows"]) == (1, 0)
    assert lab.exported("plain")[0]["version"] == before
