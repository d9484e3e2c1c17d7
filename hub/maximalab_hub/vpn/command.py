"""`maximalab vpn`: people's devices in the VPN, and the gateway that lets them in."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path  # noqa: TC003  Typer reads annotations at run time
from threading import Event
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from maximalab_hub.oidc.claims import NAME as PROVIDERS_NAME
from maximalab_hub.people import NAME
from maximalab_hub.secret_files import read_secret_file
from maximalab_hub.settings import SettingsError, load_settings
from maximalab_hub.vpn.conf import device_conf
from maximalab_hub.vpn.devices import NotEnrolledError
from maximalab_hub.vpn.gateway import Gateway, hub_client
from maximalab_hub.vpn.keys import new_pair, new_preshared
from maximalab_hub.vpn.store import Devices, open_devices
from maximalab_hub.vpn.wg import Interface
from maximalab_hub.vpn.words import WHY_NOT

if TYPE_CHECKING:
    from collections.abc import Iterator

app = typer.Typer(name="vpn", help="Who is let into the VPN.", no_args_is_help=True)


class VpnError(Exception):
    """What was asked for cannot be done; the text says why and what to do."""


def _devices() -> Devices:
    found = open_devices(load_settings(), lambda: datetime.now(UTC))
    if found is None:
        raise SettingsError("The settings have no section [gateway]; docs/vpn.md says how to set the VPN up.")
    return found


@app.command("enrol")
def enrol(
    name: Annotated[str, typer.Argument(help="The person's name for signing in.")],
    device: Annotated[str, typer.Argument(help="What to call the device, for example Laptop.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="New file for the configuration with its private key, mode 0600; hand it over safely."
        ),
    ] = None,
    public_key: Annotated[
        str | None, typer.Option(help="The device's own public key; then no private key is made here.")
    ] = None,
) -> None:
    """Let a person's device into the VPN. It works as long as the person may use the private tier."""
    if not NAME.fullmatch(name) and not PROVIDERS_NAME.fullmatch(name):
        raise VpnError(f"{name[:60]!r} cannot be anybody's name.")
    if (out is None) == (public_key is None):
        raise VpnError("Say either --out FILE (a pair of keys is made here) or --public-key KEY.")
    devices = _devices()
    pair = None if public_key else new_pair()
    shared = new_preshared() if devices.section.preshared else None
    with _new_file(out) as file:
        try:
            made = devices.enrol(name, device, public_key or (pair.public if pair else ""), preshared=shared)
        except NotEnrolledError as error:
            raise VpnError(f"{name}: {WHY_NOT[error.reason]}") from error
        file.write(device_conf(made, devices.section, pair.private if pair else None))
    if out is not None:
        typer.echo(f"{made.label} of {made.user}: {made.address}, until {made.until:%Y-%m-%d}; see {out}.")


@contextmanager
def _new_file(path: Path | None) -> Iterator[TextIO]:
    """Give a file that only its owner reads, made before anybody is enrolled; gone again where that fails."""
    if path is None:
        yield sys.stdout
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise VpnError(
            f"{path}: cannot be made ({error.strerror}). Name a file that is not there."
        ) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
    except BaseException:
        path.unlink()
        raise


@app.command("list")
def list_devices(
    name: Annotated[str | None, typer.Argument(help="One person's alone; default: everybody's.")] = None,
) -> None:
    """List the devices that are enrolled: person, device, its id, address, and its last day."""
    devices = _devices()
    for one in devices.in_force() if name is None else devices.of(name):
        typer.echo(f"{one.user}\t{one.label}\t{one.id[:8]}\t{one.address}\t{one.until:%Y-%m-%d}")


@app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="The person's name for signing in.")],
    device: Annotated[
        str | None, typer.Argument(help="The device's name or id; default: all of them.")
    ] = None,
) -> None:
    """Let a person's device, or all of them, in no more; the gateway knows it within seconds."""
    devices = _devices()
    current = devices.of(name)
    chosen = [one for one in current if device is None or one.label == device or _is(one.id, device)]
    if not chosen:
        raise VpnError(f"{name} has no such device. See: maximalab vpn list {name}")
    if device is not None and len(chosen) > 1:
        raise VpnError(f"{device!r} fits {len(chosen)} devices of {name}. Give more of the id.")
    for one in chosen:
        devices.revoke(name, one.id)
        typer.echo(f"{one.label} of {one.user} ({one.address}) is revoked.")


def _is(device_id: str, typed: str) -> bool:
    return len(typed) >= 8 and device_id.startswith(typed)  # noqa: PLR2004  as many as `list` shows


@app.command("gateway")
def gateway(  # noqa: PLR0913, PLR0917  what the gateway's machine has to be told
    hub: Annotated[
        str, typer.Option(help="Where the hub is reached from here, for example http://172.21.0.2:8002.")
    ],
    token_file: Annotated[
        Path, typer.Option(help="File with the key vpn_gateway_token of the lab, mode 0600.")
    ],
    pool: Annotated[str, typer.Option(help="Addresses inside the VPN: gateway.pool of the lab's settings.")],
    state: Annotated[
        Path, typer.Option(help="File in which it keeps whom it knows; the folder must be there.")
    ],
    interface: Annotated[
        str, typer.Option(help="The WireGuard interface, made already (deploy/vpn/up).")
    ] = "wg0",
    every: Annotated[float, typer.Option(min=0.2, max=60, help="Seconds between two questions.")] = 2.0,
) -> None:
    """Let in whom the hub names, and nobody else, until it is stopped. Needs no settings file of the lab."""
    try:
        network = IPv4Network(pool)
    except ValueError as error:
        raise VpnError(f"--pool {pool[:40]!r}: must be a network such as 172.20.0.0/20.") from error
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with hub_client(hub, read_secret_file(token_file)) as http:
        Gateway(http, Interface(interface), network, state, time.time).run(stop, every)
