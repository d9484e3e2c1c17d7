"""At which node of a Swarm a person's home lies: the Swarm itself keeps it, in a config object with a label.

A manager cannot look into its nodes' volumes. What it keeps, all managers keep, and it gives a name away once only: of
two first starts of a person at the same time, one decides. Whoever moves a home by hand makes the object anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_spawner.engine import EngineRefused, ObjectGone
from maximalab_spawner.seen import LAB, USER

if TYPE_CHECKING:
    from maximalab_spawner.engine import Engine

#: The label that holds the id of the node.
NODE = "io.maximalab.node"
NAME_TAKEN = 409


class SwarmHomes:
    """The homes of one lab in one Swarm. Every error is one of `engine`'s."""

    def __init__(self, engine: Engine, lab: str) -> None:
        self._engine, self._lab = engine, lab

    async def node_of(self, name: str) -> str | None:
        """Give the id of the node where the home of this name lies; None where there is no such home."""
        try:
            found = await self._engine.call(lambda client: client.inspect_config(name))
        except ObjectGone:
            return None
        return str((found["Spec"].get("Labels") or {}).get(NODE, ""))

    async def keep(self, name: str, node: str, person: str) -> str:
        """Note where a home is about to be made; give the node that counts, which another start may have chosen."""
        labels = {LAB: self._lab, USER: person, NODE: node}
        try:
            await self._engine.call(lambda client: client.create_config(name, node.encode(), labels=labels))
        except EngineRefused as refused:
            if refused.status != NAME_TAKEN:
                raise
            return await self.node_of(name) or node
        return node
