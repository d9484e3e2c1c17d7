"""What a look at a server has found, whatever the server is made of, and the labels by which it is found again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Labels by which what is ours is found again, whatever becomes of the hub's database.
LAB, USER, SERVER, MARKED = (f"io.maximalab.{word}" for word in ("lab", "user", "server", "mark"))
TOKEN = "JUPYTERHUB_API_TOKEN"  # noqa: S105  # the name of a variable


class Unfit(Exception):  # noqa: N818  # it reads as what it says
    """Something at the engine is there but not as it must be. The text names it and the remedy."""


class NotInTime(Unfit):
    """It was started and came to nothing for too long."""


class ImageMissing(Exception):  # noqa: N818
    """The engine has no such image."""


class Why(StrEnum):
    """Why a server has ended without being asked to by its person."""

    MEMORY = "memory"
    """It used up its memory."""
    ENGINE_RESTARTED = "engine_restarted"
    """The engine of its machine was restarted, or the machine was."""
    NODE_AWAY = "node_away"
    """Its machine was not heard of, or its engine was restarted."""
    NODE_DRAINED = "node_drained"
    """An admin has taken its machine out of service."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at a server has found."""

    id: str
    image: str
    labels: Mapping[str, str]
    environment: Mapping[str, str]
    running: bool
    """Whether it runs, or is about to."""
    status: int
    """The exit status, once it has ended."""
    host: str
    port: int
    """0 while nobody knows it yet."""
    why: Why | None = None
    """Why it has ended, where more is known than its status."""
    words: str = ""
    """The engine's own words about that, for the log."""
    node: str = ""
    """In a Swarm, the id of the node with its container."""
    container: str = ""
    """In a Swarm, the id of its container, once there is one."""

    @property
    def mark(self) -> str:
        """The mark of the life that it belongs to."""
        return self.labels.get(MARKED, "")

    def may_be_taken_up(self, labels: Mapping[str, str], image: str) -> bool:
        """Say whether it can go on as the server of these labels: it runs, of this image, with its token."""
        ours = all(self.labels.get(name) == value for name, value in labels.items())
        return (
            self.running and ours and self.image == image and bool(self.mark and self.environment.get(TOKEN))
        )


class Servers(Protocol):
    """The servers of one lab at one engine. Every error is one of `engine`'s."""

    async def find(self, name: str) -> Seen | None:
        """Look at a server; None where there is none. Where nobody knows whether it runs, that is an error."""

    async def end(self, server: str, grace: float) -> Seen | None:
        """Ask it to end, by its id, wait `grace` seconds, then end it; give how it ended, None where it is gone."""

    async def remove(self, server: str) -> None:
        """Remove what is left of it, and none of its volumes."""
