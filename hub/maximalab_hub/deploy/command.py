"""`maximalab deploy init` and `swarm`: what deploy/compose/up and deploy/swarm/up call in the hub's image."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Annotated

import typer

import maximalab_hub
from maximalab_hub.deploy import lifecommand
from maximalab_hub.deploy.certificate import is_at, place_of_vpn_certificate
from maximalab_hub.deploy.init import make
from maximalab_hub.deploy.plan import GATE_PORT, Plan, PlanError
from maximalab_hub.deploy.swarmplan import SwarmPlan

EVERY = IPv4Address(0)
TLS = Path("/etc/maximalab/tls")
"""Where the containers of the entrances find the folder `tls`."""
BLOCK, POOL = IPv4Network("172.28.0.0/16"), IPv4Network("172.20.0.0/20")
Host = Annotated[str, typer.Option(help="The name or address that people type.")]
Block = Annotated[IPv4Network, typer.Option(parser=IPv4Network, help="A private /16 for the lab's networks.")]
Pool = Annotated[IPv4Network, typer.Option(parser=IPv4Network, help="Addresses of devices in the VPN.")]
Port = Annotated[
    int | None, typer.Option(min=1, max=65535, help="Of the public entrance; default 443, or 80.")
]
VpnHost = Annotated[
    str, typer.Option(help="A name that leads to the VPN entrance; with it that one speaks TLS, too.")
]
VpnPort = Annotated[int, typer.Option(min=1, max=65535, help="UDP port of the gateway.")]
DockerGroup = Annotated[int, typer.Option(help="Number of the group that may use Docker's socket.")]
Socket = Annotated[str, typer.Option(help="Docker's socket.")]
Tag = Annotated[str, typer.Option(help="Tag of the lab's images.")]
app = typer.Typer(name="deploy", help="A lab in containers.", no_args_is_help=True)
for word, what in lifecommand.COMMANDS.items():
    app.command(word)(what)


@app.callback()
def deploy() -> None:
    """A lab in containers: on one machine, or in two Swarms."""


@app.command("init")
def init(  # noqa: PLR0913, PLR0917  an option each
    folder: Annotated[Path, typer.Argument(help="The lab's folder; the same path on the engine's machine.")],
    host: Host,
    name: Annotated[
        str, typer.Option(help="What the lab is called on its engine; two labs there need two.")
    ] = "maximalab",
    block: Block = BLOCK,
    pool: Pool = POOL,
    port: Port = None,
    vpn_port: VpnPort = 51820,
    vpn_host: VpnHost = "",
    bind: Annotated[
        IPv4Address, typer.Option(parser=IPv4Address, help="Address of this machine for the public entrance.")
    ] = EVERY,
    vpn_bind: Annotated[
        IPv4Address, typer.Option(parser=IPv4Address, help="Address of this machine for the gateway.")
    ] = EVERY,
    docker_group: DockerGroup = 0,
    socket: Socket = "/var/run/docker.sock",
    tag: Tag = maximalab_hub.__version__,
) -> None:
    """Make the folder of a lab in containers: settings, keys, accounts. What is there is kept."""
    tls = is_at(folder / "tls")
    plan = Plan(
        name=name,
        host=host,
        block=block,
        pool=pool,
        port=port or (443 if tls else 80),
        vpn_port=vpn_port,
        tls=tls,
        vpn_host=vpn_host,
    )
    given = {
        "VERSION": tag,
        "VPN_TLS": _as_its_container_sees(place_of_vpn_certificate(plan, folder), folder),
        "DOCKER_GROUP": str(docker_group),
        "DOCKER_SOCKET": socket,
        "PUBLIC_BIND": str(bind),
        "VPN_BIND": str(vpn_bind),
    }
    for one in make(plan, folder, tag, given):
        typer.echo(f"made {one}")


def _as_its_container_sees(place: Path | None, folder: Path) -> str:
    """Say where an entrance's container finds what lies in the lab's folder `tls`."""
    return str(TLS / place.relative_to(folder / "tls")) if place is not None else "no"


@app.command("swarm")
def swarm(  # noqa: PLR0913, PLR0917  an option each
    folder: Annotated[Path, typer.Argument(help="The lab's folder; the same path on its machine.")],
    host: Host,
    public: Annotated[str, typer.Option(help="A manager of the public Swarm, tcp://address:2376.")],
    address: Annotated[
        IPv4Address, typer.Option(parser=IPv4Address, help="Of this machine, as public nodes see it.")
    ],
    dns: Annotated[
        list[IPv4Address],
        typer.Option(parser=IPv4Address, help="A resolver that public servers ask; may stand twice."),
    ],
    name: Annotated[
        str, typer.Option(help="What the lab is called in its Swarms; two labs there need two.")
    ] = "maximalab",
    block: Block = BLOCK,
    pool: Pool = POOL,
    port: Port = None,
    vpn_port: VpnPort = 51820,
    vpn_host: VpnHost = "",
    gate_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Of this machine, where public servers find the hub's API.")
    ] = GATE_PORT,
    docker_group: DockerGroup = 0,
    socket: Socket = "/var/run/docker.sock",
    tag: Tag = maximalab_hub.__version__,
) -> None:
    """Make the folder of a lab in two Swarms: settings, keys, accounts. What is there is kept."""
    tls = is_at(folder / "tls")
    missing = [part for part in ("ca", "cert", "key") if not (folder / "engine" / f"{part}.pem").exists()]
    if missing:
        raise PlanError(
            f"{folder}/engine/{missing[0]}.pem is not there: put the files by which the hub is known"
        )
    plan = SwarmPlan(
        name=name,
        host=host,
        block=block,
        pool=pool,
        port=port or (443 if tls else 80),
        vpn_port=vpn_port,
        tls=tls,
        public=public,
        machine=address,
        dns=tuple(dns),
        gate_port=gate_port,
        vpn_host=vpn_host,
    )
    given = {"VERSION": tag, "DOCKER_GROUP": str(docker_group), "DOCKER_SOCKET": socket}
    for one in make(plan, folder, tag, given):
        typer.echo(f"made {one}")
