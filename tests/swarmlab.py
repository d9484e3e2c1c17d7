"""A lab whose servers are services: a Swarm for each tier, made of engines in network namespaces of their own.

    lan 172.28.85.0/24    pub1 .11 (manager)   pub2 .12 (worker)   prv1 .21 (the private tier's one manager)

The hub's machine is the private Swarm's manager. There a container, `gate`, is attached to the private overlay, as a
hub in a container is: who is inside its network reaches private servers at their own addresses, public ones at their
nodes'.
"""

from __future__ import annotations

import itertools
import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bed.certificates import Authority
from bed.engines import Node, save
from bed.spaces import Machine, Spaces, _enter
from labrun import until
from maximalab_spawner.backends import read_backends
from maximalab_spawner.firewall import rules
from maximalab_spawner.hardening import Net
from maximalab_spawner.seen import LAB, SERVER, USER
from maximalab_spawner.servicespec import AT_ITS_NODE, overlay_config
from maximalab_spawner.swarm import TieredSwarmSpawner
from maximalab_spawner.tasks import Task, read_task
from maximalab_spawner.tiers import Tier
from serverlab import ServerLab
from wireguardbed import run

if TYPE_CHECKING:
    from collections.abc import Iterator

LAN = "172.28.85"
NODES = {"pub1": 11, "pub2": 12, "prv1": 21}
MANAGERS = {Tier.PUBLIC: "pub1", Tier.PRIVATE: "prv1"}
OVERLAYS = {Tier.PUBLIC: "172.22.1", Tier.PRIVATE: "172.22.2"}
SMALL = "maximalab-swarm-small"
RECIPE = """FROM debian:trixie-slim
RUN mkdir -p /home/student /srv/spool /srv/materials && chown 1000:1000 /home/student /srv/spool
"""
ANSWERS = r"""
use IO::Socket::INET;
$SIG{TERM} = sub { exit 3 };
my $kept = join "", map { sprintf "%02x", rand 256 } 1 .. 8;
my $line = IO::Socket::INET->new(LocalPort => 8888, Listen => 20, ReuseAddr => 1) or die;
while (1) {
  my $asked = $line->accept or next;
  while (<$asked>) { last if /^\r?$/ }
  my $body = "$ENV{MAXIMALAB_TIER} $$ $kept";
  print $asked "HTTP/1.0 200 OK\r\nContent-Length: ", length $body, "\r\n\r\n$body";
  close $asked;
}
"""
"""Stands where JupyterLab stands, and holds a word that only its own life knows; Debian's smallest image runs it."""
COUNT = itertools.count()


def small_image() -> str:
    """Build the image of the small server; from nothing it takes a second."""
    built = subprocess.run(
        ["docker", "build", "--tag", SMALL, "-"], input=RECIPE, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr[-2000:]
    return SMALL


def connects(machine: Machine, host: str, port: int) -> bool:
    """Say whether somebody on a machine gets through to a port."""
    with machine.inside():
        try:
            socket.create_connection((host, port), 5).close()
        except OSError:
            return False
    return True


@dataclass
class Swarms:
    """The machines, their engines, and a Swarm of each tier."""

    spaces: Spaces
    nodes: dict[str, Node] = field(default_factory=dict)
    images: list[str] = field(default_factory=list)
    by_tls: dict[Tier, str] = field(default_factory=dict)
    """Where each tier's manager listens beside its socket, for whom `authority` knows."""

    def __post_init__(self) -> None:
        self.authority = Authority(self.spaces.folder / "tls")

    def make(self) -> None:
        """Start the engines, join them, and label each node with its tier."""
        self.spaces.segment("lan")
        for name, number in NODES.items():
            machine = self.spaces.machine(name)
            self.spaces.join(machine, "lan", f"{LAN}.{number}/24")
            self.nodes[name] = Node(self.spaces, machine)
            self._in_memory(self.nodes[name])
        for tier, name in MANAGERS.items():
            self.by_tls[tier] = self.nodes[name].listen(self.authority, self.address(name))
        for node in self.nodes.values():
            node.begin()
        for node in self.nodes.values():
            node.wait()
        for manager in MANAGERS.values():
            self._init(manager)
        token = self.nodes["pub1"].docker("swarm", "join-token", "--quiet", "worker").strip()
        address = self.address("pub2")
        self.nodes["pub2"].docker(
            "swarm", "join", "--token", token, f"--advertise-addr={address}", f"{self.address('pub1')}:2377"
        )
        for tier, names in {Tier.PUBLIC: ("pub1", "pub2"), Tier.PRIVATE: ("prv1",)}.items():
            for name in names:
                self.update(name, "--label-add", f"tier={tier}")

    @staticmethod
    def _in_memory(node: Node) -> None:
        """Let an engine's data lie in memory: half a gigabyte for each node keeps a disk busy for minutes."""
        data = node.folder / "d"
        data.mkdir()
        run("mount", "-t", "tmpfs", "-o", "size=4g,mode=711", "tmpfs", str(data))

    def _init(self, name: str) -> None:
        address = self.address(name)
        words = ("--default-addr-pool=172.23.0.0/16", "--default-addr-pool-mask-length=24")
        self.nodes[name].docker("swarm", "init", f"--advertise-addr={address}", *words)

    def make_overlays(self) -> None:
        """Make each tier's overlay, as a site's stack does before there is a hub."""
        for tier, name in MANAGERS.items():
            self.nodes[name].client.create_network(**overlay_config(net_of(tier), {}))

    def address(self, name: str) -> str:
        return self.nodes[name].machine.addresses["lan"]

    def load(self, image: str, *names: str) -> None:
        """Bring an image to nodes: there is no registry."""
        archive = save(self.spaces.folder / f"image{next(COUNT)}.tar", image)
        for name in names or NODES:
            self.nodes[name].load(archive)
        archive.unlink()

    def manager(self, name: str) -> Node:
        return self.nodes[MANAGERS[Tier.PRIVATE if name.startswith("prv") else Tier.PUBLIC]]

    def id_of(self, name: str) -> str:
        """The id that a node has in its Swarm."""
        return str(self.told(name)["ID"])

    def told(self, name: str) -> dict[str, Any]:
        """What the managers say of a node."""
        nodes = self.manager(name).client.nodes()
        return next(one for one in nodes if one["Description"].get("Hostname") == name)

    def update(self, name: str, *words: str) -> None:
        """Change a node's labels or availability."""
        until(lambda: self._knows(name), f"{name} has joined", 60)
        self.manager(name).docker("node", "update", *words, self.id_of(name))

    def _knows(self, name: str) -> bool:
        return any(one["Description"].get("Hostname") == name for one in self.manager(name).client.nodes())

    def state(self, name: str) -> str:
        return str(self.told(name)["Status"]["State"])

    def whole(self) -> None:
        """Bring everything back to how it was made: engines on, nodes labelled and open."""
        for name, node in self.nodes.items():
            if node.process is None:
                node.start()
            until(lambda one=name: self.state(one) == "ready", f"{name} is ready", 120)
            spec = self.told(name)["Spec"]
            tier = Tier.PRIVATE if name.startswith("prv") else Tier.PUBLIC
            if (spec["Availability"], spec["Labels"]) != ("active", {"tier": tier}):
                self.update(name, "--availability=active", "--label-add", f"tier={tier}")


class Gate:
    """A container on the private manager's machine, attached to the private overlay as a hub in a container is.

    It reaches private servers at their own addresses, and public ones at their nodes'.
    """

    NETWORK = "front"

    def __init__(self, node: Node, overlay: str) -> None:
        self._node, self.name = node, "gate"
        node.docker("network", "create", "--subnet=172.24.1.0/24", self.NETWORK)
        words = (
            "--detach",
            "--init",
            f"--name={self.name}",
            f"--network={self.NETWORK}",
            "--publish=8081:8081",
        )
        node.docker("run", *words, SMALL, "sleep", "infinity")
        node.docker("network", "connect", "--alias=hub", overlay, self.name)
        self.pid = int(node.client.inspect_container(self.name)["State"]["Pid"])

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Let this thread, and the processes that it starts, open their connections from there."""
        with (
            Path("/proc/thread-self/ns/net").open() as back,
            Path(f"/proc/{self.pid}/ns/net").open() as space,
        ):
            _enter(space.fileno())
            try:
                yield
            finally:
                _enter(back.fileno())


def backend(tier: Tier) -> str:
    """All labs on one pair of Swarms have the same overlays, so their backends have the same names."""
    return f"{tier}-swarm"


def net_of(tier: Tier) -> Net:
    """The network that the backend of a tier has."""
    more = {"internet": True, "dns": ("192.0.2.53",), "publish": AT_ITS_NODE} if tier is Tier.PUBLIC else {}
    return Net(f"maximalab-{backend(tier)}", f"{OVERLAYS[tier]}.0/24", **more)


class SwarmLab(ServerLab):
    """Services in the two Swarms. Public servers are reached at their nodes, private ones in their overlay."""

    word, kind, answers = "swarm", TieredSwarmSpawner, ANSWERS

    def __init__(self, folder: Path, swarms: Swarms) -> None:
        self.swarms = swarms
        urls = {tier: swarms.nodes[name].url for tier, name in MANAGERS.items()}
        super().__init__(folder, {"maxima": SMALL}, urls)
        self.more[Tier.PUBLIC] = 'internet = true\ndns = ["192.0.2.53"]\npublish = "node"\n'
        self.write()

    def hub_host(self, tier: Tier) -> str:
        """In the private overlay the hub has a name; public nodes reach its machine."""
        return {Tier.PRIVATE: "hub", Tier.PUBLIC: self.swarms.address("prv1")}[tier]

    def command(self, program: str) -> list[str]:
        return ["perl", "-e", program, "--"]

    def backend(self, tier: Tier) -> str:
        return backend(tier)

    def subnet(self, tier: Tier) -> str:
        return OVERLAYS[tier]

    def client(self, tier: Tier) -> Any:
        """The manager of a tier's Swarm, to look with."""
        return self.swarms.nodes[MANAGERS[tier]].client

    def services(self, tier: Tier = Tier.PUBLIC) -> list[dict[str, Any]]:
        return self.client(tier).services(filters={"label": f"{LAB}={self.name}"})

    def tasks(self, tier: Tier = Tier.PUBLIC) -> list[Task]:
        """The tasks of this lab, of removed services as well."""
        tasks = map(read_task, self.client(tier).tasks())
        return [one for one in tasks if one.labels.get(LAB) == self.name]

    def node_of(self, spawner) -> str:
        """Name the node where a server runs."""
        tier = Tier(spawner.name.partition("-")[0])
        (task,) = map(read_task, self.client(tier).tasks(filters={"service": spawner.own_name}))
        names = (name for name in NODES if name.startswith(tier[:2]) or tier is Tier.PRIVATE)
        return next(name for name in names if self.swarms.id_of(name) == task.node)

    def run(self, spawner, *words: str) -> tuple[int, str]:
        """Run a command in a server's container, as its user and nothing more."""
        client = self.swarms.nodes[self.node_of(spawner)].client
        labels = [f"{LAB}={self.name}", f"{USER}={spawner.user.name}", f"{SERVER}={spawner.name}"]
        (container,) = client.containers(filters={"label": labels})
        # On a busy machine the engine may lose what a fast command says, so the last word is the command's status.
        last = ["sh", "-c", '"$@" 2>&1; echo "::$?"', "sh", *words]
        for _ in range(10):
            made = client.exec_create(container["Id"], last)
            said, found, status = client.exec_start(made["Id"]).decode(errors="replace").rpartition("::")
            if found:
                return int(status), said
        raise AssertionError(f"nothing is heard of {words}")

    @contextmanager
    def firewall(self, tier: Tier, *names: str) -> Iterator[None]:
        """Put up at nodes, for a while, the rules that an admin is told to put up."""
        self.more[tier] += f'hub_machine = "{self.swarms.address("prv1")}"\n'
        self.write()
        sites = [one.site for one in read_backends(self.folder / "backends.toml") if one.tier is tier]
        for name in names:
            self.swarms.nodes[name].machine.sh(*rules(sites).lines())
        try:
            yield
        finally:
            for name in names:
                self.swarms.nodes[name].machine.sh(
                    "iptables -w -F MAXIMALAB-IN", "iptables -w -F MAXIMALAB-OUT"
                )

    def clean(self) -> None:
        """Remove what carries this lab's label, and nothing else."""
        mine = {"label": f"{LAB}={self.name}"}
        for tier in Tier:
            for one in self.services(tier):
                self.client(tier).remove_service(one["ID"])
            for one in self.client(tier).configs(filters=mine):
                self.client(tier).remove_config(one["ID"])
            until(
                lambda one=tier: not any(task.alive for task in self.tasks(one)), "the tasks have ended", 60
            )
        self.engines.close()
