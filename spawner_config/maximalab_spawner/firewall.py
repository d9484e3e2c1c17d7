"""Rules for the firewall of an engine's machine; `python -m maximalab_spawner.firewall BACKENDS [NAME…]` prints them.

Docker keeps students from each other and from other machines. It does not keep them from the engine's own machine,
which is the gateway of their network, and a network with a way out leads to every neighbour of that machine. The
rules close both. Where the hub is another machine (`hub_machine`), they also open the one way that there is between
it and servers of a network without a way out, in both directions, and close it to everybody else. They are made anew
each time, by one change (`maximalab_spawner.ruleset`), in chains of their own, and touch no other rule. With names of
backends, the rules are theirs alone; with `--chains=WORD` the chains' names begin with that word, as two labs on one
engine need it.

Where hub and entrances are containers in the servers' own network (`doors`), Docker keeps servers from them as from
each other; then the rules also open what is needed: from a door to a server's port, and from servers to the hub's and
the usage service's address.

An overlay of a Swarm without a way out needs none. Servers of one with a way out leave their nodes by Docker's bridge
`docker_gwbridge`: each node gets the rules for that.
"""

from __future__ import annotations

import sys
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from maximalab_spawner.backends import BackendsError, read_backends
from maximalab_spawner.hardening import PORT
from maximalab_spawner.ruleset import Chain, Rule, Ruleset
from maximalab_spawner.site import within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from maximalab_spawner.site import Site

#: What no server with a way out may reach: link-local addresses with the clouds' metadata, and private networks.
NEIGHBOURS = ("169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
PORTS = {"http": 80, "https": 443}
MAIL = 25
KNOWN = "-m conntrack --ctstate ESTABLISHED,RELATED"
NEW = "-m conntrack --ctstate NEW"
#: The bridge by which a Swarm's servers leave their node, and come to be reached at it.
SWARM_BRIDGE = "docker_gwbridge"
#: Chains for a hub on another machine: by table, the chain above, and the word in our chain's name.
LED = (("nat", "PREROUTING", "TO"), ("nat", "POSTROUTING", "AS"), ("raw", "PREROUTING", "RAW"))


def rules(sites: Sequence[Site], name: str = "MAXIMALAB") -> Ruleset:
    """Give the rules for all of a machine's backends. `name` begins the names of the chains."""
    sites = [site for site in sites if site.nodes is None or site.net.internet]
    far = [site for site in sites if site.hub_machine and site.nodes is None]
    machine, beyond = f"{name}-IN", f"{name}-OUT"
    own = Ruleset(
        [Chain(machine, "INPUT"), Chain(beyond, "DOCKER-USER")],
        [
            *(Rule(machine, words) for words in _to_the_machine(sites)),
            *(Rule(beyond, words) for words in _beyond(sites, far)),
        ],
        first=bool(far),
    )
    return own + _led(far, name) if far else own


def _to_the_machine(sites: Sequence[Site]) -> Iterator[str]:
    """Say what servers may ask the engine's own machine for, and that it is all."""
    yield f"{KNOWN} -j ACCEPT"
    for site in sites:
        yield from (f"{_from(site)} {goal} -j ACCEPT" for goal in goals(site))
    yield from (f"{_from(site)} -j REJECT" for site in sites)


def _beyond(sites: Sequence[Site], far: Sequence[Site]) -> Iterator[str]:
    """Say what passes through the machine, from servers and to them."""
    for site in sites:
        yield from (f"{words} -j ACCEPT" for words in _inside(site))
    for site in far:
        yield from (f"{words} -j ACCEPT" for words in _ways(site))
        yield f"! -s {site.hub_machine} -d {site.net.subnet} {NEW} -j REJECT"
    for site in sites:
        if site.nodes is not None and site.hub_machine:
            yield f"! -s {site.hub_machine} -o {SWARM_BRIDGE} -p tcp --dport {PORT} {NEW} -j REJECT"
    yield f"{KNOWN} -j RETURN"
    for site in sites:
        yield from (f"{_from(site)} {goal} -j RETURN" for goal in goals(site))
    for site in sites:
        yield f"{_from(site)} -p tcp --dport {MAIL} -j REJECT"
        yield from (f"{_from(site)} -d {range_} -j REJECT" for range_ in NEIGHBOURS)


def _from(site: Site) -> str:
    """Say by what a server's packets are known on its machine."""
    return f"-s {site.net.subnet}" if site.nodes is None else f"-i {SWARM_BRIDGE}"


def goals(site: Site) -> Iterator[str]:
    """Say what servers may reach at whatever address: the hub, the usage service, and their resolvers."""
    for parts in _called(site):
        yield f"-p tcp -d {parts.hostname} --dport {_port(parts)}"
    for resolver in site.net.dns:
        yield from (f"-p {protocol} -d {resolver} --dport 53" for protocol in ("udp", "tcp"))


def _inside(site: Site) -> Iterator[str]:
    """Say what passes from container to container of the servers' network; nothing where there are no doors."""
    net = site.net.subnet
    if not site.net.doors:
        return
    yield f"-s {net} -d {net} {KNOWN}"
    yield from (f"-s {door} -d {net} -p tcp --dport {PORT}" for door in site.net.doors)
    called = {(parts.hostname, _port(parts)): None for parts in _called(site) if within(net, parts.hostname)}
    yield from (f"-s {net} -p tcp -d {host} --dport {port}" for host, port in called)


def _called(site: Site) -> list[SplitResult]:
    return [urlsplit(url) for url in dict.fromkeys((site.hub_url, site.usage_url))]


def _port(parts: SplitResult) -> int:
    return parts.port or PORTS[parts.scheme]


def _gate(site: Site) -> str:
    """Give the one address that a network without a way out leads to: the engine's machine."""
    return str(next(IPv4Network(site.net.subnet).hosts()))


def _handed_on(site: Site) -> list[int]:
    """List the ports that servers call at the gate and that are the hub's machine's."""
    return sorted({_port(parts) for parts in _called(site) if parts.hostname == _gate(site)})


def hub_ports(site: Site) -> list[int]:
    """List the ports of the hub's machine that servers call, at the gate or at its own address."""
    return sorted(
        {_port(parts) for parts in _called(site) if parts.hostname in (_gate(site), site.hub_machine)}
    )


def _ways(site: Site) -> Iterator[str]:
    """Say what passes between hub and servers; Docker would stop it, as their network has no way out."""
    hub, subnet = site.hub_machine, site.net.subnet
    yield f"-s {hub} -d {subnet} {KNOWN}"
    yield f"-s {subnet} -d {hub} {KNOWN}"
    yield f"-s {hub} -d {subnet} -p tcp --dport {PORT}"
    led = "-m conntrack --ctstate DNAT"
    yield from (f"-s {subnet} -d {hub} -p tcp --dport {port} {led}" for port in _handed_on(site))


def _led(sites: Sequence[Site], name: str) -> Ruleset:
    """Lead servers' calls on to the hub, and let each side see the engine's machine instead of the other."""
    to, seen_as, raw = (f"{name}-{word}" for _, _, word in LED)
    chains = [Chain(f"{name}-{word}", above, table) for table, above, word in LED]
    found = []
    for site in sites:
        hub, subnet = site.hub_machine, site.net.subnet
        for port in _handed_on(site):
            called = f"-s {subnet} -d {_gate(site)} -p tcp --dport {port}"
            found.append(Rule(to, f"{called} -j DNAT --to-destination {hub}"))
            found.append(Rule(seen_as, f"-s {subnet} -d {hub} -p tcp --dport {port} -j MASQUERADE"))
        found.append(Rule(seen_as, f"-s {hub} -d {subnet} -p tcp --dport {PORT} -j MASQUERADE"))
        # From version 28 on, Docker drops there what is sent to a container's own address from outside.
        found.append(Rule(raw, f"-s {hub} -d {subnet} -j ACCEPT"))
    return Ruleset(chains, found)


def main() -> None:
    """Print the rules for the backends of the file that is named, or for some of them."""
    chains = [word.partition("=")[2] for word in sys.argv[1:] if word.startswith("--chains=")]
    try:
        file, *names = (word for word in sys.argv[1:] if not word.startswith("--chains="))
        found = read_backends(Path(file))
    except ValueError:
        sys.exit(
            "Name the file of backends: python -m maximalab_spawner.firewall BACKENDS [--chains=WORD] [NAME…]"
        )
    except BackendsError as error:
        sys.exit(str(error))
    missing = set(names) - {one.name for one in found}
    if missing:
        sys.exit(f"{file}: has no backend {', '.join(sorted(missing))}")
    sites = [one.site for one in found if one.site is not None and (not names or one.name in names)]
    sys.stdout.write("".join(f"{line}\n" for line in rules(sites, *chains[:1]).lines()))


if __name__ == "__main__":
    main()
