"""`maximalab usage archive` and `import`: closed months into files, and back; events from elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  Typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from maximalab_hub.incoming import TakenIn, incoming_events, take_in
from maximalab_hub.service.own_events import log_names_of
from maximalab_hub.settings import load_settings
from maximalab_hub.store.archive import moving
from maximalab_hub.store.archive.months import last_closed, month_from, month_of
from maximalab_hub.store.archive.places import archived_months, folder_of
from maximalab_hub.store.engine import reading
from maximalab_hub.usagestore import usage_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from maximalab_hub.settings import Settings
    from maximalab_hub.store.archive.months import Month
    from maximalab_hub.store.archive.moving import Moved
    from maximalab_hub.store.archive.places import Archived


HINT: Final = "--through"


def archive(
    through: Annotated[
        str,
        typer.Option(
            metavar="YYYY-MM", help="The last month to move; default: what usage.archive_after_months says."
        ),
    ] = "",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be moved.")] = False,
) -> None:
    """Move closed months of events out of the database into Parquet files; everything reads both."""
    now = datetime.now(UTC)
    settings = load_settings()
    with usage_store(settings) as engine:
        last = _last_month(through, settings, now)
        if dry_run:
            with reading(engine) as connection:
                months = moving.due(connection, last)
        else:
            with _busy("Months") as say:
                months = [say(one) for one in moving.archive(engine, last, now)]
        for one in months:
            typer.echo(_said(one, dry_run=dry_run))
        typer.echo(
            f"{len(months)} months up to {last} {'would be moved' if dry_run else 'moved'}; {folder_of(engine)}"
        )


def bring_in(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…", help="Files of the archive, or events as Parquet or JSON lines.", exists=True
        ),
    ],
) -> None:
    """Bring archived months back into the database, or take in events of another lab; again changes nothing."""
    settings = load_settings()
    with usage_store(settings) as engine:
        with reading(engine) as connection:
            archived = {one.path.resolve(): one for one in archived_months(connection)}
        for file in files:
            one = archived.get(file.resolve())
            said = _brought_back(engine, one) if one else _taken_in(engine, file, settings)
            typer.echo(f"{file}: {said}")


def _brought_back(engine: Engine, one: Archived) -> str:
    with _busy(str(one.month)):
        count = moving.bring_back(engine, one.month)
    return f"{count} events of {one.month} are in the database again, and the file is gone"


def _taken_in(engine: Engine, file: Path, settings: Settings) -> str:
    names, total = log_names_of(settings), TakenIn()
    with _busy(file.name):
        for events in incoming_events(file):
            total += take_in(engine, events, names)
    return f"{total.new} events new, {total.known} known, {total.erased} of erased people left out"


def _last_month(through: str, settings: Settings, now: datetime) -> Month:
    if not through:
        return last_closed(now, settings.usage.archive_after_months)
    try:
        last = month_from(through)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=HINT) from error
    if last >= month_of(now):
        raise typer.BadParameter(
            f"{last} has not ended; the newest month that can be moved is {last_closed(now, 0)}",
            param_hint=HINT,
        )
    return last


def _said(one: Moved, *, dry_run: bool) -> str:
    beside = f", beside {one.in_file} that {'are' if dry_run else 'were'} in its file" if one.in_file else ""
    return f"{one.month}: {one.from_table} events{beside}"


@contextmanager
def _busy(what: str) -> Iterator[Callable[[Moved], Moved]]:
    """Show that something is done, and which month was done last."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what)

        def say(one: Moved) -> Moved:
            progress.update(task, description=f"{what}: {one.month}")
            return one

        yield say
