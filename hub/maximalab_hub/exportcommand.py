"""`maximalab export`: write what the study may see into a folder, with a progress bar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path  # noqa: TC003  Typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from maximalab_hub.events import Kind
from maximalab_hub.export.dataset import Circumstances, write_dataset
from maximalab_hub.service.own_events import OwnEvents
from maximalab_hub.settings import Settings, load_settings
from maximalab_hub.store.engine import open_engine
from maximalab_hub.store.research import Selection, snapshot
from maximalab_hub.study import coverage, observations, start_of_day, study_of, timetables_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sqlalchemy import Engine


class Format(StrEnum):
    """The formats that there are."""

    CSV = "csv"


def export(  # noqa: PLR0913, PLR0917  one parameter for each option of the command
    out: Annotated[Path, typer.Option("--out", help="Folder for events.csv, codebook.json, manifest.json.")],
    form: Annotated[Format, typer.Option("--format", help="The files' format.")] = Format.CSV,
    course: Annotated[str | None, typer.Option(help="Only this course.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on (the lab's time zone).")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Up to and with this day.")
    ] = None,
    who: Annotated[
        str, typer.Option("--for", help="Who asked for it, for the record of exports.")
    ] = "command-line",
) -> None:
    """Export the events of those who agreed, under the study's pseudonyms."""
    settings = load_settings()
    zone, day = settings.lab.time_zone, timedelta(days=1)
    first = since and start_of_day(since.date(), zone)
    last = until and start_of_day(until.date() + day, zone)
    selection = Selection(course, None, first, last)
    engine = open_engine(settings.usage.db_url)
    try:
        manifest = export_study(settings, engine, selection, out, who=who, now=datetime.now(UTC))
    finally:
        engine.dispose()
    left_out = manifest["left_out_without_consent"]
    typer.echo(
        f"{manifest['rows']} events of {manifest['people']} people are in {out} as {form.value};"
        f" left out without consent: {left_out['events']} events of {left_out['people']} people."
    )


def export_study(  # noqa: PLR0913  what is exported, from where, to where, for whom and when
    settings: Settings, engine: Engine, selection: Selection, out: Path, *, who: str, now: datetime
) -> Mapping[str, Any]:
    """Record the export, then write it; give its manifest.

    Raises `ExportError`, `SecretError` or `StoreAwayError`.
    """
    study = study_of(settings)
    detail = {"course": selection.course, "to": "folder", "format": Format.CSV.value}
    OwnEvents(engine, lambda: now).record(Kind.EXPORT, who, course=selection.course, detail=detail)
    with snapshot(engine) as connection, _progress() as progress:
        about = Circumstances(
            study,
            selection,
            coverage(connection, study, selection),
            timetables_of(connection, study).version,
            settings.lab.time_zone,
            now,
        )
        rows = observations(connection, study, selection)
        return write_dataset(
            out, progress.track(rows, total=about.coverage.events, description="Events"), about
        )


def _progress() -> Progress:
    bar = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*bar, console=Console(stderr=True))
