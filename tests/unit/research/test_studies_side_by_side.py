"""Two studies of one lab side by side, on both databases: each with its own people, pseudonyms, text and exports."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from labsettings import settings_toml
from maximalab_hub import migrations
from maximalab_hub.example_history import CLASS, DECLINED, NEVER_ASKED, load_example
from maximalab_hub.export.csv import read_csv
from maximalab_hub.exportcommand import export_study
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.settings import Settings, load_settings
from maximalab_hub.settings_sections import Bilingual, StudySection
from maximalab_hub.store import log, queries, studies
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.research import Selection
from maximalab_hub.study import comparison, people_of, study_of
from sqlalchemy import text

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
AT_WORK = set(CLASS) - {DECLINED, NEVER_ASKED}
AGREED = AT_WORK | {"student"}
HABITS = {"demo-01", "demo-02", DECLINED}
_later = itertools.count(1)


@dataclass(frozen=True)
class Lab:
    """A store and the settings of its lab."""

    engine: Engine
    settings: Settings

    def set_up(self, name: str, said: str = "text") -> int:
        words = Bilingual(uk=f"{said}: {name} українською", en=f"{said}: {name} in English")
        study = StudySection(id=name, title=words, consent=words)
        with writing(self.engine) as connection:
            return studies.set_up(connection, self.settings, study, "rea", NOW).consent_version

    def close(self, name: str) -> bool:
        with writing(self.engine) as connection:
            return studies.close(connection, self.settings, name, "rea", NOW)

    def counting(self) -> list[str]:
        with reading(self.engine) as connection:
            return [one.id for one in studies.counting(self.settings, connection)]

    def decide(self, user: str, name: str, *, agreed: bool = True, version: int = 1) -> None:
        at = NOW + timedelta(seconds=next(_later))
        told = {"user": user, "study": name, "agreed": agreed, "decided_at": at, "consent_version": version}
        with writing(self.engine) as connection:
            queries.record_consent(connection, **told)

    def people(self, name: str) -> set[str]:
        with reading(self.engine) as connection:
            return set(people_of(connection, study_of(studies.with_study(self.settings, connection, name))))

    def exported(self, name: str | None, out: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        told = export_study(self.settings, self.engine, Selection(), out, study_name=name, who="rea", now=NOW)
        return dict(told), list(read_csv((out / "events.csv").read_bytes()))


@pytest.fixture
def lab(store: Engine, tmp_path: Path) -> Lab:
    """The example class has decided about `lab-study`, that of the settings; `habits` was set up beside it."""
    (tmp_path / "maximalab.toml").write_text(settings_toml())
    ensure_secrets(tmp_path / "secrets")
    load_example(store, NOW)
    made = Lab(store, load_settings(tmp_path / "maximalab.toml"))
    made.set_up("habits")
    for user in HABITS:
        made.decide(user, "habits")
    return made


def test_each_study_has_its_own_people_and_a_withdrawal_from_one_is_none_from_the_other(lab: Lab) -> None:
    assert lab.counting() == ["habits", "lab-study"]
    assert (lab.people("lab-study"), lab.people("habits")) == (AGREED, HABITS)
    lab.decide("demo-01", "habits", agreed=False)
    assert (lab.people("lab-study"), lab.people("habits")) == (AGREED, HABITS - {"demo-01"})
    lab.set_up("habits", "another text")
    assert (lab.people("lab-study"), lab.people("habits")) == (AGREED, set())


def test_exports_share_no_pseudonym_and_no_id_and_the_log_names_the_study(lab: Lab, tmp_path: Path) -> None:
    first, habits = lab.exported("lab-study", tmp_path / "a"), lab.exported("habits", tmp_path / "b")
    assert (first[0]["study"], first[0]["people"]) == ("lab-study", len(AT_WORK))
    assert (habits[0]["study"], habits[0]["people"]) == ("habits", len(HABITS))
    for column in ("person", "event_id"):
        values = [{row[column] for row in rows} for _, rows in (first, habits)]
        assert values[0]
        assert values[1]
        assert not values[0] & values[1]
    with reading(lab.engine) as connection:
        named = {name: len(list(log.entries(connection, study=name))) for name in ("lab-study", "habits")}
    assert named == {"lab-study": 2, "habits": 2}, "asked for, and given out"


def test_a_small_study_hides_its_figures_while_a_large_one_shows_them(lab: Lab) -> None:
    with reading(lab.engine) as connection:
        shown = {
            name: comparison(
                connection, study_of(studies.with_study(lab.settings, connection, name)), Selection()
            )
            for name in ("lab-study", "habits")
        }
    assert any(shown["lab-study"].by_setting.values())
    assert not any(shown["habits"].by_setting.values())


def test_who_exports_at_a_terminal_has_to_say_which_study(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(studies.NoSuchStudyError, match="--study habits or --study lab-study"):
        lab.exported(None, tmp_path / "out")
    with pytest.raises(studies.NoSuchStudyError, match="'other'"):
        lab.exported("other", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert lab.close("habits")
    assert lab.exported(None, tmp_path / "out")[0]["study"] == "lab-study"


def test_a_closed_study_shows_nothing_and_asks_everybody_anew_when_it_comes_back(lab: Lab) -> None:
    assert lab.close("habits")
    assert lab.counting() == ["lab-study"]
    with pytest.raises(studies.NoSuchStudyError):
        lab.people("habits")
    assert not lab.close("habits"), "it counts no more"
    assert not lab.close("lab-study"), "one always counts"
    assert lab.set_up("habits") == 2
    assert (lab.people("habits"), lab.people("lab-study")) == (set(), AGREED)


def test_studies_that_were_replaced_before_stay_so_and_the_way_back_brings_none_to_life(lab: Lab) -> None:
    lab.close("lab-study")
    migrations.downgrade(lab.engine, "0011")
    rows = "SELECT study FROM study ORDER BY place DESC"
    with reading(lab.engine) as connection:
        assert connection.execute(text(rows)).scalars().first() == "habits"
    migrations.upgrade(lab.engine)
    assert lab.counting() == ["habits"]
