"""One script for each kind of machine of a lab: it puts the firewall's rules up, takes them away, and looks at them.

    python -m maximalab_spawner.machines public-node backends.toml cloud >firewall     # where the lab's files are
    sh firewall up                                                                     # at the node, as root

The script needs a shell and iptables. `up` again makes the rules anew by one change, `down` leaves nothing of them,
`check` says whether they stand. The rules are in chains of their own and touch no other rule; nothing else of a machine
is closed, so nobody is locked out of it.

    hub-node      the hub's and the usage service's ports are for the engines' machines, and who is named by --let-in
    public-node   the rules of `maximalab_spawner.firewall`; the engine's port is for the hub's machine, a Swarm's
                  ports are for its nodes (--nodes)
    private-node  the same
    gateway       between hub and private engines passes what the lab needs; nothing else comes to them or from them

A backend's tier must be the kind's: what was written for public nodes is never put up at a private one.
"""

from __future__ import annotations

import argparse
import sys
from enum import StrEnum
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, assert_never
from urllib.parse import urlsplit

from maximalab_spawner.backends import BackendsError, read_backends
from maximalab_spawner.firewall import KNOWN, hub_ports, rules
from maximalab_spawner.hardening import PORT
from maximalab_spawner.ruleset import Chain, Rule, Ruleset
from maximalab_spawner.tiers import Tier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from maximalab_spawner.backends import Backend
    from maximalab_spawner.site import Site

#: Ports at which the nodes of a Swarm speak to each other.
SWARM_PORTS = {"tcp": "2377,7946", "udp": "7946,4789"}
SCRIPT = """\
#!/bin/sh
# MaximaLab: the firewall of a {kind} ({names}). `up` puts its rules up, or anew where they stand; `down` takes them
# away; `check` says whether they stand. They last until the machine, or its engine, starts again.
set -eu
IPTABLES=iptables
for one in iptables-nft iptables-legacy; do
  if command -v "$one" >/dev/null && "$one" -w -n -L DOCKER-USER >/dev/null 2>&1; then IPTABLES=$one; break; fi
done
iptables() {{ command "$IPTABLES" "$@"; }}
up() {{
{up}
}}
down() {{
{down}
}}
check() {{
{check}
}}
case ${{1:-}} in
  up | down | check) "$1" ;;
  *) echo "say up, down or check" >&2; exit 2 ;;
esac
"""
GONE = """\
  while iptables -w -t {0} -D {1} -j {2} 2>/dev/null; do :; done
  iptables -w -t {0} -F {2} 2>/dev/null && iptables -w -t {0} -X {2} || :"""
STANDS = (
    '  iptables -w -t {0} -C {1} -j {2} 2>/dev/null || {{ echo "{1} does not ask {2}: say up" >&2; exit 1; }}'
)


class MachineError(ValueError):
    """There is no such script; the text says which word is wrong and what to write."""


class Machine(StrEnum):
    """What a machine of a lab is for."""

    HUB = "hub-node"
    PUBLIC = "public-node"
    PRIVATE = "private-node"
    GATEWAY = "gateway"


def ruleset(
    kind: Machine, backends: Sequence[Backend], friends: Sequence[str], name: str = "MAXIMALAB"
) -> Ruleset:
    """Give a machine's rules.

    `friends` are at a node its Swarm's nodes, at the hub who calls it beside the engines' machines.

    Raises `MachineError`.
    """
    sites = [one.site for one in backends if one.site is not None]
    match kind:
        case Machine.PUBLIC | Machine.PRIVATE:
            _expect(kind, backends, Tier.PUBLIC if kind is Machine.PUBLIC else Tier.PRIVATE)
            return rules(sites, name) + _node(sites, friends, f"{name}-DOOR")
        case Machine.HUB:
            return _hub(sites, friends, f"{name}-DOOR")
        case Machine.GATEWAY:
            _expect(kind, backends, Tier.PRIVATE)
            return _gateway(sites, f"{name}-WAY")
        case _:
            assert_never(kind)


def _expect(kind: Machine, backends: Sequence[Backend], tier: Tier) -> None:
    for one in backends:
        if one.tier is not tier:
            raise MachineError(
                f"{one.name} is a backend of the {one.tier} tier: name those of a {kind} ({tier})"
            )


def _engine(site: Site) -> tuple[str, int] | None:
    """Give address and port of an engine; None where it is asked by a socket of its machine."""
    parts = urlsplit(site.engine.url)
    return (parts.hostname, parts.port) if parts.hostname and parts.port else None


def _closed(goal: tuple[str, int], callers: Sequence[str]) -> Iterator[str]:
    """Keep a port of this machine, whatever stands behind it, to some callers.

    What Docker leads on to a container is known by where it was sent at first.
    """
    sent_to = f"-p tcp -m conntrack --ctdir ORIGINAL --ctorigdst {goal[0]} --ctorigdstport {goal[1]}"
    yield from (f"-s {caller} {sent_to} -j RETURN" for caller in callers)
    yield f"{sent_to} -j REJECT"


def _node(sites: Sequence[Site], nodes: Sequence[str], chain: str) -> Ruleset:
    found = ["-i lo -j RETURN"]
    for site in sites:
        if (engine := _engine(site)) is not None and site.hub_machine:
            found += _closed(engine, [site.hub_machine])
    if any(site.nodes is not None for site in sites):
        if not nodes:
            raise MachineError("--nodes: name the addresses of all nodes of the Swarm, with commas between")
        for protocol, ports in SWARM_PORTS.items():
            to_it = f"-p {protocol} -m multiport --dports {ports}"
            found += [f"-s {node} {to_it} -j RETURN" for node in nodes]
            found.append(f"{to_it} -j REJECT")
    return Ruleset([Chain(chain, "INPUT")], [Rule(chain, words) for words in found])


def _hub(sites: Sequence[Site], friends: Sequence[str], chain: str) -> Ruleset:
    """Keep what the hub's machine has for engines' machines to them; containers of its own are none of them."""
    goals: dict[tuple[str, int], list[str]] = {}
    for site in sites:
        for port in hub_ports(site) if site.hub_machine else ():
            engine = _engine(site)
            callers = goals.setdefault((site.hub_machine, port), list(friends))
            callers += [engine[0]] if engine and engine[0] not in callers else []
    if not goals:
        raise MachineError(
            "no backend names a hub_machine: no other machine calls the hub, and nothing is to be opened"
        )
    found = ["-i lo -j RETURN"]
    for goal, callers in goals.items():
        found += _closed(goal, callers)
    # Where hub or gate are containers, their ports are led on before INPUT is asked.
    above = [Chain(chain, "INPUT"), Chain(chain, "DOCKER-USER", sure=False)]
    return Ruleset(above, [Rule(chain, words) for words in found])


def _gateway(sites: Sequence[Site], chain: str) -> Ruleset:
    inside = [
        (site, engine[0], engine[1]) for site in sites if site.hub_machine and (engine := _engine(site))
    ]
    if not inside:
        raise MachineError(
            "name the private backends whose engine is another machine (hub_machine, engine = tcp://…)"
        )
    found = []
    for site, address, port in inside:
        hub, here = site.hub_machine, (address, site.net.subnet)
        for place in here:
            found.append(f"-s {place} -d {hub} {KNOWN} -j ACCEPT")
            found.append(f"-s {hub} -d {place} {KNOWN} -j ACCEPT")
        found.append(f"-s {hub} -d {address} -p tcp --dport {port} -j ACCEPT")
        found.append(f"-s {hub} -d {site.net.subnet} -p tcp --dport {PORT} -j ACCEPT")
        found += [f"-s {address} -d {hub} -p tcp --dport {called} -j ACCEPT" for called in hub_ports(site)]
        for place in here:
            found += [f"-d {place} -j DROP", f"-s {place} -j DROP"]
    return Ruleset([Chain(chain, "FORWARD")], [Rule(chain, words) for words in found])


def script(kind: Machine, names: Sequence[str], made: Ruleset) -> str:
    """Write the script; what has to go at `down` is read from the very chains of `up`."""
    links = [(chain.table, chain.above, chain.name) for chain in made.chains]
    sure = [link for link, chain in zip(links, made.chains, strict=True) if chain.sure]
    return SCRIPT.format(
        kind=kind,
        names=", ".join(names) or "all backends",
        up="\n".join(made.lines()),
        down="\n".join(GONE.format(*link) for link in links),
        check="\n".join(STANDS.format(*link) for link in sure),
    )


def _named(file: Path, names: Sequence[str], kind: Machine) -> list[Backend]:
    found = read_backends(file)
    if missing := set(names) - {one.name for one in found}:
        raise MachineError(f"{file}: has no backend {', '.join(sorted(missing))}")
    if not names and kind is not Machine.HUB:
        raise MachineError(f"name the backends whose {kind} it is")
    return [one for one in found if not names or one.name in names]


def _addresses(text: str) -> list[str]:
    return [str(IPv4Address(one)) for one in text.split(",")]


def main() -> None:
    """Print the script for a machine."""
    words = argparse.ArgumentParser(prog="python -m maximalab_spawner.machines")
    words.add_argument("kind", choices=list(Machine), help="what the machine is for")
    words.add_argument("backends", type=Path, help="the file of backends")
    words.add_argument("names", nargs="*", help="backends whose machine it is; at the hub: all")
    words.add_argument(
        "--chains", default="MAXIMALAB", help="first word of the chains' names, for a second lab"
    )
    words.add_argument("--nodes", "--let-in", dest="friends", type=_addresses, default=[], metavar="A,B,…",
                       help="addresses: at a node of its Swarm's nodes, at the hub of others who call it")  # fmt: skip
    given = words.parse_args()
    kind = Machine(given.kind)
    try:
        mine = _named(given.backends, given.names, kind)
        made = ruleset(kind, mine, given.friends, given.chains)
    except (BackendsError, MachineError) as error:
        sys.exit(str(error))
    sys.stdout.write(script(kind, given.names, made))


if __name__ == "__main__":
    main()
