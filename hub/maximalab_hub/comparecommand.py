"""`maximalab compare`: the comparison of those who agreed, as tables with words, and as files."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path  # noqa: TC003  Typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer
from maximalab_spawner.catalog import CatalogReader
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from maximalab_hub.catalogue import read_or_warn
from maximalab_hub.comparison.families import families
from maximalab_hub.comparison.grid import SIZE
from maximalab_hub.comparison.report import Choices, Report, report
from maximalab_hub.comparison.words import Words
from maximalab_hub.comparison.writing import files
from maximalab_hub.drawings.compared import charts_of, drawings, pictures
from maximalab_hub.events import Kind
from maximalab_hub.export.dataset import ExportError
from maximalab_hub.known_names import check_course, check_name
from maximalab_hub.language import as_language
from maximalab_hub.period import check_period
from maximalab_hub.service.exercise_words import named_of
from maximalab_hub.service.own_events import own_events_of
from maximalab_hub.service.wording import Wording
from maximalab_hub.settings import load_settings
from maximalab_hub.sourcecells import SourceNotebooks, exercises_of
from maximalab_hub.store.engine import reading
from maximalab_hub.store.research import Selection, snapshot
from maximalab_hub.store.studies import with_named_study
from maximalab_hub.study import start_of_day, study_of, timetables_of, work
from maximalab_hub.usagestore import usage_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from maximalab_hub.comparison.exercises import Exercise
    from maximalab_hub.comparison.findings import Finding
    from maximalab_hub.comparison.words import Line
    from maximalab_hub.comparison.work import Work
    from maximalab_hub.settings import Settings
    from maximalab_hub.settings_sections import Language
    from maximalab_hub.study import Study

WIDE = 160
"""Columns of what is printed elsewhere than on a terminal."""
FirstDay = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on (the lab's time zone).")
]
LastDay = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Up to and with this day.")]
OtherFirstDay = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Compare with another period: from this day on."),
]
OtherLastDay = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The other period: up to and with this day."),
]


def compare(  # noqa: PLR0913, PLR0917  one parameter for each option of the command
    course: Annotated[str | None, typer.Option(help="Only this course.")] = None,
    material: Annotated[str | None, typer.Option(help="Only this material.")] = None,
    since: FirstDay = None,
    until: LastDay = None,
    other_since: OtherFirstDay = None,
    other_until: OtherLastDay = None,
    grid: Annotated[  # noqa: FBT002  an option of the command
        bool, typer.Option("--grid/--no-grid", help="Show how the result moves with the choices.")
    ] = True,
    language: Annotated[str | None, typer.Option("--lang", help="uk or en; default: the lab's.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for comparison.json, tables as CSV, and drawings.")
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="Short name of the study; needed where several count.")
    ] = None,
    who: Annotated[str, typer.Option("--for", help="Who asked for it, for the record.")] = "command-line",
) -> None:
    """Compare work in and out of class, groups, periods (--other-since, --other-until), cloud and own computers."""
    settings = load_settings()
    chosen = as_language(language) if language else settings.lab.default_language
    if chosen is None:
        raise typer.BadParameter(
            f"{language!r} is no language of the lab; give uk or en", param_hint="--lang"
        )
    check_period(since, until)
    check_period(other_since, other_until, ("--other-since", "--other-until"))
    zone = settings.lab.time_zone
    selection, other = (
        Selection(course, None, *days(*one, zone)) for one in ((since, until), (other_since, other_until))
    )
    asks_other = other_since is not None or other_until is not None
    with usage_store(settings) as engine:
        with reading(engine) as connection:
            settings = with_named_study(settings, connection, study)
            check_course(connection, course)
        detail = {"course": course, "material": material, "to": "folder" if out else "terminal"}
        kind = Kind.EXPORT if out else Kind.LOOK
        own = own_events_of(settings, engine, lambda: datetime.now(UTC))
        asked = own.record(kind, who, course=course, detail=detail, study=settings.study.id)
        with snapshot(engine) as connection:
            made = compared(
                connection,
                settings,
                selection,
                other if asks_other else None,
                material=material,
                with_grid=grid,
            )
            if out is not None:
                made = replace(made, exercises=_exercises(connection, settings, selection, material))
        if out is not None:
            about = {"study": settings.study.id, "course": course, "material": material, "time_zone": zone}
            about |= {"since": _day(since), "until": _day(until)}
            parts, drawn = _in_files(made, about, settings, chosen)
            own.exported(asked, {"sha256": sha256(parts["comparison.json"]).hexdigest()})
            write(out, parts | drawn)
        show(made, Words(chosen), _console())


def _in_files(
    made: Report, about: Mapping[str, str | None], settings: Settings, language: Language
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Give the tables, with what exercises are called, and the drawings."""
    catalogue = CatalogReader(settings.catalogue.dir)
    said = Wording(language, settings.lab.time_zone, read_or_warn(catalogue))
    named = named_of(made.exercises, SourceNotebooks(settings, catalogue), said)
    return files(made, about, named), pictures(drawings(charts_of(made, said), said))


def _console() -> Console:
    """Write into a file or a pipe as wide as the tables are; on a terminal they fold."""
    return Console() if sys.stdout.isatty() else Console(width=WIDE)


def days(
    since: datetime | None, until: datetime | None, zone: str
) -> tuple[datetime | None, datetime | None]:
    """Give the moments at which the first day begins and the last day ends."""
    last = until and start_of_day(until.date() + timedelta(days=1), zone)
    return since and start_of_day(since.date(), zone), last


def compared(  # noqa: PLR0913  what is compared, by which settings, and how much of it
    connection: Connection,
    settings: Settings,
    selection: Selection,
    other: Selection | None = None,
    *,
    material: str | None = None,
    with_grid: bool = True,
    study: Study | None = None,
) -> Report:
    """Read the events of those who agreed and compare them, with a progress bar for the grid."""
    study = study or study_of(settings)
    choices = Choices(
        study.parameters,
        ZoneInfo(settings.lab.time_zone),
        study.pseudonyms,
        with_grid=with_grid,
        terms=(_term(selection), _term(other)) if other else ("first", "second"),
    )

    def read(asked: Selection) -> Work:
        found = work(connection, study, asked)
        if material is None:
            return found
        check_name("--material", material, found.materials)
        return found.of_material(material)

    with _progress() as progress:
        return report(
            read(selection),
            timetables_of(connection, study),
            choices,
            other=read(other) if other else (),
            track=lambda corners: progress.track(corners, total=SIZE, description="Choices"),
        )


def _exercises(
    connection: Connection, settings: Settings, selection: Selection, material: str | None
) -> tuple[Exercise, ...]:
    found = exercises_of(connection, settings, CatalogReader(settings.catalogue.dir), selection)
    return tuple(one for one in found if material is None or one.material == material)


def show(made: Report, words: Words, console: Console) -> None:
    """Print each family as a table, with a sentence below for every finding, and its notes."""
    for family in families(made, words):
        if family.findings:
            console.print(_table(family.title, family.findings, words))
        for line in (*map(words.sentence, family.findings), *family.notes):
            console.print(f"  {line}", highlight=False, markup=False)
    for line in words.left_out(made.in_several_groups, made.in_both_terms):
        console.print(f"  {line}", highlight=False, markup=False)
    if made.corners:
        console.print(_table_of(words.corner_title(), words.corner_heads(), map(words.corner, made.corners)))
        console.print(f"  {words.about_corners()}", highlight=False)
    console.print()
    for line in (*words.says(), *words.says_not()):
        console.print(f"- {line}", highlight=False, markup=False)
    console.print(made.version, highlight=False)


def write(folder: Path, parts: dict[str, bytes]) -> None:
    """Write the files into the folder. Raises `ExportError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in parts.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise ExportError(
            f"{folder}: cannot be written ({error.strerror}). Choose another folder with --out."
        ) from error


def _table(title: str, findings: Iterable[Finding], words: Words) -> Table:
    lines = map(words.line, findings)
    return _table_of(title, words.heads(), (_cells(line) for line in lines))


def _cells(line: Line) -> list[str]:
    tested = [line.p, line.adjusted, line.effect, line.shift, line.interval]
    return [line.measure, f"{line.first} / {line.second}", line.people, line.medians, *tested]


def _table_of(title: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _term(selection: Selection) -> str:
    return f"{_day(selection.since) or '…'} – {_day(selection.until) or '…'}"


def _day(at: datetime | None) -> Any:  # noqa: ANN401  a text or nothing
    return at.date().isoformat() if at else None


def _progress() -> Progress:
    bar = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*bar, console=Console(stderr=True), transient=True)
