"""A lab on one machine, brought up by deploy/compose/up as an admin does it, under a name and addresses of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from blocks import claim
from deployed import ROOT, Deployed
from labimages import tag

SERVICES = ("db", "hub", "usage", "public", "vpn", "gateway", "gate", "engine", "firewall")


def has_compose() -> bool:
    """Say whether Compose v2 is here, in one of its two forms."""
    for words in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(words[0]):
            ran = subprocess.run([*words, "version", "--short"], capture_output=True, text=True, check=False)
            if ran.returncode == 0 and not ran.stdout.startswith(("1.", "v1.")):
                return True
    return False


def docker(*words: str, **how: object) -> str:
    """Ask the engine; what went wrong is told with the end of what it said."""
    ran = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=120, check=False, **how)
    assert ran.returncode == 0, f"docker {' '.join(words)[:200]}: {ran.stdout[-500:]}{ran.stderr[-1500:]}"
    return ran.stdout


class ComposeLab(Deployed):
    """The lab in `folder`: what an admin types, what the engine says of it, and its end."""

    def __init__(self, folder: Path):
        self.folder, self.name = folder, f"t{os.getpid()}"
        self._claimed = claim([f"172.{second}.0.0/16"] for second in range(22, 27))
        self.block = str(self._claimed.networks[0].network_address).removesuffix(".0.0")
        self.loopback = f"127.{os.getpid() % 100 + 100}.{os.getpid() // 100 % 250}.1"
        self.env = {**os.environ, "LAB": str(folder), "TAG": tag(), "BUILD": "no"}
        self.url = f"http://{self.loopback}:8480"

    def up(self, *words: str) -> str:
        """Type the one command."""
        return self.run("up", *words)

    def first_up(self) -> str:
        """Type it the first time, with what has to be apart from other labs."""
        apart = ("--bind", self.loopback, "--vpn-bind", f"{self.block}.3.1", "--port", "8480")
        return self.up(
            "--host", self.loopback, "--name", self.name, "--block", f"{self.block}.0.0/16", *apart
        )

    def run(self, script: str, *words: str, **how: object) -> str:
        """Run one of the scripts of deploy/compose, in the checkout."""
        command = [str(ROOT / "deploy/compose" / script), *words]
        ran = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            **{"env": self.env, **how},
        )
        assert ran.returncode == 0, f"{script} {words}: {ran.stdout[-2000:]}{ran.stderr[-3000:]}{self.logs()}"
        return ran.stdout

    def container(self, service: str) -> str:
        return f"{self.name}-{service}-1"

    def inspect(self, container: str) -> dict[str, object]:
        return json.loads(docker("inspect", container))[0]

    def python(self, container: str, program: str, *words: str) -> str:
        """Run a Python program in a container, as its user."""
        return docker("exec", "-i", container, "python3", "-", *words, input=program)

    def exec(self, service: str, *words: str, **how: object) -> str:
        """Run a command in a service's container, as its user."""
        reads = ("-i",) if "input" in how else ()
        return docker("exec", *reads, self.container(service), *words, **how)

    def logs(self) -> str:
        """The end of what each service said, for whoever has to find out what was wrong."""
        said = ""
        for service in SERVICES:
            ran = subprocess.run(
                ["docker", "logs", "--tail", "15", self.container(service)],
                capture_output=True,
                text=True,
                check=False,
            )
            said += f"\n== {service}\n{ran.stdout[-1500:]}{ran.stderr[-1500:]}"
        return said

    def clean(self) -> None:
        """Remove all that bears this lab's name: servers first, as they hold its networks."""
        mine = f"label=io.maximalab.lab={self.name}"
        for one in docker("ps", "-aq", "--filter", mine).split():
            docker("rm", "-f", one)
        if (self.folder / ".env").exists():
            self.run("compose", "--profile", "command", "down", "--volumes", "--timeout", "5")
        for one in docker("volume", "ls", "-q", "--filter", mine).split():
            docker("volume", "rm", one)
        for chain, above in (("IN", "INPUT"), ("OUT", "DOCKER-USER")):
            for words in (
                ("-D", above, "-j", f"{self.name}-{chain}"),
                ("-F", f"{self.name}-{chain}"),
                ("-X", f"{self.name}-{chain}"),
            ):
                with suppress(OSError):
                    subprocess.run(["iptables", "-w", *words], capture_output=True, check=False)
        self._claimed.release()
