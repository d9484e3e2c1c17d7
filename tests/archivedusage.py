"""Everything that the lab says of its events, for tests that archive some of them and ask again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from exportexample import HOME, STUDY
from maximalab_hub.comparison.exercises import Exercise, exercises
from maximalab_hub.comparison.report import Choices, Report, report
from maximalab_hub.comparison.writing import files
from maximalab_hub.completeness import Overview, completeness, judged, overview, summed
from maximalab_hub.derivecommand import derive_all
from maximalab_hub.export.formats import Format, TableName, files_of
from maximalab_hub.export.source import Source
from maximalab_hub.known import archive, counts
from maximalab_hub.setting import Enrolment
from maximalab_hub.settings_sections import RetentionSection
from maximalab_hub.store import deriving, queries, research
from maximalab_hub.store.archive import moving
from maximalab_hub.store.archive.months import Month
from maximalab_hub.store.archive.places import archived_months
from maximalab_hub.store.boots import boot_counts, counted_anew, in_order
from maximalab_hub.store.bulk import insert_events
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.metered import metered, unmetered
from maximalab_hub.store.models import DerivationRow, WorkSessionRow
from maximalab_hub.store.partitions import prepare
from maximalab_hub.store.queries import EventValues
from maximalab_hub.store.research import Selection, snapshot
from maximalab_hub.store.runs import runs_of
from maximalab_hub.store.startchoice import Choice
from maximalab_hub.store.startsums import Page
from maximalab_hub.study import cells, comparison, coverage, last_observations, timetables_of, work
from maximalab_hub.timetable import Lesson
from postedevents import LOG_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Engine

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE = ("ada", "bob", "cyd", "Йосип")
KYIV = ZoneInfo("Europe/Kyiv")
HALF = Selection(course="or", since=BEGIN + timedelta(days=20), until=BEGIN + timedelta(days=75))
LESSONS = [
    Lesson(at := BEGIN + timedelta(days=7 * week, hours=9), at + timedelta(hours=2), "or", "A")
    for week in range(20)
]
KEPT_DAYS = RetentionSection(events_days=30, sign_ins_days=20, looks_days=40)
"""What retention leaves in tests that do anything to a store."""


def id_of(n: int) -> str:
    """Give a UUIDv7 of its own to each number, made on every other day from `BEGIN` on."""
    made = BEGIN + timedelta(days=2 * n)
    return str(UUID(int=(int(made.timestamp() * 1000) << 80) + (7 << 76) + n))


def with_months(engine: Engine) -> None:
    """Let PostgreSQL have partitions for the first months; SQLite's table is one."""
    with writing(engine) as connection:
        prepare(connection, [Month(2026, number) for number in range(1, 6)])


def event(
    n: int, minute: int, *, user: int = 0, kind: str = "run", boot: int = 0, **fields: Any
) -> EventValues:
    """An event; the same `n` is the same event."""
    at = BEGIN + timedelta(minutes=minute, microseconds=n % 3)
    hub = kind in {"login", "look", "server_use"}
    values: EventValues = {
        "event_id": id_of(n), "boot_id": f"boot-{boot}{'' if hub else PEOPLE[user]}", "seq": n,
        "kind": kind, "at": at, "at_reported": at.isoformat(), "at_clamped": n % 5 == 0,
        "received_at": at + timedelta(seconds=n), "user": PEOPLE[user],
        "server": None if n % 4 == 0 else "public-maxima",
        "tier": "public", "backend": "here", "entrance": "vpn", "course": None if n % 7 == 0 else "or",
        "material": "simplex", "notebook": f'simplex/{PEOPLE[user]}, "x".ipynb', "cell_id": (None, "", "a", "b")[n % 4],
        "kernel": "maxima", "duration_ms": n * 1000 if kind in {"run", "server_use"} else None,
        "outcome": "error" if n % 6 == 0 else "ok", "error_name": "bob" if n % 6 == 0 else None,
        "source": "hub" if hub else "server",
        "detail": {"cpu_ms": n, "memory_mib_s": 3} if kind == "server_use" else {"said": [f"of {PEOPLE[n % 4]}"]},
    }  # fmt: skip
    return {**values, **fields}  # type: ignore[typeddict-item]


def set_up(engine: Engine) -> None:
    """All but the last person agree, in a group with a lesson each week."""
    with writing(engine) as connection:
        research.replace_lessons(connection, LESSONS)
        for user in PEOPLE[:-1]:
            research.enrol(connection, user, [Enrolment("or", "A", BEGIN - timedelta(days=1))])
            queries.record_consent(connection, user=user, study=STUDY.id, agreed=True, decided_at=BEGIN)


def put(engine: Engine, events: Iterable[EventValues]) -> frozenset[str]:
    """Store events as the service does; say which were new."""
    with writing(engine) as connection:
        return insert_events(connection, list(events))


def bring_back(engine: Engine, month: Month) -> None:
    """Bring a month back from the archive, where it lies there."""
    with reading(engine) as connection:
        there = [one.month for one in archived_months(connection)]
    if month in there:
        moving.bring_back(engine, month)


def everything(engine: Engine) -> dict[str, Any]:
    """Say all that is said of events: exports to the byte, comparisons, derived rows, counts, one's own data."""
    derive_all(engine, STUDY)
    with snapshot(engine) as connection:
        said = {
            f"{form.value} {name}": _export(connection, form, selection)
            for form, name, selection in (
                (Format.CSV, "whole", Selection()),
                (Format.PARQUET, "part", HALF),
                (Format.JSONL, "part", HALF),
                (Format.PROGSNAP2, "part", HALF),
                (Format.XAPI, "whole", Selection()),
            )
        }
        return said | _figures(connection) | _of_people(connection) | _lists(connection)


def _export(connection: Connection, form: Format, selection: Selection) -> dict[str, bytes]:
    tables = tuple(TableName) if form in {Format.CSV, Format.PARQUET, Format.JSONL} else (TableName.EVENTS,)
    files = files_of(form, tables, Source(connection, STUDY, selection, KYIV), HOME)
    return {file.name: b"".join(file.parts) for file in files}


def _figures(connection: Connection) -> dict[str, Any]:
    return {
        "comparison": comparison(connection, STUDY, HALF),
        "work": _work(connection, Selection()),
        "work of a part": _work(connection, HALF),
        "work of a kind": _work(connection, Selection(kinds=("run", "login"), until=HALF.until)),
        "report": files(_report(connection), {}),
        "exercises": _exercises(connection, Selection()),
        "exercises of a part": _exercises(connection, HALF),
        "coverage": coverage(connection, STUDY, Selection()),
        "coverage of a part": coverage(connection, STUDY, HALF),
        "completeness": completeness(connection, PEOPLE, HALF),
        **starts(connection),
        "metered": metered(connection, Selection()),
        "metered of a part": metered(connection, HALF),
        "not metered": unmetered(connection, Selection()),
        "sessions": [tuple(row) for row in deriving.rows_of(connection, WorkSessionRow)],
        "derived from": [tuple(row) for row in deriving.rows_of(connection, DerivationRow)],
    }


def starts(connection: Connection) -> dict[str, Any]:
    """Say what starts came to, which is what their events come to when all of them are counted."""
    choices = {
        "starts": Choice(),
        "starts of a time": Choice(HALF.since, HALF.until),
        "starts since": Choice(HALF.since, None, frozenset({"or"})),
        "starts of a part": Choice(HALF.since, HALF.until, frozenset({"or"})),
    }
    found = {
        name: boot_counts(connection, one.start, one.end, courses=one.courses)
        for name, one in choices.items()
    }
    assert found == {
        name: in_order(connection, counted_anew(connection, one)) for name, one in choices.items()
    }
    people = PEOPLE[:2]
    for one, selection in ((Choice(), Selection()), (Choice(HALF.since, HALF.until), HALF)):
        counts = in_order(connection, counted_anew(connection, one))
        mine = judged(connection, [count for count in counts if count.user in {"", *people}])
        assert completeness(connection, people, selection) == summed(mine)
    for one in choices.values():
        _shown_of(connection, one)
    return found


def _shown_of(connection: Connection, choice: Choice) -> None:
    """Hold what the page of completeness shows to all that there is."""
    counts = in_order(connection, counted_anew(connection, choice))
    for users, gaps in product((None, {"", *PEOPLE[:2]}), (False, True)):
        mine = judged(connection, [one for one in counts if users is None or one.user in users])
        newest = sorted(mine, key=lambda one: one.count.first_at, reverse=True)
        listed = [one for one in newest if one.count.missing or not gaps]
        found = overview(connection, choice, users, Page(3, gaps=gaps))
        assert found == Overview(listed[:3], summed(mine), len(listed))


def _report(connection: Connection) -> Report:
    choices = Choices(replace(STUDY.parameters, smallest_group=1), KYIV, STUDY.pseudonyms, with_grid=False)
    return report(work(connection, STUDY, Selection()), timetables_of(connection, STUDY), choices)


def _exercises(connection: Connection, selection: Selection) -> tuple[Exercise, ...]:
    runs = cells(connection, STUDY, selection)
    assert set(runs.users) <= set(PEOPLE[:-1]), "who has not agreed is not even named"
    return exercises(runs, timetables_of(connection, STUDY), {}, 1)


def _work(connection: Connection, selection: Selection) -> list[tuple[Any, ...]]:
    found = work(connection, STUDY, selection)
    assert set(found.users) <= set(PEOPLE[:-1]), "who has not agreed is not even named"
    columns = (found.user, found.at, found.lasted, found.course, found.material, found.ran, found.failed)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return sorted(
        (found.users[user], at, lasted, found.courses[course] or "", found.materials[material] or "", *marks)
        for user, at, lasted, course, material, *marks in rows
    )


def _of_people(connection: Connection) -> dict[str, Any]:
    return {
        user: (
            {name: b"".join(parts) for name, parts in archive(connection, user, LOG_NAMES)},
            counts(connection, user, LOG_NAMES),
            research.events_by_kind(connection, user),
            list(research.events_by_kind(connection, user)),
        )
        for user in PEOPLE
    }


def _lists(connection: Connection) -> dict[str, Any]:
    return {
        "last": [tuple(row) for row in queries.last_events(connection, 7)],
        "last of one": [tuple(row) for row in queries.last_events(connection, 30, users=["bob"])],
        "last of a period": [
            tuple(row) for row in queries.last_events(connection, 7, HALF.since, HALF.until)
        ],
        "last observations": last_observations(connection, STUDY, Selection(), 5),
        "between": [dict(row._mapping) for row in queries.events_between(connection, HALF.since, HALF.until)],
        "by user": research.events_by_user(connection, HALF),
        "last event": research.last_event(connection, HALF, PEOPLE),
        "looked": research.who_looked(connection),
        "seen": research.seen_of(connection, "or"),
        "courses": research.courses(connection),
        "runs of some": _runs(connection),
    }


def _runs(connection: Connection) -> list[tuple[str, list[int]]]:
    found = runs_of(connection, "or", PEOPLE[:3], BEGIN, BEGIN + timedelta(days=75))
    return [(user, sorted(found.at[found.user == place].tolist())) for place, user in enumerate(found.users)]
