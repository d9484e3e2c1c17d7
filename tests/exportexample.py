"""A store with the example class, and its exports, for the tests of what researchers get."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from maximalab_hub import migrations
from maximalab_hub.compare import Parameters
from maximalab_hub.example_history import load_example
from maximalab_hub.export.dataset import write_dataset
from maximalab_hub.export.formats import TABLES, Format, TableName, files_of
from maximalab_hub.export.manifest import Circumstances
from maximalab_hub.export.source import Source
from maximalab_hub.export.xapi import Home
from maximalab_hub.privacy import pseudonyms_of
from maximalab_hub.store import bulk, queries
from maximalab_hub.store.engine import open_engine, writing
from maximalab_hub.store.research import Selection, snapshot
from maximalab_hub.study import Study, coverage, observations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
KYIV = ZoneInfo("Europe/Kyiv")
STUDY = Study("lab-study", 1, pseudonyms_of("lab-study", "k" * 64), Parameters())
HOME = Home("https://lab.example/", "lab-study")
ALL = tuple(TableName)
LATELY = Selection(since=NOW - timedelta(days=8))
EVIL = '=cmd|" /C calc"!A0\r\n'


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A store with the example class, and a person whose file names are formulas and whose runs ended badly."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").create_database(request.module.__name__.rpartition(".")[2])
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('formats') / 'usage.sqlite'}"
    engine = open_engine(url)
    migrations.upgrade(engine)
    assert load_example(engine, NOW)
    with writing(engine) as connection:
        [run] = queries.last_events(connection, 1, users=["demo-01"], kinds=["run"])
        bulk.insert_events(connection, [
            dict(run._mapping) | {"event_id": f"evil-{n}", "seq": 1000 + n, "at": run.at + timedelta(seconds=n)}
            | {"outcome": outcome, "kind": kind, "notebook": EVIL, "error_name": "+1"}
            for n, (kind, outcome) in enumerate([
                ("run", "interrupted"), ("run", "dead"), ("run", "aborted"), ("run", "unknown"),
                ("notebook_open", None), ("kernel_dead", None), ("spawn_refused", None),
            ])
        ])  # fmt: skip
    yield engine
    engine.dispose()


def unlogged(_told: object) -> None:
    """Where the export log is not what is looked at."""


def about(connection: Connection, form: Format, tables: tuple[TableName, ...] = ALL) -> Circumstances:
    covered = coverage(connection, STUDY, LATELY)
    return Circumstances(STUDY, "Title", "Lab", LATELY, covered, "v", "Europe/Kyiv", form, tables, NOW)


def written(
    engine: Engine, folder: Path, form: Format, tables: tuple[TableName, ...] = ALL
) -> dict[str, bytes]:
    with snapshot(engine) as connection:
        files = files_of(form, tables, Source(connection, STUDY, LATELY, KYIV), HOME)
        write_dataset(folder, files, about(connection, form, tables), unlogged)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


_made: dict[tuple[str, Format], dict[str, bytes]] = {}


@pytest.fixture
def made(example: Engine, tmp_path_factory: pytest.TempPathFactory):
    """Give the files of an export of the example; each format is written once for each database."""

    def files(form: Format) -> dict[str, bytes]:
        key = (str(example.url), form)
        if key not in _made:
            _made[key] = written(example, tmp_path_factory.mktemp(form), form)
        return _made[key]

    return files


def values(engine: Engine, name: TableName) -> list[dict[str, Any]]:
    """Give a table's rows as the program has them."""
    with snapshot(engine) as connection:
        source = Source(connection, STUDY, LATELY, KYIV)
        rows: Any = {
            "events": lambda: observations(connection, STUDY, LATELY),
            "sessions": source.sessions,
            "student_weeks": source.weeks,
        }[name]()
        return [{one.name: one.value(row) for one in TABLES[name].columns} for row in rows]
