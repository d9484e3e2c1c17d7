"""The paper's figure as machines: home and campus, a hub, two public nodes, and behind a VPN gateway a private one.

    internet 172.28.81.0/24    home .10   campus .20   pub1 .31   pub2 .32   hub .2   gateway .3
    inner    172.28.82.0/24    gateway .3   prv1 .41
    VPN      172.28.90.0/24    people's devices, from .2; the gateway .1
    site     172.28.91.0/24    hub .2 and gateway .1, joined by a tunnel of their own

The private node has no leg on the internet. Hub and private node speak through the tunnel, and people's devices reach
the VPN entrance, at the hub's address in the tunnel, through the gateway. Every machine lets in what it must, no more.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bed.spaces import Machine, Spaces
from labrun import until
from maximalab_hub.vpn.keys import new_pair
from wireguardbed import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERNET, INNER, POOL, SITE = (f"172.28.{number}" for number in (81, 82, 90, 91))
HUB, HUB_INSIDE = f"{INTERNET}.2", f"{SITE}.2"
GATEWAY = f"{INTERNET}.3"
ON_THE_INTERNET = {"home": 10, "campus": 20, "pub1": 31, "pub2": 32, "hub": 2, "gateway": 3}
NODES = {"pub1": f"{INTERNET}.31", "pub2": f"{INTERNET}.32", "prv1": f"{INNER}.41"}
#: The network of each node's servers.
SUBNETS = {"pub1": "172.20.1.0/24", "pub2": "172.20.2.0/24", "prv1": "172.21.1.0/24"}
DOOR, HUB_PORT, USAGE_PORT, ENGINE_PORT = 80, 8081, 8082, 2376
DEVICES_PORT, SITE_PORT = 51820, 51821
SHUT = (
    "-P INPUT DROP",
    "-A INPUT -i lo -j ACCEPT",
    "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
)
BEYOND, WIREGUARD = "from the internet", "WireGuard"
"""Comments of the rules that count what comes to gateway and private node from the public segment."""


class Figure(Spaces):
    """The machines, their wires, their tunnels and their rules; no engine and no hub yet."""

    def __init__(self) -> None:
        super().__init__()
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def _build(self) -> None:
        for segment in ("internet", "inner"):
            self.segment(segment)
        for name, number in ON_THE_INTERNET.items():
            self.join(self.machine(name), "internet", f"{INTERNET}.{number}/24")
        self.join(self.machines["gateway"], "inner", f"{INNER}.3/24")
        self.join(self.machine("prv1"), "inner", f"{NODES['prv1']}/24")
        self.public_key = ""
        self._open_the_gateway()
        self._dig_the_tunnel()
        self._lead()
        self._shut()

    def __getitem__(self, name: str) -> Machine:
        return self.machines[name]

    def interface(self, what: str) -> str:
        """Name an interface: wireguard-go's sockets lie in one folder for the whole machine."""
        return f"{what}{self.tag}"

    def wireguard(self, machine: Machine, what: str) -> str:
        """Make an interface of wireguard-go on a machine."""
        name = self.interface(what)
        log = (self.folder / f"{name}.log").open("ab")
        machine.start("wireguard-go", "-f", name, stdout=log, stderr=log)
        until(lambda: name in machine.run("ip", "-brief", "link"), "the interface is there")
        return name

    def connect(self, machine: Machine, what: str, conf: Path) -> None:
        """Do with a device's configuration what WireGuard's own apps do; again: with another one."""
        name = self.interface(what)
        if name not in machine.run("ip", "-brief", "link"):
            self.wireguard(machine, what)
        text = conf.read_text(encoding="utf-8").splitlines()
        told = dict(line.split(" = ", 1) for line in text if " = " in line)
        plain = "\n".join(line for line in text if not line.startswith(("Address", "DNS")))
        machine.run("wg", "setconf", name, "/dev/stdin", input=plain)
        machine.sh(
            f"ip address flush dev {name}",
            f"ip address add {told['Address']} dev {name}",
            f"ip link set {name} mtu 1420 up",
            *(f"ip route replace {route} dev {name}" for route in told["AllowedIPs"].split(", ")),
        )

    def _open_the_gateway(self) -> None:
        """Bring the gateway up with the very script that a site uses."""
        gateway, name = self["gateway"], self.wireguard(self["gateway"], "g")
        key = self.folder / "gateway.key"
        said = gateway.run(
            str(ROOT / "deploy/vpn/up"),
            name,
            f"{POOL}.1/24",
            str(DEVICES_PORT),
            str(key),
            f"{HUB_INSIDE}:{DOOR}",
        )
        self.public_key = said.split()[-1]

    def _dig_the_tunnel(self) -> None:
        """Join hub and gateway. What is private goes through here and nowhere else."""
        hub, gateway = self["hub"], self["gateway"]
        near, far = new_pair(), new_pair()
        behind = [f"{SITE}.0/24", f"{POOL}.0/24", f"{INNER}.0/24", SUBNETS["prv1"]]
        # Who answers is there first: who asks in vain waits five seconds before the next time.
        self._tunnel(gateway, "s", far.private, f"{SITE}.1/24", near.public, [f"{HUB_INSIDE}/32"])
        self._tunnel(hub, "h", near.private, f"{HUB_INSIDE}/24", far.public, behind, f"{GATEWAY}:{SITE_PORT}")

    def _tunnel(
        self,
        machine: Machine,
        what: str,
        key: str,
        address: str,
        peer: str,
        allowed: Sequence[str],
        end: str = "",
    ) -> None:
        name = self.wireguard(machine, what)
        section = [f"PublicKey = {peer}", f"AllowedIPs = {', '.join(allowed)}"]
        section += [f"Endpoint = {end}", "PersistentKeepalive = 5"] if end else []
        port = [] if end else [f"ListenPort = {SITE_PORT}"]
        conf = "\n".join(["[Interface]", f"PrivateKey = {key}", *port, "[Peer]", *section])
        machine.run("wg", "setconf", name, "/dev/stdin", input=conf)
        machine.sh(f"ip address add {address} dev {name}", f"ip link set {name} mtu 1420 up")
        routes = [one for one in allowed if one.partition("/")[0].rpartition(".")[0] != SITE]
        machine.sh(*(f"ip route replace {one} dev {name}" for one in routes))

    def _lead(self) -> None:
        """Routes between the machines."""
        self["hub"].sh(*(f"ip route add {SUBNETS[name]} via {NODES[name]}" for name in ("pub1", "pub2")))
        self["gateway"].sh(
            f"ip route add {SUBNETS['prv1']} via {NODES['prv1']}", "sysctl -qw net.ipv4.ip_forward=1"
        )
        self["prv1"].sh(f"ip route add {SITE}.0/24 via {INNER}.3")

    def _shut(self) -> None:
        """Let in what must come in; count what the internet sends to what is private."""
        tunnel, site = self.interface("h"), self.interface("s")
        nodes = ",".join(NODES[name] for name in ("pub1", "pub2"))
        inside = f"{SITE}.1,{NODES['prv1']}"
        ports = f"-p tcp -m multiport --dports {HUB_PORT},{USAGE_PORT}"
        self["hub"].iptables(
            *SHUT,
            f"-A INPUT -i internet -d {HUB} -p tcp --dport {DOOR} -j ACCEPT",
            f"-A INPUT -i internet -d {HUB} -s {nodes} {ports} -j ACCEPT",
            f"-A INPUT -i {tunnel} -s {POOL}.0/24 -d {HUB_INSIDE} -p tcp --dport {DOOR} -j ACCEPT",
            f"-A INPUT -i {tunnel} -s {inside} -d {HUB_INSIDE} {ports} -j ACCEPT",
            "-P FORWARD DROP",
        )
        for name in ("pub1", "pub2"):
            self[name].iptables(
                *SHUT, f"-A INPUT -s {HUB} -p tcp --dport {ENGINE_PORT} -j ACCEPT", "-P FORWARD DROP"
            )
        private = self["prv1"]
        private.iptables(
            *SHUT, f"-A INPUT -s {HUB_INSIDE} -p tcp --dport {ENGINE_PORT} -j ACCEPT", "-P FORWARD DROP"
        )
        public, count = f"{INTERNET}.0/24", "-m comment --comment"
        wireguard = f"-p udp -m multiport --dports {DEVICES_PORT},{SITE_PORT}"
        self["gateway"].iptables(
            f'-A INPUT -i internet {wireguard} {count} "{WIREGUARD}" -j ACCEPT',
            f'-A INPUT -i internet -m conntrack --ctstate ESTABLISHED,RELATED {count} "{BEYOND}"',
            *SHUT,
            "-P FORWARD DROP",
            f'-A FORWARD -i internet -m conntrack --ctstate ESTABLISHED,RELATED {count} "{BEYOND}"',
            "-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
            f"-A FORWARD -i {site} -o inner -s {HUB_INSIDE} -j ACCEPT",
            f"-A FORWARD -i inner -o {site} -s {NODES['prv1']} -d {HUB_INSIDE} {ports} -j ACCEPT",
            f'-t mangle -A POSTROUTING -o inner -s {public} {count} "{BEYOND}"',
            f'-t mangle -A POSTROUTING -o internet -s {INNER}.0/24 {count} "{BEYOND}"',
            f'-t mangle -A POSTROUTING -o internet -s {SUBNETS["prv1"]} {count} "{BEYOND}"',
            f'-t mangle -A POSTROUTING -o internet ! -p udp {count} "{BEYOND}"',
        )
        private.iptables(
            f'-t raw -A PREROUTING -s {public} {count} "{BEYOND}"',
            f'-t raw -A OUTPUT -d {public} {count} "{BEYOND}"',
            f'-t mangle -A POSTROUTING -d {public} {count} "{BEYOND}"',
        )
