"""`maximalab export-log`: who took or saw records of others, and whether the log of it is whole."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path  # noqa: TC003  Typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from maximalab_hub.export_log import NOTHING, Point, verify
from maximalab_hub.settings import load_settings
from maximalab_hub.store import log
from maximalab_hub.store.research import snapshot
from maximalab_hub.usagestore import usage_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from maximalab_hub.export_log import Entry

app = typer.Typer(help="Who took or saw records of others.", no_args_is_help=True)
Study = Annotated[str | None, typer.Option(help="Only this study.")]
BROKEN = 1
"""The exit code where the log is not whole, or holds no such export."""


@app.command("verify")
def verify_log(
    head: Annotated[
        str | None, typer.Option(help="A head that was kept elsewhere, as this command prints it.")
    ] = None,
) -> None:
    """Say whether the log is whole, or which entry is the first that is not; exit code 1 then."""
    kept = _point(head) if head else None
    with _store() as connection:
        verdict = verify(log.entries(connection), log.head(connection), kept)
    typer.echo(str(verdict))
    if verdict.fault is not None:
        raise typer.Exit(BROKEN)
    if kept is None:
        typer.echo(
            "Keep the head elsewhere, and give it with --head next time: then the log cannot be made anew."
        )


@app.command("list")
def list_log(
    study: Study = None,
    newest: Annotated[int, typer.Option(min=1, help="How many of the newest entries.")] = 50,
) -> None:
    """List the newest entries, the oldest of them first: position, time, what, who, study, detail, hash."""
    zone = ZoneInfo(load_settings().lab.time_zone)
    with _store() as connection:
        found = deque(log.entries(connection, study=study, newest=newest))
    for entry in reversed(found):
        typer.echo(_line(entry, zone))


@app.command("find")
def find_export(
    file: Annotated[Path, typer.Argument(help="The manifest.json of an export, or a file given out alone.")],
) -> None:
    """List the entries of the times that exactly this export was given out; exit code 1 where there are none."""
    try:
        wanted = sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise typer.BadParameter(f"{file}: cannot be read ({error.strerror})") from error
    zone = ZoneInfo(load_settings().lab.time_zone)
    with _store() as connection:
        found = [entry for entry in log.entries(connection) if entry.told.get("sha256") == wanted]
    for entry in found:
        typer.echo(_line(entry, zone))
    if not found:
        typer.echo(f"{file}: the log holds no such export. It was changed, or is from another lab.", err=True)
        raise typer.Exit(BROKEN)


@contextmanager
def _store() -> Iterator[Connection]:
    with usage_store(load_settings()) as engine, snapshot(engine) as connection:
        yield connection


def _point(text: str) -> Point:
    position, _, value = text.strip().partition(":")
    if not position.isdecimal() or len(value) != len(NOTHING):
        raise typer.BadParameter("a head is written as 17:<64 hexadecimal digits>", param_hint="--head")
    return Point(int(position), value.lower())


def _line(entry: Entry, zone: ZoneInfo) -> str:
    at = entry.at.astimezone(zone).isoformat(" ", "seconds")
    return f"{entry.position}  {at}  {entry.kind}  {entry.who}  {entry.study or '-'}  {entry.detail}  {entry.hash}"
