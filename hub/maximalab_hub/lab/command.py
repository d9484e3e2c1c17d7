"""`python -m maximalab_hub.lab`: the commands behind `./lab up`."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import typer
from maximalab_spawner.tiers import Entrance

from maximalab_hub.lab import tell
from maximalab_hub.lab.places import DEFAULT_PORT, Addresses, Places
from maximalab_hub.lab.prepare import prepare as prepare_lab
from maximalab_hub.lab.up import SAID
from maximalab_hub.lab.up import up as run_lab
from maximalab_hub.settings import load_settings

app = typer.Typer(
    name="lab",
    help="The one-command lab on this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

PortOption = Annotated[
    int, typer.Option("--port", help="The entrances' port; the next three are taken as well.")
]


@app.command()
def up(port: PortOption = DEFAULT_PORT) -> None:
    """Start the lab on this machine; Ctrl-C stops it."""
    raise typer.Exit(run_lab(Places.from_environment(), _addresses(port)))


@app.command()
def prepare() -> None:
    """Make settings, keys, accounts, database and example data, without starting anything."""
    places = Places.from_environment()
    try:
        prepare_lab(places, _addresses(port_of(places)), tell.say)
    except SAID as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def port_of(places: Places) -> int:
    """Give the port of the lab's last start, which may be running; the default where there was none."""
    if not places.settings.exists():
        return DEFAULT_PORT
    door = load_settings(places.settings).entrances[Entrance.PUBLIC]
    return urlsplit(door.url).port or DEFAULT_PORT


def _addresses(port: int) -> Addresses:
    try:
        return Addresses(port)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
