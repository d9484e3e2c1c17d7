"""What a Swarm says of a service's task, and what that means for the server; pure.

A task never comes back to life: a service of ours has one, and no other is to follow (restart condition `none`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from maximalab_spawner.seen import Why

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Stage(StrEnum):
    """How far a server is, by its task."""

    WAITING = "waiting"
    """No node has taken it yet."""
    COMING = "coming"
    """A node is preparing it."""
    RUNNING = "running"
    ENDED = "ended"
    REFUSED = "refused"
    """Its node cannot run it."""
    UNKNOWN = "unknown"
    """Nobody knows whether it runs."""


#: Every state of a task that Docker's API has (`TaskState`). What stands not here is of a later Docker: nobody knows.
STAGES: Mapping[str, Stage] = {
    "new": Stage.WAITING,
    "allocated": Stage.WAITING,
    "pending": Stage.WAITING,
    "assigned": Stage.COMING,
    "accepted": Stage.COMING,
    "preparing": Stage.COMING,
    "ready": Stage.COMING,
    "starting": Stage.COMING,
    "running": Stage.RUNNING,
    "complete": Stage.ENDED,
    "shutdown": Stage.ENDED,
    "failed": Stage.ENDED,
    "remove": Stage.ENDED,
    "rejected": Stage.REFUSED,
    "orphaned": Stage.UNKNOWN,  # its node is away for longer than the Swarm cares for
}
ALIVE = frozenset({Stage.WAITING, Stage.COMING, Stage.RUNNING, Stage.UNKNOWN})
#: How the engine's words begin where a container was made and never ran: a store that is not on the node, say.
NEVER_RAN = "starting container failed"
#: The same where the node's engine was restarted: a Swarm's containers do not outlive their engine.
NOT_THERE = "No such container"
NO_IMAGE = "No such image"


class NoNode(StrEnum):
    """Why there is no node for a server."""

    UNLABELLED = "unlabelled"
    """No node has the labels."""
    AWAY = "away"
    """Nodes have them, and none of those is there and takes servers."""
    FULL = "full"
    """Those that are there have no memory to spare."""
    HOME_AWAY = "home_away"
    """The node with the person's home is not there, or takes no servers."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is known of one task."""

    id: str
    node: str
    """The id of its node; empty while it has none."""
    stage: Stage
    words: str
    """What the Swarm says of what is wrong; may hold addresses, so it is not for people."""
    status: int
    """The exit status, once it has ended."""
    addresses: Mapping[str, str]
    """From a network's name to the task's address in it."""
    labels: Mapping[str, str]
    wanted: bool
    """Whether the Swarm wants it to run."""
    ended_by_wish: bool
    """Whether it has ended because the Swarm wanted so."""
    reserved: int
    """Bytes of memory that are kept for it."""
    container: str = ""
    """The id of its container; empty while it has none."""

    @property
    def alive(self) -> bool:
        """Whether it runs, is to run, or may run."""
        return self.stage in ALIVE


def stage_of(state: object, words: str) -> Stage:
    """Say what a task's state means, whatever it is."""
    stage = STAGES.get(str(state).lower(), Stage.UNKNOWN)
    return Stage.REFUSED if stage is Stage.ENDED and words.startswith(NEVER_RAN) else stage


def read_task(told: Mapping[str, Any]) -> Task:
    """Read what matters from a task as the engine tells it."""
    status, spec = told.get("Status") or {}, told.get("Spec") or {}
    words = str(status.get("Err") or "")
    stage = stage_of(status.get("State"), words)
    container = status.get("ContainerStatus") or {}
    code = int(container.get("ExitCode") or 0)
    reserved = ((spec.get("Resources") or {}).get("Reservations") or {}).get("MemoryBytes")
    return Task(
        id=str(told.get("ID", "")),
        node=str(told.get("NodeID") or ""),
        stage=stage,
        words=words,
        status=code or int(stage is Stage.REFUSED or (stage is Stage.ENDED and bool(words))),
        addresses=dict(map(_address, told.get("NetworksAttachments") or ())),
        labels=(spec.get("ContainerSpec") or {}).get("Labels") or {},
        wanted=told.get("DesiredState") in {"running", "ready", "accepted"},
        ended_by_wish=status.get("State") == "shutdown",
        reserved=int(reserved or 0),
        container=str(container.get("ContainerID") or ""),
    )


def _address(attachment: Mapping[str, Any]) -> tuple[str, str]:
    name = ((attachment.get("Network") or {}).get("Spec") or {}).get("Name")
    addresses = attachment.get("Addresses") or [""]
    return str(name), str(addresses[0]).partition("/")[0]


def present(tasks: Sequence[Task]) -> Task | None:
    """Pick, of a service's tasks in the order in which they were made, the one that counts; None of none."""
    counting = [one for one in tasks if one.alive] or tasks
    return counting[-1] if counting else None


def why_unplaced(words: str) -> NoNode | None:
    """Say why the Swarm has found no node for a task that may run at one node only; None where it has not said."""
    if "no suitable node" not in words:
        return None
    if "insufficient resources" in words:
        return NoNode.FULL
    if "port already in use" in words:
        return NoNode.FULL
    return NoNode.AWAY if "not available" in words else NoNode.UNLABELLED


def why_ended(task: Task, *, node_open: bool) -> Why | None:
    """Say why a task has ended, where more is known than its status."""
    if task.words.startswith(NOT_THERE):
        return Why.ENGINE_RESTARTED
    if task.ended_by_wish:
        return Why.NODE_AWAY if node_open else Why.NODE_DRAINED
    return None
