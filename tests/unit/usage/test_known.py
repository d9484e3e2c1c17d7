"""What is known about me is complete: every personal column of every table, and of nobody else."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from canary import CANARY, fill
from maximalab_hub.events import Kind
from maximalab_hub.export.dataset import archived
from maximalab_hub.known import NOBODYS, archive, counts, tables_about_people
from maximalab_hub.service.own_events import OwnEvents
from maximalab_hub.store import erasing
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.personal import CLASSES, Personal
from postedevents import LOG_NAMES, NOON

if TYPE_CHECKING:
    from sqlalchemy import Engine


def taken(engine: Engine, user: str) -> dict[str, bytes]:
    with reading(engine) as connection:
        content = b"".join(archived(archive(connection, user, LOG_NAMES)))
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        return {name: found.read(name) for name in found.namelist()}


@pytest.fixture
def full(store: Engine) -> Engine:
    with writing(store) as connection:
        fill(connection)
        fill(connection, "ada", mentioning="nobody")
        erasing._remember(connection, LOG_NAMES.of(CANARY), NOON)
    for user in (CANARY, "ada"):
        OwnEvents(store, lambda: NOON, LOG_NAMES).record(Kind.LOOK, user)
    return store


def test_every_table_with_something_personal_is_in_it_or_has_a_reason_not_to_be() -> None:
    personal = {table for table, columns in CLASSES.items() if set(columns.values()) != {Personal.NONE}}
    told = {table.name for table in tables_about_people()}
    assert told | NOBODYS.keys() == personal
    assert not told & NOBODYS.keys()
    assert told >= {"export_log", "erased"}


def test_every_personal_column_is_in_json_and_csv(full: Engine) -> None:
    files = taken(full, CANARY)
    told = json.loads(files["my-data.json"])
    for table in tables_about_people():
        personal = {name for name, one in CLASSES[table.name].items() if one is not Personal.NONE}
        [row, *more] = told[table.name]
        assert personal <= set(row), table.name
        lines = list(csv.reader(io.StringIO(files[f"{table.name}.csv"].decode(), newline="")))
        assert personal <= set(lines[0]), table.name
        assert len(lines) == 2 + len(more)
    assert json.loads(files["columns.json"]) == {t: dict(c) for t, c in CLASSES.items()}


def test_nobody_elses_row_is_in_it(full: Engine) -> None:
    files = taken(full, "ada")
    assert not [name for name, content in files.items() if CANARY.encode() in content]
    told = json.loads(files["my-data.json"])
    assert {row["user"] for row in told["event"]} == {"ada"}
    assert {row["who"] for row in told["export_log"]} == {LOG_NAMES.of("ada")}


def test_the_counts_are_those_of_the_files(full: Engine) -> None:
    with reading(full) as connection:
        found = counts(connection, CANARY, LOG_NAMES)
    told = json.loads(taken(full, CANARY)["my-data.json"])
    assert found == {name: len(rows) for name, rows in told.items() if rows}
    assert found["event"] == 2


def test_of_whom_nothing_is_known_the_files_say_so(store: Engine) -> None:
    files = taken(store, "nobody")
    assert set(json.loads(files["my-data.json"])) == {table.name for table in tables_about_people()}
    assert set(files) == {"README.txt", "my-data.json", "columns.json"}
