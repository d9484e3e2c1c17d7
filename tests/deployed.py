"""What labs in containers share for their tests, whichever way they were brought up."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from labclient import NotebookKernel, Visitor, wait_for

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "a password for every account"
DOOR = """
import http.client, json, socket, sys
class Line(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect("/run/engine/docker.sock")
for method, path, body in json.load(sys.stdin):
    line = Line("engine")
    sent = {"Content-Type": "application/json"} if body is not None else {}
    line.request(method, path, None if body is None else body.encode(), sent)
    print(line.getresponse().status)
"""
"""Asks at the door before the engine what stands in its input as JSON (method, path, body), and prints each status."""


class Deployed(ABC):
    """A lab in `folder`; each kind says how its scripts are run, and a command in one of its containers."""

    folder: Path
    url: str
    kernel: NotebookKernel
    """Of a notebook on the public tier, which keeps 42 as `kept`."""
    private_kernel: NotebookKernel

    @abstractmethod
    def run(self, script: str, *words: str, **how: object) -> str:
        """Run one of the scripts that an admin types."""

    @abstractmethod
    def exec(self, service: str, *words: str, **how: object) -> str:
        """Run a command in a service's container, as its user."""

    def account(self, name: str, *words: str) -> None:
        self.run("lab", "accounts", "add", name, *words, input=f"{PASSWORD}\n{PASSWORD}\n")

    def visit(self, name: str, entrance: str | None = None) -> Visitor:
        """Let somebody sign in, from where this thread is."""
        visitor = Visitor(entrance or self.url, name, PASSWORD)
        assert visitor.sign_in().status_code == 200
        return visitor

    def sql(self, base: str, question: str) -> str:
        words = ("psql", "-h", "/run/database", "-U", "maximalab", "-d", base, "-Atc", question)
        return self.exec("db", *words).strip()

    def assert_no_kernel_was_lost(self):
        """Wait until both open notebooks go on where they were, and look that no server was told as ended."""
        for kernel, code, result in (
            (self.kernel, "kept + 1;", "43"),
            (self.private_kernel, "2^11;", "2048"),
        ):
            said = wait_for(
                lambda asked=(kernel, code): answer(*asked), seconds=180, why=f"{code} is answered"
            )
            assert said == result
        question = "SELECT count(*) FROM event WHERE kind = 'server_stop'"
        assert self.sql("maximalab_usage", question) == "0"


def answer(kernel: NotebookKernel, code: str) -> str:
    """Run a cell; whatever goes wrong is an `OSError`, for who waits."""
    try:
        reply = kernel.run(code, seconds=30)
    except Exception as error:
        raise OSError(str(error)[:200]) from error
    return reply.text.split()[-1]
