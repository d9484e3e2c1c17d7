"""The WireGuard interface of the gateway, by the program `wg`: the kernel's own, or wireguard-go's."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maximalab_hub.vpn.peers import Peer

PATIENCE: Final = 10.0
"""Seconds that `wg` may take."""
AT_ONCE: Final = 200
"""Peers that are taken away by one command: its words have an end."""


class WgError(Exception):
    """The interface cannot be looked at or changed; the text says why, and holds no key."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface that is there already: its own key, port and address are made by whoever makes it."""

    name: str

    def allowed(self) -> dict[str, str]:
        """Say for each key that is let in which addresses it may use. Raises `WgError`."""
        lines = self._wg(["show", self.name, "allowed-ips"]).splitlines()
        return {key: addresses for key, _, addresses in (line.partition("\t") for line in lines)}

    def remove(self, keys: Sequence[str]) -> None:
        """Let these in no more, and nobody else out. Raises `WgError`."""
        for begin in range(0, len(keys), AT_ONCE):
            part = keys[begin : begin + AT_ONCE]
            self._wg(["set", self.name, *(word for key in part for word in ("peer", key, "remove"))])

    def add(self, peers: Sequence[Peer]) -> None:
        """Let these in; who is in already is not disturbed. Raises `WgError`."""
        if peers:
            # By standard input: a preshared key must not stand among a process's words, where all can read it.
            self._wg(["addconf", self.name, "/dev/stdin"], "\n".join(map(_section, peers)))

    def _wg(self, words: list[str], said: str = "") -> str:
        try:
            ran = subprocess.run(
                ["wg", *words], input=said, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise WgError(f"wg {words[0]}: {type(error).__name__}") from error
        if ran.returncode:
            last = (ran.stderr.strip().splitlines() or ["no word"])[-1]
            raise WgError(f"wg {words[0]} {self.name}: {last[:120]}")
        return ran.stdout


def _section(peer: Peer) -> str:
    lines = ["[Peer]", f"PublicKey = {peer.public_key}", f"AllowedIPs = {peer.address}/32"]
    lines += [f"PresharedKey = {peer.preshared_key}"] if peer.preshared_key else []
    return "\n".join(lines) + "\n"
