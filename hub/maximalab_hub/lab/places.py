"""Where a one-command lab keeps what, and where it listens."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3]
"""The checkout: the folder of `./lab`."""
STATE_VARIABLE = "MAXIMALAB_STATE"
"""The environment variable that names another state folder than `.lab`."""
DEFAULT_PORT = 8000
LOWEST_PORT, HIGHEST_PORT = 1024, 65532
PUBLIC_IP, VPN_IP = "127.0.0.1", "127.0.0.2"


class Listener(NamedTuple):
    """One address that one process of the lab listens on."""

    what: str
    ip: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.ip}:{self.port}"


@dataclass(frozen=True)
class Addresses:
    """All addresses of a lab, which follow from its base port."""

    port: int

    def __post_init__(self) -> None:
        if not LOWEST_PORT <= self.port <= HIGHEST_PORT:
            raise ValueError(f"--port {self.port}: choose one from {LOWEST_PORT} to {HIGHEST_PORT}")

    @property
    def public(self) -> Listener:
        return Listener("public entrance", PUBLIC_IP, self.port)

    @property
    def public_api(self) -> Listener:
        return Listener("public entrance's API", PUBLIC_IP, self.port + 1)

    @property
    def vpn(self) -> Listener:
        return Listener("VPN entrance", VPN_IP, self.port)

    @property
    def vpn_api(self) -> Listener:
        return Listener("VPN entrance's API", VPN_IP, self.port + 1)

    @property
    def hub(self) -> Listener:
        return Listener("hub", PUBLIC_IP, self.port + 2)

    @property
    def usage(self) -> Listener:
        return Listener("usage service", PUBLIC_IP, self.port + 3)

    @property
    def all(self) -> tuple[Listener, ...]:
        """Every listener, in the order of starting."""
        return (self.public, self.public_api, self.vpn, self.vpn_api, self.usage, self.hub)


@dataclass(frozen=True)
class Places:
    """The files of one lab, below its state folder."""

    state: Path

    @classmethod
    def from_environment(cls) -> Places:
        """Take the state folder from MAXIMALAB_STATE, or `.lab` in the checkout."""
        return cls(Path(os.environ.get(STATE_VARIABLE) or ROOT / ".lab").absolute())

    @property
    def settings(self) -> Path:
        return self.state / "maximalab.toml"

    @property
    def facts(self) -> Path:
        """The addresses and example accounts of the running lab, for scripts."""
        return self.state / "lab.json"

    @property
    def accounts(self) -> Path:
        return self.state / "accounts.toml"

    @property
    def backends(self) -> Path:
        return self.state / "backends.toml"

    @property
    def secrets(self) -> Path:
        return self.state / "secrets"

    @property
    def catalogue(self) -> Path:
        return self.state / "catalogue"

    @property
    def log(self) -> Path:
        return self.state / "log"

    @property
    def run(self) -> Path:
        """What is known about the running processes."""
        return self.state / "run"
