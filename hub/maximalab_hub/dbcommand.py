"""`maximalab db`: bring the usage store to the newest version, or say which one it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from maximalab_hub import migrations
from maximalab_hub.settings import SettingsError, load_settings
from maximalab_hub.store.engine import StoreAwayError, StoreUrlError, open_engine

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = typer.Typer(name="db", help="The usage store's tables.", no_args_is_help=True)

UrlOption = Annotated[
    str | None, typer.Option("--url", help="The store's URL; default: usage.db_url of the settings.")
]


def _engine(url: str | None) -> Engine:
    try:
        return open_engine(url or load_settings().usage.db_url)
    except (SettingsError, StoreUrlError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _away(error: StoreAwayError) -> typer.Exit:
    typer.echo(
        f"The usage store does not answer ({error}). Check usage.db_url, the disk and the database.", err=True
    )
    return typer.Exit(1)


def _refused(why: str) -> typer.Exit:
    typer.echo(why, err=True)
    return typer.Exit(2)


@app.command("upgrade")
def upgrade(url: UrlOption = None) -> None:
    """Bring the usage store to the newest version; safe to repeat, and for several processes at once."""
    engine = _engine(url)
    try:
        before = migrations.current(engine)
        migrations.upgrade(engine)
    except StoreAwayError as error:
        raise _away(error) from error
    except migrations.UnknownVersionError as error:
        raise _refused(
            f"{error}. Run the newer version, or go back with it: maximalab db downgrade"
        ) from error
    now = migrations.newest()
    typer.echo(f"The usage store was at {before or 'no version'} and is now at {now}.")


@app.command("downgrade")
def downgrade(
    to: Annotated[str, typer.Argument(help="The version that the older program needs, such as 0009.")],
    url: UrlOption = None,
    lose: Annotated[bool, typer.Option("--lose", help="Also where rows of newer tables go.")] = False,  # noqa: FBT002
) -> None:
    """Take the usage store back to an older version, before an older program is started."""
    engine = _engine(url)
    try:
        migrations.downgrade(engine, to, lose=lose)
    except StoreAwayError as error:
        raise _away(error) from error
    except migrations.WouldLoseError as error:
        raise _refused(
            f"The older version has no tables {error}, and what is in them would be lost. Nothing was changed;"
            " months that are archived come back by `maximalab usage import`, the rest goes with --lose."
        ) from error
    except migrations.UnknownVersionError as error:
        raise _refused(f"{error}. Nothing was changed.") from error
    typer.echo(f"The usage store is at {to} now.")


@app.command("status")
def status(url: UrlOption = None) -> None:
    """Say which version the usage store has; exit code 1 where it is not the newest."""
    engine = _engine(url)
    try:
        found = migrations.current(engine)
    except StoreAwayError as error:
        raise _away(error) from error
    if found == migrations.newest():
        typer.echo(f"The usage store is at {found}, the newest version.")
        return
    typer.echo(
        f"The usage store is at {found or 'no version'}, this program needs {migrations.newest()}."
        " Run: maximalab db upgrade"
    )
    raise typer.Exit(1)
