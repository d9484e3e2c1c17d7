"""A real sign-in provider for the tests: `oidc-provider` from npm, as a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from labrun import until
from maximalab_hub.lab import node

ROOT = Path(__file__).parents[1]
PACKAGES = Path(sys.prefix) / "provider"
"""Where `./lab setup` (with the part `test`) puts it."""
HOST = "127.0.0.3"
SECRET = "a secret with % and + in it"
CLIENT = "maximalab"


@dataclass
class SignInProvider:
    """The provider: who has an account there, and what its clock says."""

    folder: Path
    port: int
    callbacks: list[str]
    people: dict[str, dict[str, Any]]
    skew: int = 0
    """Seconds by which its clock is ahead."""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "provider.log").read_text(encoding="utf-8", errors="replace")

    def tell(self) -> None:
        """Write what it is to say from now on."""
        client = {"client_id": CLIENT, "client_secret": SECRET, "redirect_uris": self.callbacks}
        given = {"host": HOST, "port": self.port, "client": client, "people": self.people, "skew": self.skew}
        new = self.folder / "given.new"
        new.write_text(json.dumps(given), encoding="utf-8")
        new.replace(self.folder / "given.json")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        found = node.find(Path(sys.prefix))
        assert found is not None, "no Node; run: ./lab setup"
        assert (PACKAGES / "node_modules/oidc-provider").is_dir(), "no oidc-provider; run: ./lab test"
        self.tell()
        script = str(ROOT / "tests/oidc/provider.mjs")
        words = [found.node, script, str(PACKAGES), str(self.folder / "given.json")]
        with (self.folder / "provider.log").open("ab") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log)
        until(self._answers, "the sign-in provider answers")

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log
        try:
            answer = httpx.get(f"{self.url}/.well-known/openid-configuration", trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200


def choose(page: httpx.Response, visitor: httpx.Client, account: str | None) -> httpx.Response:
    """On the provider's page, sign in as `account`; or, with None, press the other button."""
    assert page.url.path.startswith("/interaction/"), (page.url, page.text[:500])
    answer = visitor.post(str(page.url), data={"account": account or ""})
    return leave_the_old(answer, visitor) if "/session/end/confirm" in answer.text else answer


def leave_the_old(page: httpx.Response, visitor: httpx.Client) -> httpx.Response:
    """Send the form that signs the account out that the provider remembered; a browser's script does that at once."""
    [action] = re.findall(r'<form[^>]* action="([^"]+)"', page.text)
    fields = re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', page.text)
    return visitor.post(action, data=dict(fields))
