"""Rules for the firewall of an engine's machine: `python -m maximalab_spawner.firewall BACKENDS` prints them for `sh`.

Docker keeps students from each other and from other machines. It does not keep them from the engine's own machine,
which is the gateway of their network, and a network with a way out leads to every neighbour of that machine. The
rules close both. They are made anew each time, in two chains of their own, and touch no other rule.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from maximalab_spawner.backends import BackendsError, read_backends

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from maximalab_spawner.site import Site

#: What no server with a way out may reach: link-local addresses with the clouds' metadata, and private networks.
NEIGHBOURS = ("169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
PORTS = {"http": 80, "https": 443}
MAIL = 25


def rules(sites: Sequence[Site], name: str = "MAXIMALAB") -> Iterator[str]:
    """Give the commands, one a line, for all of a machine's backends. `name` begins the names of the chains."""
    machine, beyond = f"{name}-IN", f"{name}-OUT"
    for chain, above, verdict in ((machine, "INPUT", "ACCEPT"), (beyond, "DOCKER-USER", "RETURN")):
        yield f"iptables -w -N {chain} 2>/dev/null || iptables -w -F {chain}"
        yield f"iptables -w -A {chain} -m conntrack --ctstate ESTABLISHED,RELATED -j {verdict}"
        for site in sites:
            yield from (
                f"iptables -w -A {chain} -s {site.net.subnet} {goal} -j {verdict}" for goal in goals(site)
            )
        yield f"iptables -w -C {above} -j {chain} 2>/dev/null || iptables -w -I {above} -j {chain}"
    for site in sites:
        yield f"iptables -w -A {machine} -s {site.net.subnet} -j REJECT"
        yield f"iptables -w -A {beyond} -s {site.net.subnet} -p tcp --dport {MAIL} -j REJECT"
        yield from (
            f"iptables -w -A {beyond} -s {site.net.subnet} -d {range_} -j REJECT" for range_ in NEIGHBOURS
        )


def goals(site: Site) -> Iterator[str]:
    """Say what servers may reach at whatever address: the hub, the usage service, and their resolvers."""
    for url in dict.fromkeys((site.hub_url, site.usage_url)):
        parts = urlsplit(url)
        yield f"-p tcp -d {parts.hostname} --dport {parts.port or PORTS[parts.scheme]}"
    for resolver in site.net.dns:
        yield from (f"-p {protocol} -d {resolver} --dport 53" for protocol in ("udp", "tcp"))


def main() -> None:
    """Print the rules for the backends of the file that is named."""
    try:
        sites = [one.site for one in read_backends(Path(sys.argv[1])) if one.site is not None]
    except IndexError:
        sys.exit("Name the file of backends: python -m maximalab_spawner.firewall BACKENDS")
    except BackendsError as error:
        sys.exit(str(error))
    sys.stdout.write("".join(f"{line}\n" for line in rules(sites)))


if __name__ == "__main__":
    main()
