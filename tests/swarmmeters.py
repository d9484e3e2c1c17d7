"""The meters of deploy/swarm in the Swarms of a test, as they are but for the seconds between two readings."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labrun import until
from maximalab_spawner import nodemeter
from maximalab_spawner.nodefigures import service_of
from swarmlab import MANAGERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from swarmlab import SwarmLab

ROOT = Path(__file__).resolve().parents[1]
IMAGE = "maximalab/singleuser:metered"
#: Of a program of students', with memory of its own and, in whole ticks, four tenths of a second of a processor.
BURN = "my ($kept, $n) = ('x' x (64 * 2**20)); while ((times)[0] < 0.4) { $n++ for 1 .. 10**5 } print length $kept"


class Meters:
    """The meters of one lab, in the Swarm of each tier."""

    def __init__(self, lab: SwarmLab, image: str, folder: Path) -> None:
        self.lab, self._folder = lab, folder
        for name in ("pub2", "prv1"):
            lab.swarms.nodes[name].docker("tag", image, IMAGE)
        program = Path(nodemeter.__file__).read_text().replace("BEAT = 10\n", "BEAT = 1\n")
        (folder / "meter.py").write_text(program)
        stack = (ROOT / "deploy/swarm/meter.yaml").read_text()
        (folder / "meter.yaml").write_text(stack.replace("../../spawner_config/maximalab_spawner/node", "./"))

    @contextmanager
    def up(self) -> Iterator[None]:
        """Deploy them as an admin does by hand, and take them away again."""
        for tier, name in MANAGERS.items():
            told = {
                "COMPOSE_PROJECT_NAME": self.lab.name,
                "VERSION": "metered",
                "TIER": tier,
                "MARK_meter": "1",
            }
            self._stack(name, "deploy", "--resolve-image=never", "--compose-file=meter.yaml", **told)
        try:
            yield
        finally:
            for name in MANAGERS.values():
                self._stack(name, "rm")

    def _stack(self, name: str, *words: str, **told: str) -> None:
        command = ["docker", "--host", self.lab.swarms.nodes[name].url, "stack", *words, self.lab.name]
        ran = subprocess.run(
            command, cwd=self._folder, env={**os.environ, **told}, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr

    def container(self, node: str) -> str:
        """The container of the meter at a node, once it runs."""
        client, found = self.lab.swarms.nodes[node].client, []
        label = f"com.docker.swarm.service.name={service_of(self.lab.name)}"

        def look() -> list[dict[str, Any]]:
            found[:] = client.containers(filters={"label": label, "status": "running"})
            return found

        until(look, f"the meter at {node} runs", 60)
        return str(found[0]["Id"])
