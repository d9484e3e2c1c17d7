"""Exports after xAPI and ProgSnap2: held against others' rules, on both databases."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from exportexample import EVIL, values
from maximalab_hub.export.formats import Format, TableName
from maximalab_hub.export.progsnap2 import LINK, MAIN
from maximalab_hub.export.xapi import VERBS, duration
from maximalab_hub.study import STUDIED
from ralph.models.xapi.base.statements import BaseXapiStatement

if TYPE_CHECKING:
    from sqlalchemy import Engine


def test_every_statement_is_one_after_xapi(example: Engine, made):
    lines = made(Format.XAPI)["statements.jsonl"].decode().split("\n")[:-1]
    statements = [json.loads(line) for line in lines]
    events = {row["event_id"]: row for row in values(example, TableName.EVENTS)}
    assert len(statements) == len(events)
    sessions = {row["session_id"] for row in values(example, TableName.SESSIONS)}
    for one in statements:
        BaseXapiStatement.model_validate(one)
        event = events[one["id"]]
        assert one["actor"]["account"] == {
            "homePage": "https://lab.example/xapi/pseudonyms/lab-study",
            "name": event["person"],
        }
        assert datetime.fromisoformat(one["timestamp"]) == event["at"]
        assert one["context"]["extensions"]["https://lab.example/xapi/extensions/setting"] == event["setting"]
        assert one["context"].get("registration", event["kind"]) in sessions | (set(STUDIED) - {"run"})
        assert ("result" in one) == (event["kind"] == "run")
    ended = {
        (
            one["result"]["extensions"]["https://lab.example/xapi/extensions/outcome"],
            one["result"]["completion"],
            one["result"].get("success"),
        )
        for one in statements
        if "result" in one
    }
    assert ended == {
        ("ok", True, True), ("error", True, False), ("dead", False, False),
        ("interrupted", False, None), ("aborted", False, None), ("unknown", False, None),
    }  # fmt: skip


def test_every_kind_of_event_has_a_verb():
    assert set(VERBS) == set(STUDIED)


@pytest.mark.parametrize(("ms", "text"), [(0, "PT0.000S"), (1820, "PT1.820S"), (3_600_001, "PT3600.001S")])
def test_a_duration_is_written_after_iso_8601(ms: int, text: str):
    assert duration(ms) == text


ALWAYS = {"EventType", "EventID", "SubjectID", "ToolInstances"}
"""Columns that ProgSnap2 1.0 wants a value in, always; CodeStateID may be empty, but has to be there."""
OPTIONAL = {"Order", "ServerTimestamp", "ClientTimestamp", "CourseID", "AssignmentID"}
WANTED = {
    "Session.Start": {"SessionID"},
    "Session.End": {"SessionID"},
    "File.Open": {"CodeStateSection"},
    "File.Save": {"CodeStateSection"},
    "Run.Program": {"ExecutionResult"},
}
"""By type of event, what ProgSnap2 1.0 wants besides; of the columns that are for some events it allows no other."""


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))


def test_progsnap2_is_as_its_specification_says(made):
    files = made(Format.PROGSNAP2)
    assert {"MainTable.csv", "DatasetMetadata.csv", "LinkTables/LinkEvent.csv", "README.md"} <= set(files)
    rows = rows_of(files["MainTable.csv"])
    assert tuple(rows[0]) == MAIN
    assert "CodeStateID" in MAIN
    assert {row["EventType"] for row in rows} == set(WANTED)
    for row in rows:
        given = {name for name, value in row.items() if value}
        assert ALWAYS | WANTED[row["EventType"]] <= given <= ALWAYS | OPTIONAL | WANTED[row["EventType"]]
        at = datetime.fromisoformat(row["ServerTimestamp"] or row["ClientTimestamp"])
        assert at.tzinfo is not None
    assert len({row["EventID"] for row in rows}) == len(rows)
    assert {row["ExecutionResult"] for row in rows} == {"", "Success", "Error", "Timeout"}
    for person in {row["SubjectID"] for row in rows}:
        mine = [row for row in rows if row["SubjectID"] == person]
        assert [int(row["Order"]) for row in mine] == list(range(1, len(mine) + 1))
        times = [row["ServerTimestamp"] or row["ClientTimestamp"] for row in mine]
        assert times == sorted(times)
        borders = [row["EventType"][8:] + row["SessionID"] for row in mine if row["SessionID"]]
        assert [one.replace("Start", "End") for one in borders[::2]] == borders[1::2]
    properties = {row["Property"]: row["Value"] for row in rows_of(files["DatasetMetadata.csv"])}
    assert (properties["Version"], properties["EventOrderScopeColumns"]) == ("1.0", "SubjectID")


def test_progsnap2_links_every_event_and_guards_formulas(made):
    files = made(Format.PROGSNAP2)
    link = rows_of(files["LinkTables/LinkEvent.csv"])
    assert tuple(link[0]) == LINK
    events = [row["EventID"] for row in rows_of(files["MainTable.csv"]) if not row["SessionID"]]
    assert [row["EventID"] for row in link] == events
    evil = [row for row in link if "calc" in row["CodeStateSection"]]
    assert {(row["CodeStateSection"], row["ErrorName"]) for row in evil} == {("'" + EVIL, "'+1")}
