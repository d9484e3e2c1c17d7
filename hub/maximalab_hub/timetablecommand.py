"""`maximalab timetable`: what an admin does to timetables at a terminal, as teachers do on their pages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  Typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from maximalab_hub.calendarwatch import AROUND
from maximalab_hub.period import check_period
from maximalab_hub.settings import load_settings
from maximalab_hub.store import schedules, timetables
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.timetables import How, Made
from maximalab_hub.study import start_of_day
from maximalab_hub.timetable import Timetable, TimetableError, Trouble, edits, read_timetable
from maximalab_hub.timetable.csvfile import read_lessons
from maximalab_hub.timetable.state import Enrolled, imported
from maximalab_hub.usagestore import usage_store

if TYPE_CHECKING:
    from sqlalchemy import Connection

app = typer.Typer(help="Lessons and groups, with their versions.", no_args_is_help=True)
By = Annotated[str, typer.Option("--by", help="Who does this, for the record.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day of the lab's time zone.")]


@app.command("import")
def import_timetable(  # noqa: PLR0913, PLR0917  one parameter for each option of the command
    file: Annotated[Path, typer.Argument(help="An iCalendar file (.ics), or a table (.csv).")],
    since: Day = None,
    until: Day = None,
    course: Annotated[str | None, typer.Option(help="Whose the lessons of a table are.")] = None,
    keep_earlier: Annotated[  # noqa: FBT002  an option of the command
        bool, typer.Option("--keep-earlier", help="Leave lessons before the file's first one as they are.")
    ] = False,
    by: By = "command-line",
) -> None:
    """Read the lessons of a file; they replace those of the groups that the file names."""
    settings = load_settings()
    check_period(since, until)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise TimetableError(f"{file}: cannot be read ({error.strerror})", Trouble.NO_TABLE) from error
    zone, now = ZoneInfo(settings.lab.time_zone), datetime.now(UTC)
    how = How.TABLE if file.suffix.lower() == ".csv" else How.FILE
    if how is How.TABLE:
        found = Timetable(read_lessons(content, _named(course), zone))
    else:
        first = start_of_day(since.date(), zone.key) if since else now - AROUND
        last = start_of_day(until.date(), zone.key) if until else now + AROUND
        found = read_timetable(content, since=first, until=last, zone=zone)
    if not found.lessons:
        said = f"{file}: no lesson that names course and group; docs/teachers.md says how"
        raise TimetableError(said, Trouble.NO_LESSONS)
    with usage_store(settings) as engine, writing(engine) as connection:
        _take(connection, found, Made(by, now, how, file.name), keep_earlier=keep_earlier)
    cancelled = sum(lesson.cancelled for lesson in found.lessons)
    typer.echo(
        f"{len(found.lessons)} lessons of {', '.join(sorted(found.courses))} ({cancelled} cancelled);"
        f" left out: {found.all_day} whole days, {found.others} other events."
    )


def _named(course: str | None) -> str:
    if not course:
        raise TimetableError("a table names no course: give it with --course", Trouble.NO_COURSE)
    return course


def _take(connection: Connection, found: Timetable, made: Made, *, keep_earlier: bool) -> None:
    for course in sorted(found.courses):
        state = timetables.state_of(connection, course)
        target = imported(state, found.lessons, found.holidays, keep_earlier=keep_earlier)
        timetables.keep(connection, target, made)


@app.command("enrol")
def enrol_people(  # noqa: PLR0913, PLR0917  one parameter for each option of the command
    course: Annotated[str, typer.Argument(help="The course's id, as the timetable has it.")],
    group: Annotated[str, typer.Argument(help="The group, as the timetable has it.")],
    names: Annotated[list[str], typer.Argument(help="Account names of those who are in it.")],
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day (the lab's time zone).")],
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day no longer.")] = None,
    by: By = "command-line",
) -> None:
    """Say who is in a group, and so whose lessons these are."""
    settings = load_settings()
    check_period(since, until)
    zone = settings.lab.time_zone
    last = start_of_day(until.date(), zone) if until else None
    first, made = start_of_day(since.date(), zone), Made(by, datetime.now(UTC), How.PEOPLE)
    with usage_store(settings) as engine, writing(engine) as connection:
        state = timetables.state_of(connection, course)
        people = [Enrolled(name, group, first, last) for name in names]
        timetables.keep(connection, edits.enrol(state, people), made)
        known = {(lesson.course, lesson.group) for lesson in schedules.lessons(connection, courses=[course])}
    typer.echo(f"{len(names)} in {group} of {course}.")
    if (course, group) not in known:
        typer.echo("No timetable names this group yet; until one does, their setting is unknown.", err=True)


@app.command("history")
def history(course: Annotated[str, typer.Argument(help="The course's id.")]) -> None:
    """List the versions of a course's timetable: when, by whom, how."""
    settings = load_settings()
    with usage_store(settings) as engine, reading(engine) as connection:
        found = timetables.versions(connection, course)
    if not found:
        raise TimetableError(f"{course}: no such timetable", Trouble.NO_LESSONS)
    table = Table("version", "when", "who", "how")
    for one in found:
        at = one.made.at.astimezone(ZoneInfo(settings.lab.time_zone))
        how = f"{one.made.how.value} {one.made.words}".strip()
        table.add_row(str(one.number), f"{at:%Y-%m-%d %H:%M}", one.made.by or "the lab", how)
    Console().print(table)
