"""`maximalab deploy init`: what deploy/compose/up calls in the hub's image."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path  # noqa: TC003  Typer reads annotations at run time
from typing import Annotated

import typer

import maximalab_hub
from maximalab_hub.deploy.init import make
from maximalab_hub.deploy.plan import Plan, PlanError

EVERY = IPv4Address(0)
app = typer.Typer(name="deploy", help="A lab in containers on one machine.", no_args_is_help=True)


@app.callback()
def deploy() -> None:
    """A lab in containers on one machine."""


@app.command("init")
def init(  # noqa: PLR0913, PLR0917  an option each
    folder: Annotated[Path, typer.Argument(help="The lab's folder; the same path on the engine's machine.")],
    host: Annotated[str, typer.Option(help="The name or address that people type.")],
    name: Annotated[
        str, typer.Option(help="What the lab is called on its engine; two labs there need two.")
    ] = "maximalab",
    block: Annotated[str, typer.Option(help="A private /16 for the lab's networks.")] = "172.28.0.0/16",
    pool: Annotated[str, typer.Option(help="Addresses of devices in the VPN.")] = "172.20.0.0/20",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Of the public entrance; default 443, or 80.")
    ] = None,
    vpn_port: Annotated[int, typer.Option(min=1, max=65535, help="UDP port of the gateway.")] = 51820,
    bind: Annotated[
        IPv4Address, typer.Option(parser=IPv4Address, help="Address of this machine for the public entrance.")
    ] = EVERY,
    vpn_bind: Annotated[
        IPv4Address, typer.Option(parser=IPv4Address, help="Address of this machine for the gateway.")
    ] = EVERY,
    docker_group: Annotated[int, typer.Option(help="Number of the group that may use Docker's socket.")] = 0,
    socket: Annotated[str, typer.Option(help="Docker's socket.")] = "/var/run/docker.sock",
    tag: Annotated[str, typer.Option(help="Tag of the lab's images.")] = maximalab_hub.__version__,
) -> None:
    """Make the folder of a lab in containers: settings, keys, accounts. What is there is kept."""
    tls = all((folder / "tls" / part).exists() for part in ("certificate.pem", "key.pem"))
    try:
        plan = Plan(
            name=name,
            host=host,
            block=IPv4Network(block),
            pool=IPv4Network(pool),
            port=port or (443 if tls else 80),
            vpn_port=vpn_port,
            tls=tls,
        )
    except ValueError as error:
        raise PlanError(f"{error}") from error
    given = {
        "VERSION": tag,
        "DOCKER_GROUP": str(docker_group),
        "DOCKER_SOCKET": socket,
        "PUBLIC_BIND": str(bind),
        "VPN_BIND": str(vpn_bind),
    }
    for one in make(plan, folder, tag, given):
        typer.echo(f"made {one}")
