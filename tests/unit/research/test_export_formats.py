"""Every format of an export: read by others' readers, on both databases."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet as pq
import pytest
from exportexample import ALL, HOME, KYIV, LATELY, STUDY, about, unlogged, values, written
from maximalab_hub.compare import Parameters, Timetables
from maximalab_hub.comparison.figures import figures
from maximalab_hub.events import Kind
from maximalab_hub.example_history import CLASS
from maximalab_hub.export.columns import codebook
from maximalab_hub.export.csv import read_csv
from maximalab_hub.export.dataset import ExportError, write_dataset, zipped
from maximalab_hub.export.formats import TABLES, File, Format, TableName, files_of
from maximalab_hub.export.parquet import TYPES, write_parquet
from maximalab_hub.export.progsnap2 import MAIN
from maximalab_hub.export.source import Source
from maximalab_hub.export.work import SESSIONS, WEEKS, groups_to_tell
from maximalab_hub.setting import Setting
from maximalab_hub.store.research import snapshot
from maximalab_hub.study import STUDIED, happenings, observations, timetables_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine


@pytest.mark.parametrize("form", Format)
def test_the_same_store_gives_the_same_bytes_and_a_manifest_that_vouches_for_them(
    example: Engine, tmp_path: Path, made, form: Format
):
    first = made(form)
    assert first == written(example, tmp_path, form)
    manifest = json.loads(first["manifest.json"])
    assert set(manifest["files"]) | {"manifest.json", "CITATION.cff"} == set(first)
    for name, said in manifest["files"].items():
        assert (said["sha256"], said["bytes"]) == (hashlib.sha256(first[name]).hexdigest(), len(first[name]))
    assert not [user for user in CLASS if user.encode() in b"".join(first.values())]
    assert {"MaximaLab", "Python"} <= set(manifest["software"])
    assert manifest["rules"]["time_zone"] == "Europe/Kyiv"
    assert manifest["citation"].startswith(
        "Lab (2026). Title: usage data of the study lab-study [data set, version "
    )
    assert json.loads(first["codebook.json"])["format"] == form


@pytest.mark.parametrize("form", Format)
def test_the_archive_holds_the_same_files_and_comes_in_parts(example: Engine, made, form: Format):
    with snapshot(example) as connection:
        files = files_of(form, ALL, Source(connection, STUDY, LATELY, KYIV), HOME)
        parts = list(zipped(files, about(connection, form), unlogged))
    assert len(parts) > 3
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == made(form)
        assert found.namelist()[-1] == "manifest.json"


def test_a_broken_export_leaves_no_manifest_and_no_half_file(example: Engine, tmp_path: Path):
    written(example, tmp_path, Format.CSV)

    def broken() -> Iterator[bytes]:
        yield b"a"
        raise OSError(28, "No space left on device")

    with snapshot(example) as connection:
        circumstances = about(connection, Format.CSV)
    before = (tmp_path / "events.csv").read_bytes()
    with pytest.raises(ExportError, match=r"No space left on device.*--out"):
        write_dataset(tmp_path, [File("events.csv", broken())], circumstances, unlogged)
    assert not (tmp_path / "manifest.json").exists()
    assert (tmp_path / "events.csv").read_bytes() == before
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("name", ALL)
def test_csv_jsonl_and_parquet_hold_the_same_values(example: Engine, made, name: TableName):
    wanted = values(example, name)
    assert wanted
    columns = TABLES[name].columns
    assert read_csv(made(Format.CSV)[f"{name}.csv"], columns) == wanted
    lines = made(Format.JSONL)[f"{name}.jsonl"].decode().split("\n")
    times = [column.name for column in columns if column.type == "time"]
    objects = [json.loads(line) for line in lines[:-1]]
    assert [one | {time: datetime.fromisoformat(one[time]) for time in times} for one in objects] == wanted
    table = pq.read_table(io.BytesIO(made(Format.PARQUET)[f"{name}.parquet"]))
    assert table.to_pylist() == wanted
    assert [(field.name, field.type) for field in table.schema] == [(c.name, TYPES[c.type]) for c in columns]
    assert [field.metadata[b"description"].decode() for field in table.schema] == [c.about for c in columns]


def test_duckdb_reads_what_parquet_holds(example: Engine, tmp_path: Path, made):
    (tmp_path / "events.parquet").write_bytes(made(Format.PARQUET)["events.parquet"])
    wanted = Counter(row["setting"] for row in values(example, TableName.EVENTS))
    with duckdb.connect() as reader:
        found = reader.execute(
            "select setting, count(*) from read_parquet(?) group by setting",
            [str(tmp_path / "events.parquet")],
        )
        assert dict(found.fetchall()) == wanted
        types = reader.execute("describe select * from read_parquet(?)", [str(tmp_path / "events.parquet")])
        assert {row[0]: row[1] for row in types.fetchall()} == {
            column.name: {"text": "VARCHAR", "integer": "BIGINT", "time": "TIMESTAMP WITH TIME ZONE"}[
                column.type
            ]
            for column in TABLES[TableName.EVENTS].columns
        }


def test_parquet_is_written_a_row_group_at_a_time():
    columns = TABLES[TableName.WEEKS].columns[:1]
    read = 0

    class Row:
        person = "p" * 32

    def rows() -> Iterator[Any]:
        nonlocal read
        for _ in range(100_000):
            read += 1
            yield Row

    parts = write_parquet(rows(), columns)
    first = next(parts)
    assert read <= 2 * 32_768, "one group is made while the one before is written"
    whole = io.BytesIO(first + b"".join(parts))
    assert [pq.ParquetFile(whole).metadata.row_group(n).num_rows for n in range(4)] == [32_768] * 3 + [1696]


def test_an_empty_export_has_its_columns(tmp_path: Path, store: Engine):
    empty = {form: written(store, tmp_path / form, form) for form in Format}
    assert empty[Format.CSV]["events.csv"].startswith(b"at,event_id,person,")
    assert pq.read_table(io.BytesIO(empty[Format.PARQUET]["sessions.parquet"])).num_rows == 0
    assert empty[Format.JSONL]["student_weeks.jsonl"] == empty[Format.XAPI]["statements.jsonl"] == b""
    assert empty[Format.PROGSNAP2]["MainTable.csv"] == (",".join(MAIN) + "\r\n").encode()


def test_sessions_and_weeks_add_up_to_the_comparison(example: Engine):
    with snapshot(example) as connection:
        people = figures(
            happenings(connection, STUDY, LATELY), timetables_of(connection, STUDY), Parameters(), KYIV
        )
    sessions, weeks = values(example, TableName.SESSIONS), values(example, TableName.WEEKS)
    assert [row["person"] for row in sessions] == sorted(row["person"] for row in sessions)
    for one in people:
        name = STUDY.pseudonyms.of(one.user)
        mine = [row for row in sessions if row["person"] == name]
        mine_by_week = [row for row in weeks if row["person"] == name]
        assert len(mine) == one.whole.sessions
        assert mine == sorted(mine, key=lambda row: row["starts_at"])
        for rows, column in ((mine, "runs"), (mine_by_week, "all_runs")):
            assert sum(row[column] for row in rows) == one.whole.runs
        assert sum(row["all_days"] for row in mine_by_week) == one.whole.days
        for setting in Setting:
            exact = one.by_setting[setting].active / timedelta(milliseconds=1)
            for rows in (mine, mine_by_week):
                assert sum(row[f"{setting}_active_ms"] for row in rows) == pytest.approx(exact, abs=len(rows))
    assert len({row["session_id"] for row in sessions}) == len(sessions)


def test_every_column_of_every_table_is_described_and_none_is_personal():
    said: Any = codebook(TABLES.values())
    assert [table["name"] for table in said["tables"]] == list(TableName)
    for table in said["tables"]:
        names = [field["name"] for field in table["fields"]]
        assert len(set(names)) == len(names)
        assert not {"user", "server", "detail", "boot_id"} & set(names)
        assert all(field["description"] for field in table["fields"])
    assert (SESSIONS.name, WEEKS.name) == ("sessions", "student_weeks")


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        pytest.param({"a": 10, "b": 12}, {"a", "b"}, id="groups that are big enough are named"),
        pytest.param({"a": 9, "b": 12, "c": 30}, {"c"}, id="beside one small group the next hides as well"),
        pytest.param({"a": 9, "b": 3, "c": 30}, {"c"}, id="two small groups hide each other"),
        pytest.param({"a": 5, "b": 3, "c": 12, "d": 30}, {"d"}, id="nor do two hide that are a few together"),
        pytest.param(
            {"a": 12, "a b": 1, "b": 14}, {"b"}, id="the one person in two groups is not named by both"
        ),
        pytest.param({"a": 9}, set(), id="one small group alone"),
        pytest.param({}, set(), id="no groups"),
    ],
)
def test_small_groups_are_not_named(sizes: dict[str, int], told: set[str]):
    people = {f"{name} {n}": set(name.split()) for name, size in sizes.items() for n in range(size)}
    found = groups_to_tell(people, 10)
    assert {" ".join(sorted(groups)) for groups in found.values()} == told
    assert all(people[one] == groups for one, groups in found.items())


def test_people_come_in_the_order_of_their_pseudonyms_not_of_their_names(example: Engine):
    with snapshot(example) as connection:
        people = [one.person for one in Source(connection, STUDY, LATELY, KYIV).people("x")]
        timetables = timetables_of(connection, STUDY)
        seen = {one.person for one in observations(connection, STUDY, LATELY)}
    assert people == sorted(seen)
    assert isinstance(timetables, Timetables)


def test_an_export_of_weeks_alone_reads_a_person_at_a_time(example: Engine):
    """Whatever the store holds, in memory is one person: the next is read when the one before is written."""
    asked: list[str] = []
    with snapshot(example) as connection:

        def track(rows: Any, total: int, what: str) -> Iterator[Any]:
            assert (total, what) == (22, "student_weeks")
            for row in rows:
                asked.append(row)
                yield row

        weeks = Source(connection, STUDY, LATELY, KYIV, track).weeks()
        first = next(weeks)
        assert len(asked) == 1
        rest = list(weeks)
    assert len(asked) == 22
    assert re.fullmatch(r"\d{4}-W\d\d", first.week)
    assert {one.groups for one in rest} == {("operations-research/OR-1",), ("operations-research/OR-2",)}
    assert Kind.RUN in STUDIED
