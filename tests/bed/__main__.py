"""`./lab bed`: the paper's figure on this machine, to click through, or to walk over at random."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from typing import Annotated

import serverimage
import typer
from bed.figure import DOOR, HUB, HUB_INSIDE
from bed.lab import Lab, Wish
from bed.papers import Account
from bed.plan import KINDS, part, plan
from bed.spaces import sweep
from bed.walk import Walk
from bed.window import Window
from maximalab_hub.lab.accounts import EXAMPLES, readable_password
from rich.console import Console

app = typer.Typer(name="bed", help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
console = Console(highlight=False)
TOLD = """
  [bold]public entrance[/]   {public}   as a student at home sees it
  [bold]VPN entrance[/]      {vpn}   as the same student sees it through WireGuard

{people}

  home, campus, pub1, pub2, hub, gateway and prv1 are network namespaces, each named bed{tag}…
  look:     ip netns exec bed{tag}gateway wg show
            docker -H unix://{folder}/prv1/s ps        (also pub1, pub2)
  logs:     {folder}/lab/*.log
  no VPN:   ip netns exec bed{tag}home wg set home{tag} peer {key} remove

Ctrl-C removes all of it.
"""


def _as_root() -> None:
    if os.geteuid() != 0:
        typer.echo("A bed makes network namespaces, which takes root: sudo ./lab bed …", err=True)
        raise typer.Exit(1)


def _windows(lab: Lab, port: int) -> list[Window]:
    """Open this machine's two addresses, as a student at home sees the entrances."""
    home = lab.figure["home"]
    try:
        return [
            Window(("127.0.0.1", port), home, (HUB, DOOR)),
            Window(("127.0.0.2", port), home, (HUB_INSIDE, DOOR)),
        ]
    except OSError as taken:
        typer.echo(f"Port {port} cannot be used ({taken.strerror}); choose another: --port N", err=True)
        raise typer.Exit(1) from taken


@app.command()
def up(port: Annotated[int, typer.Option(help="The two entrances' port on this machine.")] = 8000) -> None:
    """Build the figure with JupyterLab and Maxima in it, and say how to get in; Ctrl-C removes it."""
    _as_root()
    for how in (signal.SIGINT, signal.SIGTERM):
        signal.signal(how, signal.default_int_handler)
    people = {one.name: Account(one.groups, one.admin, readable_password()) for one in EXAMPLES}
    shown = {"public": f"http://127.0.0.1:{port}", "vpn": f"http://127.0.0.2:{port}"}
    with console.status("the students' image (the first time, minutes)"):
        image = serverimage.build()
    lab, windows = None, []
    try:
        with console.status("machines, engines, hub and VPN: about a minute"):
            lab = Lab(Wish(image=image, materials=True, memory=768, shown=shown), people=people)
            windows = _windows(lab, port)
            lab.start()
            lab.enrol("student", at="home")
        lines = "\n".join(f"  {name:<12} {one.password}" for name, one in people.items())
        figure = lab.figure
        told = {"people": lines, "tag": figure.tag, "folder": figure.folder, "key": figure.public_key}
        console.print(TOLD.format(**shown, **told), soft_wrap=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print()
    finally:
        with console.status("removing it"):
            for window in windows:
                window.close()
            if lab:
                lab.close()
    console.print("Nothing of it is left.")


@app.command()
def walk(
    operations: Annotated[int, typer.Option(help="How many.")] = 1000,
    seed: Annotated[int | None, typer.Option(help="Which walk; without, any.")] = None,
    first: Annotated[int, typer.Option(help="Leave out what comes before this one.")] = 1,
    only: Annotated[str, typer.Option(help="These kinds of operations alone, with commas between.")] = "",
) -> None:
    """Walk over the lab at random: whatever dies or is cut, nothing private may show (tests/bed/walk.py)."""
    _as_root()
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    kinds = [kind for kind in only.split(",") if kind]
    if unknown := set(kinds) - set(KINDS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(KINDS)}")
    steps = part(plan(seed, operations), first, kinds)
    lab = Lab()
    try:
        lab.start()
        lab.enrol("ada", at="home")
        typer.echo(f"seed {seed}, {len(steps)} operations; logs in {lab.folder}")
        walked = Walk(lab, seed, told=typer.echo)
        try:
            walked.go(steps)
        finally:
            walked.close()
        typer.echo(f"{walked.report()}\nall held")
    finally:
        lab.close()


@app.command()
def down() -> None:
    """Remove what a killed bed has left."""
    _as_root()
    gone = sweep()
    typer.echo(f"removed: {', '.join(gone)}" if gone else "nothing was left")


if __name__ == "__main__":
    sys.exit(app(prog_name="./lab bed"))
