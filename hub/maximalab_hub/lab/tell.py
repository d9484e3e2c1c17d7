"""What `./lab up` says: to the person, and in `lab.json` to scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from maximalab_hub.lab.accounts import EXAMPLES, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_hub.lab.places import Addresses, Places

WARNING = """\
Students' servers are local processes here, with no isolation between students: for trying out and
developing, not for a real class."""


def say(line: str) -> None:
    """Print one line of progress at once."""
    print(f"  {line}", flush=True)


def facts(addresses: Addresses, passwords: Mapping[str, str]) -> dict[str, object]:
    """Put together what scripts want to know."""
    accounts = [{"name": one.name, "password": passwords[one.name], "role": one.role} for one in EXAMPLES]
    return {"public": addresses.public.url, "vpn": addresses.vpn.url, "accounts": accounts}


def write_facts(places: Places, addresses: Addresses, passwords: Mapping[str, str]) -> None:
    """Write `lab.json`, readable by its owner alone."""
    write_private(places.facts, json.dumps(facts(addresses, passwords), indent=1) + "\n")


def welcome(places: Places, addresses: Addresses, passwords: Mapping[str, str]) -> None:
    """Print the addresses, the accounts, and what this default is and is not."""
    console = Console(highlight=False)
    console.print()
    console.print(f"[bold]MaximaLab is up:[/bold] {addresses.public.url}")
    console.print(f"as if inside the VPN:  {addresses.vpn.url}")
    table = Table("role", "name", "password", title="Example accounts", title_justify="left")
    for one in EXAMPLES:
        table.add_row(one.role, one.name, passwords[one.name])
    console.print(table)
    console.print(WARNING.replace("\n", " "), soft_wrap=True)
    console.print(f"The same facts for scripts: {places.facts}. Logs: {places.log}.", soft_wrap=True)
    console.print("Ctrl-C stops all of it.")
