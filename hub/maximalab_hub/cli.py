"""`maximalab`: the commands of the hub side. Its errors are single lines that say what to do."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path  # noqa: TC003  Typer reads annotations at run time
from typing import Annotated

import typer
from maximalab_spawner.catalog import CatalogError, History, publish

import maximalab_hub
from maximalab_hub import dbcommand, exportlogcommand, usagecommand
from maximalab_hub.comparecommand import compare
from maximalab_hub.consent import latest
from maximalab_hub.doctor import command as doctor_command
from maximalab_hub.export.dataset import ExportError
from maximalab_hub.exportcommand import export
from maximalab_hub.lab import command as lab_command
from maximalab_hub.people import AccountError, add_account
from maximalab_hub.seatscommand import seats
from maximalab_hub.secret_files import SecretError
from maximalab_hub.setting import Enrolment
from maximalab_hub.settings import SettingsError, load_settings
from maximalab_hub.store import research
from maximalab_hub.store.engine import StoreAwayError, StoreUrlError, open_engine, reading, writing
from maximalab_hub.study import start_of_day
from maximalab_hub.timetable import TimetableError, read_timetable
from maximalab_hub.vpn import command as vpn_command

app = typer.Typer(
    name="maximalab",
    help="Run and look after a MaximaLab.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
timetable = typer.Typer(help="Lessons, from an iCalendar file.", no_args_is_help=True)
consent = typer.Typer(help="Who agreed to the study.", no_args_is_help=True)
materials = typer.Typer(help="The materials of the lab.", no_args_is_help=True)
accounts = typer.Typer(help="Local accounts.", no_args_is_help=True)

app.command("export")(export)
app.command("compare")(compare)
app.command("seats")(seats)
for name, group in (
    ("timetable", timetable),
    ("consent", consent),
    ("materials", materials),
    ("accounts", accounts),
    ("db", dbcommand.app),
    ("export-log", exportlogcommand.app),
    ("usage", usagecommand.app),
    ("doctor", doctor_command.app),
    ("lab", lab_command.app),
    ("vpn", vpn_command.app),
):
    app.add_typer(group, name=name)

WRONG_USE = (
    SettingsError,
    StoreUrlError,
    SecretError,
    TimetableError,
    CatalogError,
    AccountError,
    vpn_command.VpnError,
)
"""Errors that the person who typed the command can mend: exit code 2."""
AROUND = timedelta(days=400)
"""How far before and after today a timetable is read where nothing else is said."""


def main() -> None:
    """Run the command line: exit code 2 for what the caller can mend, 1 for what stands in the way."""
    try:
        app()
    except WRONG_USE as error:
        _end(error, 2)
    except (StoreAwayError, ExportError) as error:
        _end(error, 1)


def _end(error: Exception, code: int) -> None:
    typer.echo(f"maximalab: {error}", err=True)
    sys.exit(code)


def _version(asked: bool) -> None:  # noqa: FBT001  Typer's callbacks take the value by place
    if asked:
        typer.echo(maximalab_hub.__version__)
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Run and look after a MaximaLab."""
    del version


@timetable.command("import")
def import_timetable(
    file: Annotated[Path, typer.Argument(help="The iCalendar file (.ics).")],
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Lessons from this day on.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Lessons before this day.")
    ] = None,
) -> None:
    """Read the lessons of a file; they replace the timetable of each course that the file names."""
    today = datetime.now(UTC)
    first = since.replace(tzinfo=UTC) if since else today - AROUND
    last = until.replace(tzinfo=UTC) if until else today + AROUND
    try:
        found = read_timetable(file.read_bytes(), since=first, until=last)
    except OSError as error:
        raise TimetableError(f"{file}: cannot be read ({error.strerror})") from error
    if not found.lessons:
        raise TimetableError(f"{file}: no lesson that names course and group; docs/researchers.md says how")
    engine = open_engine(load_settings().usage.db_url)
    with writing(engine) as connection:
        research.replace_lessons(connection, found.lessons)
    cancelled = sum(lesson.cancelled for lesson in found.lessons)
    typer.echo(
        f"{len(found.lessons)} lessons of {', '.join(sorted(found.courses))} ({cancelled} cancelled);"
        f" left out: {found.all_day} whole days, {found.others} other events."
    )


@timetable.command("enrol")
def enrol_people(
    course: Annotated[str, typer.Argument(help="The course's id, as the timetable has it.")],
    group: Annotated[str, typer.Argument(help="The group, as the timetable has it.")],
    names: Annotated[list[str], typer.Argument(help="Account names of those who are in it.")],
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day (the lab's time zone).")],
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day no longer.")] = None,
) -> None:
    """Say who is in a group, and so whose lessons these are."""
    settings = load_settings()
    zone = settings.lab.time_zone
    last = start_of_day(until.date(), zone) if until else None
    enrolment = Enrolment(course, group, start_of_day(since.date(), zone), last)
    with writing(open_engine(settings.usage.db_url)) as connection:
        for name in names:
            research.enrol(connection, name, [enrolment])
        known = {(lesson.course, lesson.group) for lesson in research.lessons(connection)}
    typer.echo(f"{len(names)} in {group} of {course}.")
    if (course, group) not in known:
        typer.echo("No timetable names this group yet; until one does, their setting is unknown.", err=True)


@consent.command("list")
def list_consent() -> None:
    """Count who agrees, who declined or withdrew, and who agreed to an older text. No names."""
    settings = load_settings()
    with reading(open_engine(settings.usage.db_url)) as connection:
        counted = latest(research.decisions(connection, settings.study.id)).values()
    current = [decision for decision in counted if decision.version == settings.study.consent_version]
    agreed = sum(decision.agreed for decision in current)
    typer.echo(
        f"{settings.study.id}, text {settings.study.consent_version}: {agreed} agree,"
        f" {len(current) - agreed} do not, {len(counted) - len(current)} decided about an older text."
    )


@materials.command("publish")
def publish_materials(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="FOLDER|ZIP...", help="Folders with a material.toml each, or zips of them."),
    ],
) -> None:
    """Put materials into the catalogue, and their files into the store of their tier."""
    settings = load_settings()
    catalogue = settings.catalogue
    history = History(settings.published_dir, lambda: datetime.now(UTC))
    for source in sources:
        done = publish(source, catalogue=catalogue.dir, stores=catalogue.stores, history=history)
        said = "published" if done.changed else "unchanged"
        typer.echo(f"{done.material.id} {done.material.version} ({done.material.tier.value}): {said}")


@accounts.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The person's name for signing in.")],
    group: Annotated[
        list[str] | None, typer.Option(help="For example study:operations-research; repeat.")
    ] = None,
    admin: Annotated[bool, typer.Option("--admin", help="The person may administer the hub.")] = False,  # noqa: FBT002
    password: Annotated[
        str,
        typer.Option(
            prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for where not given."
        ),
    ] = "",
) -> None:
    """Add a local account, or replace it."""
    account = add_account(load_settings().people.accounts, name, password, groups=group or (), admin=admin)
    typer.echo(
        f"{account.name}: {', '.join(account.groups) or 'no groups'}{', admin' if account.admin else ''}"
    )


if __name__ == "__main__":
    main()
