"""At which node of a Swarm a server starts; pure.

The node is chosen here and not by the Swarm: a person's home is a volume of one node, so both servers of a person
must come to the same one, and later starts to that one or none.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maximalab_spawner.tasks import NoNode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from maximalab_spawner.tasks import Task


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a backend asks of its nodes."""

    labels: Mapping[str, str]
    """Labels that a manager gave: what a node says of itself does not count, as any node may say anything."""
    reserve_mb: int
    """Memory that a node must have to spare for each server."""


@dataclass(frozen=True, slots=True)
class Node:
    """One machine of a Swarm."""

    id: str
    name: str
    address: str
    ready: bool
    """Whether the managers hear of it."""
    open: bool
    """Whether it takes servers: neither drained nor paused."""
    labels: Mapping[str, str]
    memory: int
    """Bytes."""

    @property
    def able(self) -> bool:
        """Whether a server can start there now."""
        return self.ready and self.open


def read_node(told: Mapping[str, Any]) -> Node:
    """Read what matters from a node as a manager tells it."""
    spec, status = told.get("Spec") or {}, told.get("Status") or {}
    description = told.get("Description") or {}
    return Node(
        id=str(told["ID"]),
        name=str(description.get("Hostname") or told["ID"]),
        address=str(status.get("Addr") or ""),
        ready=status.get("State") == "ready",
        open=spec.get("Availability") == "active",
        labels=spec.get("Labels") or {},
        memory=int((description.get("Resources") or {}).get("MemoryBytes") or 0),
    )


def constraints(wanted: Wanted, node: str) -> list[str]:
    """Write for the Swarm where a server may run: on this node, as long as it has the labels."""
    return [f"node.id=={node}", *(f"node.labels.{name}=={value}" for name, value in wanted.labels.items())]


def has_labels(node: Node, wanted: Wanted) -> bool:
    """Say whether a node is one of the backend's."""
    return all(node.labels.get(name) == value for name, value in wanted.labels.items())


def reserved_by_node(tasks: Iterable[Task]) -> Mapping[str, int]:
    """Add up the bytes that are kept for the tasks of each node."""
    kept: Counter[str] = Counter()
    for task in tasks:
        if task.wanted and task.alive:
            kept[task.node] += task.reserved
    return kept


def choose(nodes: Sequence[Node], wanted: Wanted, kept: Mapping[str, int], home: str | None) -> Node | NoNode:
    """Choose the node for a server: the one with the home, or else the one with most memory to spare.

    `kept` is what `reserved_by_node` gives, `home` the id of the node with the person's home, None where there is none.
    """
    ours = [one for one in nodes if has_labels(one, wanted)]
    if home is not None:
        there = next((one for one in ours if one.id == home and one.able), None)
        return there if there is not None else NoNode.HOME_AWAY
    if not ours:
        return NoNode.UNLABELLED
    able = [one for one in ours if one.able]
    if not able:
        return NoNode.AWAY
    spare = {one.id: one.memory - kept.get(one.id, 0) for one in able}
    roomy = [one for one in able if spare[one.id] >= wanted.reserve_mb * 1024 * 1024]
    return min(roomy, key=lambda one: (-spare[one.id], one.id)) if roomy else NoNode.FULL
