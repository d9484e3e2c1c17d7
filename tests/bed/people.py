"""People at the machines of a bed: a browser's cookies, and connections that begin where the person sits."""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

import httpx
from labclient import Visitor
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bed.spaces import Machine

PASSWORD = "a password for tests"
WAIT = 10.0


class FromThere(httpx.HTTPTransport):
    """Opens connections from a machine of the bed."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(
            trust_env=False, verify=False
        )  # no TLS here, and the list of authorities takes long to read
        self._machine = machine

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._machine.inside():
            return super().handle_request(request)


def browser(machine: Machine, entrance: str, **given: object) -> httpx.Client:
    """A client that nobody has signed in with, on a machine and before an entrance; no proxy of ours is asked."""
    usual = {"timeout": 60, "trust_env": False, "headers": {"Accept-Language": "en", "Accept": "text/html"}}
    return httpx.Client(transport=FromThere(machine), base_url=entrance, **{**usual, **given})


class Person(Visitor):
    """Somebody at a machine and an entrance."""

    def __init__(self, machine: Machine, entrance: str, name: str) -> None:
        super().__init__(entrance, name, PASSWORD)
        self.http.close()
        self.machine = machine
        self.http = browser(machine, entrance, follow_redirects=True)

    def in_(self) -> Person:
        """Sign in, and say who it is."""
        answer = self.sign_in()
        assert answer.status_code == 200, answer.text[:1000]
        assert answer.url.path == "/hub/lab", answer.url
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def stop(self, server: str) -> httpx.Response:
        """Stop a server, as the page of servers does."""
        self.http.get("/hub/lab")
        return self.http.delete(
            f"/hub/api/users/{self.name}/servers/{server}", headers={"X-XSRFToken": self.xsrf()}
        )

    def cookies(self) -> str:
        """The cookies for another kind of client."""
        return "; ".join(f"{one.name}={one.value}" for one in self.http.cookies.jar)


def raw(machine: Machine, address: str, port: int, request: bytes, *, wait: float = 2.0) -> bytes:
    """Send bytes as they are, where a client would tidy them, and give all that comes back in time."""
    with machine.inside():
        line = socket.create_connection((address, port), WAIT)
    answer = b""
    with line, suppress(TimeoutError, ConnectionError):
        line.settimeout(wait)
        line.sendall(request)
        while part := line.recv(65536):
            answer += part
    return answer


def greeting(machine: Machine, url: str, headers: dict[str, str]) -> str:
    """Open a websocket and give the first frame, or the status with which it was refused."""
    address = url.replace("http:", "ws:")
    host, _, path = address.removeprefix("ws://").partition("/")
    name, _, port = host.partition(":")
    with machine.inside():
        line = socket.create_connection((name, int(port or 80)), WAIT)
    try:
        where = f"ws://{host}/{path}"
        waits = {"open_timeout": WAIT, "close_timeout": 0.1}
        with connect(where, sock=line, additional_headers=headers, proxy=None, **waits) as opened:
            return str(opened.recv(timeout=WAIT))
    except InvalidHandshake as refused:
        return str(getattr(getattr(refused, "response", None), "status_code", refused))
    except (WebSocketException, EOFError, OSError) as error:
        return type(error).__name__


@contextmanager
def closing(person: Person) -> Iterator[Person]:
    """Let somebody come and go."""
    try:
        yield person.in_()
    finally:
        person.close()
