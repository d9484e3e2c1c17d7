"""A made-up history as a Parquet file, as an archive holds it: by day, then by person and time."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from maximalab_hub import migrations
from maximalab_hub.compare import Timetables
from maximalab_hub.histories.cast import Plan, faculty
from maximalab_hub.histories.telling import blocks
from maximalab_hub.setting import Enrolment
from maximalab_hub.setting_arrays import micros
from maximalab_hub.store import queries, timetables
from maximalab_hub.store.archive.files import write_month
from maximalab_hub.store.archive.months import month_of
from maximalab_hub.store.archive.places import name_in_force
from maximalab_hub.store.archive.reading import by_day
from maximalab_hub.store.arrow import SCHEMA, TIME
from maximalab_hub.store.engine import open_engine, writing
from maximalab_hub.store.timetables import How, Made
from maximalab_hub.timetable.state import Enrolled, State, ordered

from benchmarks.usage.peak import STUDY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from maximalab_hub.histories.cast import Group
    from sqlalchemy import Connection, Engine

BEGIN, WEEKS = datetime(2025, 9, 1, tzinfo=UTC), 17
STUDENTS = 240
"""Of one course; in a term they leave some 260,000 events."""
ROWS_IN_A_GROUP = 131_072
DAY = 86_400_000_000
"""In microseconds."""
NUMBERS = ("at", "received_at", "duration_ms", "event_id")
"""Columns of which each value is another, so that a dictionary would not help."""


@dataclass(frozen=True)
class History:
    """The file, how many events it holds, and whose lessons they are about."""

    path: Path
    events: int
    timetables: Timetables
    groups: tuple[Group, ...]

    def tables(self, columns: Sequence[str], rows: int) -> Iterator[Any]:
        """Read columns, some rows at a time."""
        texts = {name for name in columns if name not in NUMBERS}
        form = ds.ParquetFileFormat(read_options=ds.ParquetReadOptions(dictionary_columns=texts))
        found = ds.dataset(self.path, format=form).to_batches(
            columns=list(columns), batch_size=rows, batch_readahead=4, fragment_readahead=1
        )
        return (pa.Table.from_batches([batch]) for batch in found if batch.num_rows)


@contextmanager
def history(events: int) -> Iterator[History]:
    """Tell at least so many events, in whole courses, and write exactly that many."""
    groups = faculty(-(-events // 250_000), STUDENTS, BEGIN, WEEKS)
    plan = Plan(groups, BEGIN, BEGIN + timedelta(weeks=WEEKS), 1)
    lessons = tuple(sorted(lesson for group in groups for lesson in group.lessons))
    enrolled = {user: (Enrolment(one.course, one.name, BEGIN),) for one in groups for user in one.students}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written = _written(plan, folder / "told.parquet", events)
        _sorted(folder / "told.parquet", folder / "events.parquet", folder)
        yield History(folder / "events.parquet", written, Timetables(lessons, enrolled), groups)


@contextmanager
def archived(told: History, *, one_day: bool = False) -> Iterator[Engine]:
    """Give a store in which all of the history is archived, and everybody has agreed to `STUDY`.

    `one_day`: as if all of it had happened on the first day, at the same times of day.
    """
    folder = told.path.parent
    (folder / "events").mkdir()
    engine = open_engine(f"sqlite:///{folder / 'usage.sqlite'}", archive=folder)
    migrations.upgrade(engine)
    with writing(engine) as connection:
        enrol(connection, told.groups)
        agree(connection, told.groups)
    batches = map(_on_one_day, _batches(told.path)) if one_day else _batches(told.path)
    for month, days in groupby(by_day(batches), lambda day: month_of(day.column("at")[0].as_py())):
        one = write_month(folder / "events" / f"{month}.parquet", month, days, BEGIN)
        with writing(engine) as connection:
            name_in_force(connection, one)
    try:
        yield engine
    finally:
        engine.dispose()


def _batches(path: Path) -> Iterator[Any]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(ROWS_IN_A_GROUP):
            yield pa.Table.from_batches([batch]).cast(SCHEMA)


def _on_one_day(events: Any) -> Any:  # noqa: ANN401  pyarrow has no types
    at = micros(BEGIN) + events.column("at").cast(pa.int64()).to_numpy() % DAY
    place = events.schema.get_field_index("at")
    return events.set_column(place, SCHEMA.field("at"), pa.array(at).view(TIME))


def agree(connection: Connection, groups: Sequence[Group]) -> None:
    """Let everybody agree to `STUDY`."""
    for user in sorted({user for one in groups for user in one.students}):
        queries.record_consent(connection, user=user, study=STUDY.id, agreed=True, decided_at=BEGIN)


def enrol(connection: Connection, groups: Sequence[Group]) -> None:
    """Enter the groups' lessons and people, course by course."""
    courses: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        courses[group.course].append(group)
    for course, mine in courses.items():
        people = tuple(Enrolled(user, one.name, BEGIN) for one in mine for user in one.students)
        state = State(course, tuple(lesson for one in mine for lesson in one.lessons), (), people)
        timetables.keep(connection, ordered(state), Made("bench", BEGIN, How.FILE))


def _written(plan: Plan, path: Path, events: int) -> int:
    count = 0
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for block in blocks(plan):
            part = block.slice(0, events - count)
            writer.write_table(part)
            count += len(part)
            if count == events:
                break
    return count


def _sorted(told: Path, path: Path, folder: Path) -> None:
    with duckdb.connect(
        config={"temp_directory": str(folder / "spill"), "memory_limit": "2GB"}
    ) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"""COPY (SELECT * FROM '{told}' ORDER BY "at"::DATE, "user", "at", event_id)
            TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_IN_A_GROUP})"""  # noqa: S608  our own paths
        )
    told.unlink()
