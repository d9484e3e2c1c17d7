"""`maximalab export`: write what the study may see into a folder, with a progress bar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path  # noqa: TC003  Typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from maximalab_hub.events import Kind
from maximalab_hub.export.dataset import write_dataset
from maximalab_hub.export.formats import Format, TableName
from maximalab_hub.export.opening import opened
from maximalab_hub.export.source import one
from maximalab_hub.known_names import check_course
from maximalab_hub.period import check_period
from maximalab_hub.service.own_events import own_events_of
from maximalab_hub.settings import Settings, load_settings
from maximalab_hub.store.engine import reading
from maximalab_hub.store.research import Selection, snapshot
from maximalab_hub.store.studies import with_named_study
from maximalab_hub.study import start_of_day, study_of
from maximalab_hub.usagestore import usage_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from sqlalchemy import Engine

    from maximalab_hub.export.columns import Row

ALL = tuple(TableName)


def export(  # noqa: PLR0913, PLR0917  one parameter for each option of the command
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables, codebook.json, manifest.json.")],
    form: Annotated[Format, typer.Option("--format", help="The files' format.")] = Format.CSV,
    table: Annotated[
        list[TableName] | None,
        typer.Option(help="Only this table; repeat for several. ProgSnap2 and xAPI know events alone."),
    ] = None,
    course: Annotated[str | None, typer.Option(help="Only this course.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on (the lab's time zone).")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Up to and with this day.")
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="Short name of the study; needed where several count.")
    ] = None,
    who: Annotated[
        str, typer.Option("--for", help="Who asked for it, for the record of exports.")
    ] = "command-line",
) -> None:
    """Export events, sessions and weeks of those who agreed, under the study's pseudonyms."""
    settings = load_settings()
    check_period(since, until)
    zone, day = settings.lab.time_zone, timedelta(days=1)
    first = since and start_of_day(since.date(), zone)
    last = until and start_of_day(until.date() + day, zone)
    selection = Selection(course, None, first, last)
    with usage_store(settings) as engine:
        manifest = export_study(
            settings,
            engine,
            selection,
            out,
            study_name=study,
            form=form,
            tables=table or ALL,
            who=who,
            now=datetime.now(UTC),
        )
    typer.echo(
        f"{manifest['events']} events of {manifest['people']} people are in {out} as {form.value};"
        f" left out without consent: {_left_out(manifest)}."
    )
    typer.echo(f"Cite as: {manifest['citation']}")


def _left_out(manifest: Mapping[str, Any]) -> str:
    found = manifest["left_out_without_consent"]
    if found["people"] is None:
        return f"fewer than {manifest['rules']['smallest_group']} people"
    return f"about {found['events']} events of {found['people']} people" if found["people"] else "nobody"


def export_study(  # noqa: PLR0913  what is exported, from where, to where, how, for whom and when
    settings: Settings,
    engine: Engine,
    selection: Selection,
    out: Path,
    *,
    study_name: str | None = None,
    form: Format = Format.CSV,
    tables: Sequence[TableName] = ALL,
    who: str,
    now: datetime,
) -> Mapping[str, Any]:
    """Record the export, then write it; give its manifest.

    Raises `ExportError`, `NoSuchNameError`, `NoSuchStudyError`, `SecretError` or `StoreAwayError`.
    """
    with reading(engine) as connection:
        settings = with_named_study(settings, connection, study_name)
        check_course(connection, selection.course)
    study = study_of(settings)
    detail = {"course": selection.course, "to": "folder", "format": form.value, "tables": list(tables)}
    own = own_events_of(settings, engine, lambda: now)
    asked = own.record(Kind.EXPORT, who, course=selection.course, detail=detail, study=study.id)
    with snapshot(engine) as connection, _progress() as progress:

        def track(
            rows: Iterable[Row], total: int, what: str, size: Callable[[Row], int] = one, /
        ) -> Iterable[Row]:
            task = progress.add_task(what, total=total)
            for row in rows:
                yield row
                progress.advance(task, size(row))

        files, about = opened(connection, settings, study, selection, form=form, tables=tables, track=track)
        return write_dataset(out, files, about, lambda told: own.exported(asked, told))


def _progress() -> Progress:
    bar = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*bar, console=Console(stderr=True))
