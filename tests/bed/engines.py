"""A Docker engine on each node of a bed: its own network, data, socket and, where it is asked for, TLS."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import docker
import psutil
from bed.certificates import Authority
from bed.spaces import Machine, Spaces
from labrun import until
from wireguardbed import end, run

if TYPE_CHECKING:
    from pathlib import Path

TLS_PORT = 2376
#: A real file system and nothing of docker0: networks are made by whoever uses the engine.
WORDS = ("--bridge=none", "--no-new-privileges", "--storage-driver=overlay2", "--log-level=warn")
PLAIN = ("--live-restore",)
"""What an engine has that is no node of a Swarm: its containers outlive it."""


class Node:
    """An engine on a machine. `client` speaks to it by its socket; the hub does by TLS."""

    def __init__(self, spaces: Spaces, machine: Machine, *more: str) -> None:
        self.spaces, self.machine, self.more = spaces, machine, more
        self.folder = spaces.folder / machine.what
        self.folder.mkdir()
        (self.folder / "config").write_text("{}")  # not what the machine's own engine is told
        self.socket = self.folder / "s"
        self.tls: tuple[str, ...] = ()
        self.process: subprocess.Popen[bytes] | None = None
        self._client: docker.APIClient | None = None

    @property
    def name(self) -> str:
        """The machine's name in the bed."""
        return self.machine.what

    @property
    def url(self) -> str:
        """The engine's socket."""
        return f"unix://{self.socket}"

    @property
    def client(self) -> docker.APIClient:
        """A client of one's own, to look with."""
        if self._client is None:
            self._client = docker.APIClient(base_url=self.url, version="auto", timeout=120)
        return self._client

    def listen(self, authority: Authority, address: str) -> str:
        """Let the next start listen there for whom the authority knows; give the address as backends write it."""
        cert, key = authority.issue(self.name, address)
        url = f"tcp://{address}:{TLS_PORT}"
        files = (f"--tlscacert={authority.ca}", f"--tlscert={cert}", f"--tlskey={key}")
        self.tls = (f"--host={url}", "--tlsverify", *files)
        return url

    def start(self) -> None:
        """Start the engine and wait until it answers."""
        self.begin()
        self.wait()

    def begin(self) -> None:
        """Start the engine, and do not wait for it."""
        group = f"{self.spaces.control_group}/{self.name}"
        own = f"{self.spaces.control_group.strip('/')}{self.name}"
        words = [
            "dockerd", f"--data-root={self.folder}/d", f"--exec-root={self.folder}/x",
            f"--pidfile={self.folder}/pid", f"--host={self.url}", f"--cgroup-parent={group}",
            # Where the machine has a containerd of its own, its engine's containers are another namespace's.
            f"--containerd-namespace={own}", f"--containerd-plugins-namespace={own}p",
            f"--config-file={self.folder}/config", *WORDS, *self.tls, *self.more,
        ]  # fmt: skip
        # A hostname of its own; the machine's mounts, since that is where the control groups are.
        named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.name, *words]
        with (self.folder / "log").open("ab") as log:
            self.process = self.machine.start(*named, stdout=log, stderr=log, start_new_session=True)

    def wait(self) -> None:
        """Wait until the engine answers."""
        until(self.answers, f"the engine of {self.name} answers; its log is {self.folder}/log", 120)

    def answers(self) -> bool:
        """Say whether the engine is well."""
        asked = ["docker", "--host", self.url, "version"]
        alive = self.process is not None and self.process.poll() is None
        assert alive, f"the engine of {self.name} ended: {(self.folder / 'log').read_text()[-2000:]}"
        return subprocess.run(asked, capture_output=True, timeout=30, check=False).returncode == 0

    def stop(self) -> None:
        """End the engine; of a plain one the containers run on."""
        if self.process is not None:
            end(self.process)
            self.process = None

    def kill(self) -> None:
        """Let the engine die without a word, and the containerd that it has started; containers live on."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
            self.process = None
            # One that is just dying would be taken by the next engine for one that lives.
            with suppress(psutil.Error, OSError, ValueError):
                child = psutil.Process(int((self.folder / "x/containerd/containerd.pid").read_text()))
                child.kill()
                child.wait(20)

    def docker(self, *words: str) -> str:
        """Run a command of Docker's at this engine."""
        return run("docker", "--host", self.url, *words)

    def try_docker(self, *words: str) -> bool:
        """Run a command that may come too late; say whether it did not."""
        command = ["docker", "--host", self.url, *words]
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0

    def running(self) -> list[str]:
        """The names of the containers that run."""
        return [name.strip("/") for one in self.client.containers() for name in one["Names"]]

    def load(self, archive: Path) -> None:
        """Bring images from what `docker save` has written."""
        subprocess.run(
            ["docker", "--host", self.url, "load", "--quiet", "--input", str(archive)],
            check=True,
            capture_output=True,
            timeout=600,
        )


def save(archive: Path, *images: str) -> Path:
    """Write images of the machine's own engine into a file, for `Node.load`."""
    subprocess.run(["docker", "save", "--output", str(archive), *images], check=True, timeout=600)
    return archive
