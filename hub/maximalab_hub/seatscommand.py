"""`maximalab seats`: how the seats of licensed images are used, and what becomes of those of a machine that is gone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from maximalab_spawner.seats import PoolsError, Seats, Use, named_backends, read_pools

from maximalab_hub.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path


def seats(
    gone: Annotated[
        str | None,
        typer.Option(
            metavar="BACKEND",
            help="Give back the seats of this backend's servers. Its machine is gone for good, and"
            " the file of backends names it no more.",
        ),
    ] = None,
) -> None:
    """Tell of each pool of seats: how many are taken, who waits, the peak, and how often there was none."""
    file = load_settings().backends.file
    try:
        if gone is not None:
            _give_back(file, gone)
        _tell(file)
    except PoolsError as error:
        typer.echo(f"maximalab: {error}", err=True)
        raise typer.Exit(2) from error


def _tell(file: Path) -> None:
    pools = read_pools(file)
    if not pools:
        typer.echo(f"{file} names no pool of seats: every image may run as often as there is room.")
        return
    store = _store(file)
    found = store.use(pools) if store else map(_unused, pools)
    for pool, use in zip(pools, found, strict=True):
        typer.echo(
            f"{pool.name}: {use.taken} of {pool.seats} taken, {use.waiting} waiting;"
            f" peak {use.peak}, granted {use.granted}, refused {use.refused}"
        )
    for backend, taken in (store.at_backends() if store else {}).items():
        if backend not in named_backends(file):
            typer.echo(
                f"{taken} taken at {backend}, which {file} does not name: nobody can look whether its servers run."
                f" Name it again; or, where its machine is gone for good: maximalab seats --gone {backend}"
            )


def _give_back(file: Path, backend: str) -> None:
    if backend in named_backends(file):
        raise PoolsError(
            f"{file} names {backend}: its seats come back as soon as its engine answers. Where its machine is gone"
            " for good, take it out of the file first"
        )
    store = _store(file)
    for holder in store.give_back_all(backend) if store else ():
        typer.echo(f"{holder}: the seat is free")


def _store(file: Path) -> Seats | None:
    """Open the seats where there are some: they are not made here, as they must belong to whom the hub runs as."""
    path = file.with_name("seats.sqlite")
    return Seats(path, lambda: datetime.now(UTC)) if path.exists() else None


def _unused(pool: object) -> Use:
    return Use(str(getattr(pool, "name", "")), 0, 0, 0, 0, 0)
