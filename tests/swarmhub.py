"""A real JupyterHub between two real proxies, whose servers are services of real Swarms with a real kernel."""

from __future__ import annotations

from dataclasses import dataclass

from dockerhub import CONFIG, DockerHub
from maximalab_spawner.seen import LAB, SERVER, USER


@dataclass
class SwarmHub(DockerHub):
    """The hub of a `SwarmLab`; made and started inside its gate, it is where a hub in a container is."""

    def make_gates(self):
        """The overlays are there; one door leads in from both tiers."""
        self.open_gate("0.0.0.0")

    def config(self) -> str:
        """Give the hub's configuration."""
        text = CONFIG.replace("maximalab_spawner.spawner", "maximalab_spawner.swarm")
        return text.replace("TieredDockerSpawner", "TieredSwarmSpawner")

    def run(self, node: str, user: str, server: str, *words: str) -> str:
        """Run a command in a server's container, as its user, at the node where it runs."""
        client = self.lab.swarms.nodes[node].client
        labels = [f"{LAB}={self.lab.name}", f"{USER}={user}", f"{SERVER}={server}"]
        (container,) = client.containers(filters={"label": labels})
        made = client.exec_create(container["Id"], list(words))
        return str(client.exec_start(made["Id"]).decode(errors="replace"))
