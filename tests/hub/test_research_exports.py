"""What researchers take away and what is logged of it, as people with their rights see it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import sys
import zipfile
from pathlib import Path

import pytest
from maximalab_hub.example_history import CLASS
from maximalab_hub.export.csv import read_csv
from maximalab_hub.export.formats import Format, TableName
from maximalab_hub.store import log, queries, research
from maximalab_hub.store.engine import reading

sys.path.insert(0, str(Path(__file__).parents[1]))

from usagepages import USAGE
from usagevisits import app, visit

__all__ = ["app", "visit"]


def test_an_export_holds_what_the_page_counts_the_same_bytes_twice(visit):
    researcher = visit("researcher")
    first = researcher.get(f"{USAGE}/export.csv?since=")
    assert first.headers["content-type"] == "text/csv; charset=utf-8"
    assert first.headers["content-disposition"] == 'attachment; filename="lab-study-events.csv"'
    assert researcher.get(f"{USAGE}/export.csv?since=").content == first.content
    rows = read_csv(first.content)
    assert len({row["person"] for row in rows}) == len(CLASS) - 2
    assert rows == sorted(rows, key=lambda row: row["at"])
    assert {row["setting"] for row in rows} == {"in_class", "out_of_class", "unknown"}
    assert not [name for name in CLASS if name.encode() in first.content]


@pytest.mark.parametrize("form", Format)
def test_an_archive_holds_tables_codebook_manifest_and_citation_the_same_bytes_twice(visit, form):
    researcher = visit("researcher")
    path = f"{USAGE}/export.zip?since=&format={form}"
    first = researcher.get(path)
    assert first.headers["content-type"] == "application/zip"
    assert first.headers["content-disposition"] == f'attachment; filename="lab-study-{form}.zip"'
    assert researcher.get(path).content == first.content
    with zipfile.ZipFile(io.BytesIO(first.content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        whole = b"".join(map(archive.read, archive.namelist()))
    assert manifest["people"] == len(CLASS) - 2
    assert not [name for name in CLASS if name.encode() in whole]


def test_the_form_asks_for_what_the_page_shows_and_each_archive_is_recorded(visit, app):
    html = visit("researcher").get(f"{USAGE}/?course=operations-research&since=2026-01-01").text
    form = re.search(
        r'<form class="filters" method="get" action="[^"]*export.zip">.*?</form>', html, re.DOTALL
    )
    assert form
    assert 'name="course" value="operations-research"' in form[0]
    assert all(f'value="{word}"' in form[0] for word in (*Format, *TableName, "2026-01-01"))
    visit("admin").get(f"{USAGE}/export.zip?format=jsonl&table=sessions&course=operations-research")
    with reading(app.state.engine) as connection:
        [newest] = queries.last_events(connection, 1, users=["admin"], kinds=["export"])
    assert (newest.detail["format"], newest.detail["tables"]) == ("jsonl", ["sessions"])


@pytest.mark.parametrize(("query", "field"), [("format=xls", "format"), ("table=names", "table")])
def test_a_format_or_table_that_there_is_not_is_refused(visit, query, field):
    answer = visit("researcher").get(f"{USAGE}/export.zip?{query}", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize("path", ["/export.csv", "/export.zip", "/codebook.json"])
@pytest.mark.parametrize(("name", "status"), [("researcher", 200), ("teacher", 403), ("student", 403)])
def test_exports_are_for_researchers(visit, path, name, status):
    assert visit(name).get(USAGE + path).status_code == status


def test_each_look_and_each_export_is_recorded(visit, app):
    with reading(app.state.engine) as connection:
        before = research.events_by_kind(connection, "admin")
    visit("admin").get(f"{USAGE}/?course=operations-research")
    visit("admin").get(f"{USAGE}/export.csv")
    with reading(app.state.engine) as connection:
        after = research.events_by_kind(connection, "admin")
        [newest] = queries.last_events(connection, 1, users=["admin"], kinds=["look"])
    assert {kind: after[kind] - before.get(kind, 0) for kind in after} == {"look": 1, "export": 1}
    assert (newest.source, newest.course) == ("hub", "operations-research")


def test_an_archive_that_is_whole_is_in_the_export_log_and_says_where_it_was_asked_for(visit, app):
    answer = visit("researcher").get(f"{USAGE}/export.zip?format=jsonl&table=sessions")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        manifest = hashlib.sha256(archive.read("manifest.json")).hexdigest()
    with reading(app.state.engine) as connection:
        given, asked = log.entries(connection, newest=2)
    assert (given.kind, given.told["sha256"], given.told["asked"]) == ("exported", manifest, asked.position)
    assert answer.headers["x-maximalab-log-entry"] == str(asked.point)
    csv = visit("researcher").get(f"{USAGE}/export.csv?since=").content
    with reading(app.state.engine) as connection:
        [newest] = log.entries(connection, newest=1)
    assert newest.told["sha256"] == hashlib.sha256(csv).hexdigest()


def test_the_export_log_names_who_looked_and_says_that_it_is_whole(visit, app):
    visit("admin").get(f"{USAGE}/?course=operations-research")
    html = visit("admin").get(f"{USAGE}/export-log").text
    assert "The log is whole." in html
    assert re.search(r"<td>\s*admin\s*</td>", html)
    mine = visit("researcher").get(f"{USAGE}/export-log").text
    assert "The newest entries of your study" in mine
    assert re.search(r"\d+:[0-9a-f]{64}", mine)
