"""A lab in two Swarms, brought up by deploy/swarm/up as an admin does it, on the machines of `swarmlab`."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import labimages
from deployed import ROOT, Deployed
from labrun import until
from maximalab_spawner.seen import LAB
from maximalab_spawner.tiers import Tier
from swarmlab import MANAGERS, Swarms

if TYPE_CHECKING:
    from bed.spaces import Machine

PARTS = ("db", "hub", "usage", "public", "vpn", "gateway", "gate", "engine")
IMAGES = ("postgres", "hub", "proxy", "relay", "gateway", "singleuser")
PORT, GATE_PORT, BLOCK = 8480, 8490, "172.25"


class StackLab(Deployed):
    """The lab in `folder`: what an admin types, what the managers say of it, and its end."""

    def __init__(self, folder: Path, swarms: Swarms):
        self.folder, self.swarms, self.name = folder, swarms, f"s{os.getpid()}"
        self.node = swarms.nodes["prv1"]
        self.address = swarms.address("prv1")
        self.url = f"http://{self.address}:{PORT}"
        self.env = {
            **os.environ, "LAB": str(folder), "TAG": labimages.tag(), "BUILD": "no", "DOCKER_HOST": self.node.url,
        }  # fmt: skip

    def bring_images(self) -> None:
        """Give each node what it runs: there is no registry."""
        names = {name: f"maximalab/{name}:{labimages.tag()}" for name in IMAGES}
        wanted = {"prv1": list(names.values()), **{key: [names["singleuser"]] for key in ("pub1", "pub2")}}
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._pour, wanted, wanted.values()))

    def _pour(self, node: str, images: list[str]) -> None:
        """Let the machine's own engine write what a node's reads, with no file between."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saved:
            load = ["docker", "--host", self.swarms.nodes[node].url, "load", "--quiet"]
            subprocess.run(load, stdin=saved.stdout, check=True, capture_output=True, timeout=600)
        assert saved.returncode == 0

    def known_to_the_public_manager(self) -> None:
        """Put the files there by which the public Swarm's manager knows the lab."""
        engine = self.folder / "engine"
        engine.mkdir()
        cert, key = self.swarms.authority.issue("lab")
        for part, path in {"ca": self.swarms.authority.ca, "cert": cert, "key": key}.items():
            (engine / f"{part}.pem").write_bytes(path.read_bytes())

    def first_up(self, *more: str) -> str:
        """Type the one command the first time, with what has to be apart from other labs."""
        public = self.swarms.by_tls[Tier.PUBLIC]
        words = ("--host", self.address, "--address", self.address, "--public", public, "--dns", "192.0.2.53")
        apart = ("--name", self.name, "--block", f"{BLOCK}.0.0/16", "--port", str(PORT))
        return self.run("up", *more, *words, *apart, "--gate-port", str(GATE_PORT))

    def run(self, script: str, *words: str, **how: object) -> str:
        """Run one of the scripts of deploy/swarm at the lab's machine, in the checkout."""
        command = self.node.machine.words(str(ROOT / "deploy/swarm" / script), *words)
        ran = subprocess.run(
            command,
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=700,
            check=False,
            **how,
        )
        assert ran.returncode == 0, f"{script} {words}: {ran.stdout[-2000:]}{ran.stderr[-3000:]}{self.logs()}"
        return ran.stdout

    def service(self, service: str) -> dict[str, Any]:
        """What the manager says of a service of the lab's own."""
        return self.node.client.inspect_service(f"{self.name}_{service}")

    def container(self, service: str) -> dict[str, Any]:
        """The container in which a service runs now."""
        label = f"com.docker.swarm.service.name={self.name}_{service}"
        found = self.node.client.containers(filters={"label": label, "status": "running"})
        return self.node.client.inspect_container(found[0]["Id"]) if found else {}

    def servers(self, tier: Tier) -> list[dict[str, Any]]:
        """The services of students' servers in a tier's Swarm."""
        client = self.swarms.nodes[MANAGERS[tier]].client
        return client.services(filters={"label": f"{LAB}={self.name}"})

    def exec(self, service: str, *words: str, **how: object) -> str:
        """Run a command in a service's container, as its user."""
        ran = subprocess.run(
            ["docker", "--host", self.node.url, "exec", "-i", self.container(service)["Id"], *words],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **how,
        )
        assert ran.returncode == 0, f"{words}: {ran.stdout[-500:]}{ran.stderr[-1500:]}"
        return ran.stdout

    def join_vpn(self, machine: Machine, conf: str) -> None:
        """Bring a machine into the VPN with the file that a person gets.

        The interface has a name of its own: the sockets of wireguard-go lie in one folder for the whole machine.
        """
        card = f"wg{os.getpid()}"
        told = dict(line.split(" = ", 1) for line in conf.splitlines() if " = " in line)
        plain = "\n".join(line for line in conf.splitlines() if not line.startswith(("Address", "DNS")))
        path = self.swarms.spaces.folder / "device.conf"
        path.write_text(plain + "\n")
        machine.sh(
            f"ip link add {card} type wireguard 2>/dev/null || wireguard-go {card} >/dev/null 2>&1",
            f"wg setconf {card} {path}",
            f"ip address add {told['Address']} dev {card}",
            f"ip link set {card} mtu 1420 up",
            f"ip route add {told['AllowedIPs']} dev {card}",
        )

    def logs(self) -> str:
        """The end of what each service said, for whoever has to find out what was wrong."""
        said = ""
        for one in self.node.client.containers(
            all=True, filters={"label": f"com.docker.stack.namespace={self.name}"}
        ):
            tail = self.node.client.logs(one["Id"], tail=12).decode(errors="replace")
            said += f"\n== {one['Names'][0]} {one['Status']}\n{tail[-1500:]}"
        return said

    def clean(self) -> None:
        """Remove all that bears this lab's name."""
        if (self.folder / ".env").exists():
            self.run("down")
        mine = {"label": [f"com.docker.stack.namespace={self.name}"]}
        until(lambda: not self.node.client.containers(filters=mine), "the lab's services are gone", 120)
        for tier, name in MANAGERS.items():
            client = self.swarms.nodes[name].client
            until(lambda one=tier: not self.servers(one), "the servers are gone", 60)
            for one in client.configs(filters={"label": f"{LAB}={self.name}"}):
                client.remove_config(one["ID"])

    def shown(self) -> str:
        """All that Docker shows of the lab's services to who may ask: specs, containers, processes, history, logs."""
        client, said = self.node.client, (self.folder / ".env").read_text()
        for service in PARTS:
            container = self.container(service)
            said += json.dumps(
                [self.service(service), container, client.top(container["Id"], "-eo pid,args")]
            )
            said += json.dumps(client.history(container["Image"]))
        return said + self.logs()
