"""`maximalab usage`: what follows from the records, their archive, erasure, and removing what grew too old."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from maximalab_hub.archivecommand import archive, bring_in
from maximalab_hub.derivecommand import derive
from maximalab_hub.erasure import LONGEST_REASON
from maximalab_hub.retention import cutoffs
from maximalab_hub.service.own_events import log_names_of
from maximalab_hub.settings import load_settings
from maximalab_hub.store import erasing, retaining
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.usagestore import usage_store

if TYPE_CHECKING:
    from collections.abc import Mapping


app = typer.Typer(
    help="The records of use: what follows from them, archive, erasure, retention.", no_args_is_help=True
)
app.command("derive")(derive)
app.command("archive")(archive)
app.command("import")(bring_in)


@app.command("erase")
def erase_person(
    user: Annotated[str, typer.Argument(help="The account name.")],
    reason: Annotated[str, typer.Option(help="Why, for the export log; write no name into it.")],
    *,
    mentions: Annotated[
        bool, typer.Option("--mentions", help="Also replace the name where others' texts mention it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
    by: Annotated[str, typer.Option("--for", help="Who does it, for the export log.")] = "command-line",
) -> None:
    """Erase all records of a person up to now, in one transaction; the same again finds nothing."""
    if not user.strip() or not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise typer.BadParameter(f"give an account name, and a reason of at most {LONGEST_REASON} characters")
    if not yes:
        typer.confirm(f"Erase all records of {user} for ever?", abort=True)
    settings = load_settings()
    with usage_store(settings) as engine, writing(engine) as connection:
        done = erasing.erase(
            connection,
            user,
            names=log_names_of(settings),
            by=by,
            reason=reason.strip(),
            now=datetime.now(UTC),
            mentions=mentions,
        )
    typer.echo(f"erased: {_listed(done.rows)}")
    if done.entry is not None:
        typer.echo(f"Entry {done.entry} of the export log says so, under a pseudonym.")
    if done.mentions:
        typer.echo(
            f"{done.mentions} rows of others mention the name: "
            + (
                "it was replaced there."
                if mentions
                else "--mentions replaces it there. Look first: it may be a word."
            )
        )


@app.command("requests")
def list_requests() -> None:
    """List who asked for erasure, and when."""
    with usage_store(load_settings()) as engine, reading(engine) as connection:
        found = erasing.requests(connection)
    for one in found:
        typer.echo(f"{one.asked_at.isoformat(' ', 'seconds')}  {one.user}")
    typer.echo(f"{len(found)} requests")


@app.command("retain")
def retain_records(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove what is older than the section `retention` of the settings allows; the service does it daily."""
    now = datetime.now(UTC)
    settings = load_settings()
    with usage_store(settings) as engine:
        before = cutoffs(settings.retention, now)
        for keep, at in before.items():
            typer.echo(f"{keep.value}: before {at.isoformat(' ', 'seconds')}")
        if dry_run:
            with reading(engine) as connection:
                rows = retaining.due(connection, before)
        else:
            rows = retaining.retain(engine, before, log_names_of(settings), now)
    typer.echo(f"{'would be removed' if dry_run else 'removed'}: {_listed(rows)}")


def _listed(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{count} of {name}" for name, count in rows.items()) or "nothing"
