"""`maximalab seats`: how the seats of licensed images are used."""

from __future__ import annotations

from datetime import UTC, datetime

import typer
from maximalab_spawner.seats import PoolsError, Seats, Use, read_pools

from maximalab_hub.settings import load_settings


def seats() -> None:
    """Tell of each pool of seats: how many are taken, who waits, the peak, and how often there was none."""
    file = load_settings().backends.file
    try:
        pools = read_pools(file)
    except PoolsError as error:
        typer.echo(f"maximalab: {error}", err=True)
        raise typer.Exit(2) from error
    if not pools:
        typer.echo(f"{file} names no pool of seats: every image may run as often as there is room.")
        return
    store = file.with_name("seats.sqlite")
    # Not made here: it must belong to whom the hub runs as.
    found = Seats(store, lambda: datetime.now(UTC)).use(pools) if store.exists() else map(_unused, pools)
    for pool, use in zip(pools, found, strict=True):
        typer.echo(
            f"{pool.name}: {use.taken} of {pool.seats} taken, {use.waiting} waiting;"
            f" peak {use.peak}, granted {use.granted}, refused {use.refused}"
        )


def _unused(pool: object) -> Use:
    return Use(str(getattr(pool, "name", "")), 0, 0, 0, 0, 0)
