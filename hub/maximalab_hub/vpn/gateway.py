"""`maximalab vpn gateway`: asks the hub again and again whom to let in, and lets them in, and nobody else.

What it cannot read changes nothing, except that a device whose time is over goes out. What it knew last lies in a
file, so that a gateway that starts while the hub is away lets in whom it let in before.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import httpx

from maximalab_hub.vpn.peers import Peer, PeersError, changes, read, write
from maximalab_hub.vpn.wg import Interface, WgError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from ipaddress import IPv4Network
    from pathlib import Path
    from threading import Event

PEERS_PATH: Final = "/hub/vpn/peers"
ASK_SECONDS: Final = 5.0

log = logging.getLogger("maximalab.vpn")


@dataclass
class Gateway:
    """One gateway: where it asks, what it changes, and what it knows."""

    http: httpx.Client
    """Knows the hub's address and the gateway's token."""
    interface: Interface
    pool: IPv4Network
    state: Path
    clock: Callable[[], float]
    known: tuple[Peer, ...] | None = None
    """Whom the hub wanted last; None where that was never heard."""
    _faults: dict[str, str] = field(default_factory=dict)

    def recall(self) -> None:
        """Begin with what was known before. A file that cannot be read is told, and counts as none."""
        try:
            self.known = read(json.loads(self.state.read_text(encoding="utf-8")), self.pool)
        except FileNotFoundError:
            log.info("nothing is known of devices yet")
        except (OSError, ValueError, RecursionError, PeersError) as error:
            log.error("%s cannot be used (%s): waiting for the hub", self.state, error)  # noqa: TRY400  one line

    def run(self, stop: Event, every: float) -> None:
        """Keep the interface as the hub wants it until `stop`. The interface and its peers outlive this process."""
        self.recall()
        while True:
            self.step()
            if stop.wait(every):
                return

    def step(self) -> None:
        """Ask once, and make the interface so."""
        heard = self._ask()
        if heard is not None:
            self.known = heard
        if self.known is not None:
            self._apply([peer for peer in self.known if peer.until > self.clock()])
        if heard is not None:
            self._remember(heard)

    def _ask(self) -> tuple[Peer, ...] | None:
        try:
            answer = self.http.get(PEERS_PATH)
            answer.raise_for_status()
            found = read(answer.json(), self.pool)
        except (httpx.HTTPError, ValueError, RecursionError, PeersError) as error:
            why = _why(error)
            self._found(
                "hub", f"the hub gives no list of devices ({why}): nobody new comes in, nobody goes out"
            )
            return None
        self._found("hub", "")
        return found

    def _apply(self, wanted: Sequence[Peer]) -> None:
        try:
            gone, come = changes(self.interface.allowed(), wanted)
            self.interface.remove(gone)  # first: an address that passes on must be free
            self.interface.add(come)
        except WgError as error:
            self._found("interface", f"{error}; trying again")
            return
        self._found("interface", "")
        for key in gone:
            log.info("out: key %s…", key[:8])
        for peer in come:
            log.info("in: device %s at %s", peer.id[:8], peer.address)

    def _remember(self, heard: Sequence[Peer]) -> None:
        """Write down what is known, whole or not at all, where it is new. It may hold preshared keys: mode 0600."""
        text = json.dumps(write(heard))
        beside = self.state.with_suffix(".new")
        try:
            if self.state.exists() and self.state.read_text(encoding="utf-8") == text:
                return
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.state)
        except OSError as error:
            self._found("state", f"{self.state}: cannot be written ({error.strerror})")
            return
        self._found("state", "")

    def _found(self, what: str, fault: str) -> None:
        """Tell a fault once, and once that it is over."""
        before = self._faults.get(what, "")
        if fault and fault != before:
            log.error("%s", fault)
        elif before and not fault:
            log.info("the %s is well again", what)
        self._faults[what] = fault


def _why(error: Exception) -> str:
    """Say in a few words what was wrong with an answer: no address, no token."""
    match error:
        case PeersError():
            return str(error)[:120]
        case httpx.HTTPStatusError():
            return f"status {error.response.status_code}"
        case _:
            return type(error).__name__


def hub_client(url: str, token: str) -> httpx.Client:
    """Make the client that asks the hub. Nobody's proxy and no redirect gets the token."""
    return httpx.Client(
        base_url=url, headers={"Authorization": f"token {token}"}, timeout=ASK_SECONDS, trust_env=False
    )
