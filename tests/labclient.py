"""A person at the lab's front door, over plain HTTP: what the browser does, without a browser."""

from __future__ import annotations

import json
import ssl
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from plainhttp import NO_AUTHORITIES
from websockets.sync.client import connect


def wait_for(what: Callable[[], Any], *, seconds: float, why: str) -> Any:
    """Ask until the answer is true; a question that fails is asked again until the time is over."""
    deadline, last = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        try:
            if answer := what():
                return answer
        except (httpx.HTTPError, OSError) as error:
            last = error
        time.sleep(0.1)
    raise AssertionError(f"after {seconds} s still not: {why} ({last!r})")


@dataclass
class Reply:
    """What a cell said: its outcome, its texts, and the name of its error."""

    status: str
    texts: list[str] = field(default_factory=list)
    error_name: str | None = None

    @property
    def text(self) -> str:
        """All that was shown, as one string."""
        return "\n".join(self.texts)


class Visitor:
    """One person with a cookie jar, at one entrance."""

    def __init__(
        self,
        entrance: str,
        name: str,
        password: str,
        *,
        language: str = "en",
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self.entrance, self.name, self._password = entrance.rstrip("/"), name, password
        self.trust = trust
        self.http = httpx.Client(
            base_url=self.entrance,
            follow_redirects=True,
            timeout=60,
            headers={"Accept-Language": language},
            verify=trust or NO_AUTHORITIES,
        )

    def close(self) -> None:
        """Hang up."""
        self.http.close()

    def xsrf(self, path: str = "/hub/") -> str:
        """Give the XSRF token that counts for `path`: the cookie with the longest path that leads to it."""
        found = [c for c in self.http.cookies.jar if c.name == "_xsrf" and path.startswith(c.path)]
        assert found, f"no XSRF cookie for {path}"
        return max(found, key=lambda c: len(c.path)).value or ""

    def sign_in(self) -> httpx.Response:
        """Sign in by the form and land on My lab."""
        self.http.get("/hub/login")
        return self.http.post(
            "/hub/login?next=%2Fhub%2Flab",
            data={"username": self.name, "password": self._password, "_xsrf": self.xsrf()},
        )

    def open(self, material: str) -> httpx.Response:
        """Press *Open*: the answer is the progress page, the notebook, or a page that refuses."""
        self.http.get("/hub/lab")
        return self.http.post(f"/hub/open/{material}", data={"_xsrf": self.xsrf()})

    def open_and_wait(
        self, material: str, server: str, *, lang: str = "en", seconds: float = 120
    ) -> httpx.Response:
        """Press *Open* and stay until the notebook is there."""
        answer = self.open(material)
        assert answer.status_code == 200, (answer.status_code, str(answer.url), answer.text[:2000])
        target = f"/user/{self.name}/{server}/maximalab/open?material={material}&lang={lang}"

        def there() -> httpx.Response | None:
            page = self.http.get(target)
            return page if page.status_code == 200 and "/lab/tree/" in str(page.url) else None

        return wait_for(there, seconds=seconds, why=f"{material} opens on {server}")


class NotebookKernel:
    """A kernel session of one notebook, driven through the entrance as JupyterLab drives it."""

    def __init__(self, visitor: Visitor, server: str, notebook: str) -> None:
        self.visitor, self.base = visitor, f"/user/{visitor.name}/{server}/"
        visitor.http.get(self.base + "lab")
        body = {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": "maxima"}}
        answer = visitor.http.post(self.base + "api/sessions", json=body, headers=self.headers())
        assert answer.status_code == 201, answer.text
        self.kernel_id = answer.json()["kernel"]["id"]

    def headers(self) -> dict[str, str]:
        """What the server wants to see on a request that changes something."""
        return {"X-XSRFToken": self.visitor.xsrf(self.base)}

    def run(self, code: str, *, cell_id: str = "c1", seconds: float = 60) -> Reply:
        """Run one cell and wait until it is idle."""
        session = uuid.uuid4().hex
        with self.connect(session) as socket:
            message_id = uuid.uuid4().hex
            socket.send(json.dumps(_execute(message_id, session, code, cell_id)))
            return _collect(socket, message_id, seconds)

    def connect(self, session: str) -> Any:
        """Open the kernel's websocket, as a browser holds it open."""
        url = urlsplit(urljoin(self.visitor.entrance, self.base))
        scheme = url.scheme.replace("http", "ws")
        address = (
            f"{scheme}://{url.netloc}{url.path}api/kernels/{self.kernel_id}/channels?session_id={session}"
        )
        cookies = "; ".join(
            f"{c.name}={c.value}" for c in self.visitor.http.cookies.jar if url.path.startswith(c.path)
        )
        headers = {"Cookie": cookies, "Origin": self.visitor.entrance}
        return connect(
            address, additional_headers=headers, open_timeout=30, max_size=None, ssl=self.visitor.trust
        )


def _execute(message_id: str, session: str, code: str, cell_id: str) -> dict[str, Any]:
    header = {
        "msg_id": message_id,
        "session": session,
        "username": "",
        "msg_type": "execute_request",
        "version": "5.3",
    }
    content = {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
    }
    return {
        "header": header, "parent_header": {}, "metadata": {"cellId": cell_id}, "content": content,
        "channel": "shell", "buffers": [],
    }  # fmt: skip


def _collect(socket: Any, message_id: str, seconds: float) -> Reply:
    reply, idle, answered, deadline = Reply("unknown"), False, False, time.monotonic() + seconds
    while not (idle and answered):
        message = json.loads(socket.recv(timeout=max(0.1, deadline - time.monotonic())))
        if message["parent_header"].get("msg_id") != message_id:
            continue
        content = message["content"]
        match message["msg_type"]:
            case "execute_reply":
                reply.status, answered = content["status"], True
                reply.error_name = content.get("ename")
            case "stream":
                reply.texts.append(content["text"])
            case "execute_result" | "display_data":
                reply.texts.append(content["data"].get("text/plain", ""))
            case "status":
                idle = content["execution_state"] == "idle"
    return reply
