"""T18 and T19: names that are code are text, on every page and in every file, on both databases."""

from __future__ import annotations

import csv
import io
import re
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parents[1]))

from databases import postgres
from maximalab_hub.export.csv import GUARD, read_csv, unguarded
from maximalab_hub.export.formats import TABLES, TableName
from maximalab_hub.privacy import pseudonyms_of
from maximalab_hub.secret_files import Secret, read_secret
from maximalab_hub.service.signin import COOKIE
from maximalab_hub.store import bulk, erasing, queries, research
from maximalab_hub.store.engine import reading, writing
from usagepages import USAGE, usage_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

__all__ = ["postgres"]

CODE = [
    "' OR 1=1 --",
    "{{7*7}}",
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "%(x)s ${7*7}",
]
FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(1)",
    "\tTAB",
    '"quoted"',
    "two\nlines",
    "＝1",
    "'=1",
    "",
    " =1",
]
GROUPS = {"researcher": ["researchers"], "teacher": ["teach:operations-research"]}
NOW = datetime.now(UTC)
DANGEROUS = re.compile(r"[=+\-@＝＋－＠\t\r\n]")


class HostileTokens:
    """Answers for the tokens of `code-0`, `code-1` … as the hub would for people with these names."""

    client_id = "service-usage"

    async def owner_of(self, token: str, browser_session: str = "") -> dict[str, Any]:
        del browser_session
        kind, _, number = token.removeprefix("token-of-").partition("-")
        who = CODE[int(number)] if kind == "code" else kind
        return {
            "kind": "user", "name": who, "admin": kind == "admin", "scopes": ["access:services!service=usage"],
            "groups": GROUPS.get(kind, []),
        }  # fmt: skip

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").create_database("hostile")
    with usage_pages(tmp_path_factory.mktemp("lab"), url) as app:
        app.state.hub = HostileTokens()
        fill(app)
        yield app


def fill(app: FastAPI) -> None:
    """People with hostile names work on hostile materials, agree, and ask for erasure."""
    with reading(app.state.engine) as connection:
        [some] = queries.last_events(connection, 1, kinds=["run"], users=["demo-01"])
    names = [*CODE, *(f"{one or 'empty'} and a name" for one in FORMULAS)]
    texts = [*CODE, *FORMULAS]
    rows = [
        dict(some._mapping)
        | {
            "event_id": f"hostile-{n}-{m}",
            "seq": 10_000 + m,
            "boot_id": f"boot-{n}",
            "at": NOW - timedelta(hours=n),
        }
        | {"user": name, "notebook": text, "error_name": text, "material": text[:64], "course": text[:64]}
        for n, name in enumerate(names)
        for m, text in enumerate(texts)
    ]
    rows += [row | {"event_id": f"taught-{row['boot_id']}", "seq": 0, "course": "operations-research"}
             for row in rows[:: len(texts)]]  # fmt: skip
    with writing(app.state.engine) as connection:
        bulk.insert_events(connection, rows)
        for name in names:
            queries.record_consent(connection, user=name, study="lab-study", agreed=True, decided_at=NOW)
            erasing.ask_for_erasure(connection, name, NOW)


@pytest.fixture
def visit(app: FastAPI) -> Callable[..., Any]:
    def get(name: str, path: str) -> Any:
        browser = TestClient(
            app,
            base_url="http://127.0.0.1:8000",
            cookies={COOKIE: f"token-of-{name}"},
            headers={"Accept": "text/html", "Accept-Language": "en"},
        )
        return browser.get(USAGE + path)

    return get


PAGES = [
    ("researcher-", "/?since="),
    ("researcher-", "/completeness?since="),
    ("researcher-", "/export-log"),
    ("admin-", "/completeness?since="),
    ("admin-", "/erasures"),
    ("teacher-", "/completeness?since="),
    *((f"code-{n}", "/me") for n in range(len(CODE))),
]


@pytest.mark.parametrize(("name", "path"), PAGES)
def test_t18_code_is_shown_as_text(visit, name: str, path: str) -> None:
    answer = visit(name, path)
    assert answer.status_code == 200
    html = answer.text
    assert "<img src=x" not in html
    assert "<script>alert" not in html
    for shown in ("&#39; OR 1=1 --", "{{7*7}}", "&lt;img src=x onerror=alert(1)&gt;"):
        assert shown in html or path == "/export-log", shown
    assert not re.search(r"\b49\b", re.sub(r"<time.*?</time>", "", html)) or "{{7*7}}" in html


def test_t18_a_question_that_is_sql_finds_its_own_rows_alone(visit) -> None:
    found = read_csv(visit("researcher-", "/export.csv?since=&course=%27+OR+1%3D1+--").content)
    assert {row["course"] for row in found} == {"' OR 1=1 --"}
    assert len(found) == len(CODE) + len(FORMULAS)
    assert visit("researcher-", "/?since=&course=%27%3B+DROP+TABLE+event%3B+--").status_code == 200
    assert len(read_csv(visit("researcher-", "/export.csv?since=").content)) > len(found)


def test_t18_a_question_with_a_zero_is_refused_by_both_databases(visit) -> None:
    answers = [visit("researcher-", path).status_code for path in ("/?course=%00", "/export.csv?kind=%00")]
    assert answers == [400, 400]


def test_t18_names_are_replaced_in_an_export_whatever_they_are(visit, app: FastAPI) -> None:
    """Whoever is called by code is under a pseudonym like everybody."""
    names = pseudonyms_of("lab-study", read_secret(app.state.settings.secrets.dir, Secret.PSEUDONYM_KEY))
    people = {row["person"] for row in read_csv(visit("researcher-", "/export.csv?since=").content)}
    assert {names.of(name) for name in CODE} <= people


def cells(content: bytes) -> list[str]:
    return [field for row in csv.reader(io.StringIO(content.decode(), newline="")) for field in row]


def test_t19_no_field_of_an_export_is_a_formula_and_all_read_back(visit) -> None:
    answer = visit("researcher-", "/export.zip?since=&format=csv")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name.endswith(".csv")}
    assert len(files) == len(TABLES)
    for name, content in files.items():
        assert not [one for one in cells(content) if DANGEROUS.match(one.lstrip()) and not number(one)], name
    read = {row["notebook"] for row in read_csv(files["events.csv"])}
    # A text that holds a person's own name has the pseudonym there; the others are as they were.
    assert {*FORMULAS} <= read
    sessions = read_csv(files["sessions.csv"], TABLES[TableName.SESSIONS].columns)
    assert any("=cmd|" in str(row["materials"]) for row in sessions)


def number(field: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", field)) and not field.startswith(GUARD)


@pytest.mark.parametrize("path", ["/me/events.csv", "/me/data.zip"])
def test_t19_no_field_of_ones_own_records_is_a_formula(visit, path: str) -> None:
    content = visit("code-0", path).content
    if path.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read("event.csv")
    found = cells(content)
    assert not [one for one in found if DANGEROUS.match(one.lstrip()) and not number(one)]
    assert {*FORMULAS} <= {unguarded(one) for one in found if one}


def test_t18_the_record_of_looks_holds_the_question_as_it_was_asked(visit, app: FastAPI) -> None:
    visit("researcher-", "/?since=&course=%7B%7B7*7%7D%7D")
    with reading(app.state.engine) as connection:
        [look] = queries.last_events(connection, 1, kinds=["look"])
        assert look.detail["course"] == "{{7*7}}"
        assert "' OR 1=1 --" in research.courses(connection)
