"""Where material is taken in: one desk for each tier, at that tier's own disks. The hub only passes it through.

Bytes come in blocks from the entrance and leave in blocks for the tier; the hub holds a few of them in its memory at
a time, and writes none down. What is sent waits on the desk until its author has seen it and publishes it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from maximalab_spawner.faults import CatalogError, Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping
    from pathlib import Path

#: Blocks of an upload that wait in the memory of the hub, of at most 64 KB each.
BLOCKS: Final = 8
#: Seconds that an upload may pause, and that an order may take.
PATIENCE: Final = 120.0


class DeskAwayError(Exception):
    """The tier's storage does not answer, or gave no answer that makes sense. The text is for the log."""


class Body:
    """An upload on its way: whoever sends waits while the other side is busy."""

    def __init__(self, length: int) -> None:
        self.length = length
        self._blocks: asyncio.Queue[bytes | None] = asyncio.Queue(BLOCKS)
        self._broken = False

    async def put(self, block: bytes) -> None:
        """Pass a block on; once nobody takes any more, it is thrown away."""
        if not self._broken:
            await self._blocks.put(block)

    async def end(self) -> None:
        """Say that all has come."""
        await self.put(b"")

    def break_off(self) -> None:
        """Say that no more will come, or that no more is wanted."""
        self._broken = True
        while not self._blocks.empty():
            self._blocks.get_nowait()
        self._blocks.put_nowait(None)

    async def take(self) -> bytes:
        """Wait for the next block; an empty one is the end. Raises `ConnectionError` where it was broken off."""
        try:
            async with asyncio.timeout(PATIENCE):
                block = await self._blocks.get()
        except TimeoutError as error:
            raise ConnectionAbortedError("the upload pauses for too long") from error
        if block is None:
            raise ConnectionAbortedError("the upload was broken off")
        return block

    async def blocks(self) -> AsyncIterator[bytes]:
        """Give the blocks as they come."""
        while block := await self.take():
            yield block


@dataclass(frozen=True, slots=True)
class File:
    """A file of a material, as the desk has seen it."""

    name: str
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What is in a zip that was sent, and in the version that is in force."""

    files: tuple[File, ...]
    before: tuple[File, ...]


class Desk(Protocol):
    """What takes material in for one tier. All raise `CatalogError` for its faults, and `DeskAwayError`."""

    async def look(self, wanted: Wanted, body: Body) -> Seen:
        """Take in a zip; it waits on the desk under the token."""

    async def place(self, wanted: Wanted) -> None:
        """Put what waits into the store."""

    async def again(self, wanted: Wanted, earlier: int, description: str) -> None:
        """Put the files of an earlier version into the store as a new version."""

    async def drop(self, token: str) -> None:
        """Free what waits."""

    async def clear(self, material: str) -> None:
        """Take a material out of the store of a tier that it has left."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which material is to be taken in."""

    token: str
    """Letters and digits; what lies on the desk goes by it."""
    material: str
    version: int
    before: int | None
    """The version in force."""
    courses: tuple[str, ...]
    """Ids of all courses that there are."""
    sha256: str = ""
    """Of the `material.toml` that was described."""


def order_of(what: str, wanted: Wanted, **more: object) -> dict[str, Any]:
    """Give an order without its places."""
    return {
        "do": what,
        "token": wanted.token,
        "version": wanted.version,
        "before": wanted.before,
        "courses": list(wanted.courses),
        "sha256": wanted.sha256,
        **more,
    }


def answer_of(said: bytes) -> Mapping[str, Any]:
    """Read the answer to an order. Raises `CatalogError` for its faults, `DeskAwayError` where it is none."""
    try:
        answer = json.loads(said)
        faults = [Fault.from_data(one) for one in answer.get("faults", [])]
        done = answer.get("done")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise DeskAwayError(f"the answer is none ({type(error).__name__})") from error
    if faults:
        raise CatalogError(*faults)
    if not isinstance(done, dict):
        raise DeskAwayError("the answer is none")
    return done


def seen_of(done: Mapping[str, Any]) -> Seen:
    """Read what a look has found. Raises `DeskAwayError`."""
    try:
        return Seen(
            *(tuple(File(str(n), int(s), str(h)) for n, s, h in done[key]) for key in ("files", "before"))
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DeskAwayError("the answer names no files") from error


class FolderDesk:
    """The desk of a tier whose store is a folder of this machine: a lab for trying out."""

    def __init__(self, store: Path) -> None:
        self._store = store
        # Beside the store, on the same disk: students' servers see the store alone.
        self._desk = store.with_name(f"{store.name}.desk")

    async def look(self, wanted: Wanted, body: Body) -> Seen:
        """Take in a zip; it waits on the desk under the token."""
        order = order_of("look", wanted, length=body.length)
        return seen_of(await self._ask(order, wanted.material, body))

    async def place(self, wanted: Wanted) -> None:
        """Put what waits into the store."""
        await self._ask(order_of("place", wanted), wanted.material)
        await self.drop(wanted.token)

    async def again(self, wanted: Wanted, earlier: int, description: str) -> None:
        """Put the files of an earlier version into the store as a new version."""
        await self._ask(order_of("again", wanted, earlier=earlier, description=description), wanted.material)

    async def drop(self, token: str) -> None:
        """Free what waits."""
        await self._ask({"do": "drop", "token": token}, "")

    async def clear(self, material: str) -> None:
        """Take a material out of the store."""
        await self._ask({"do": "clear"}, material)

    async def _ask(self, order: dict[str, Any], material: str, body: Body | None = None) -> Mapping[str, Any]:
        places = {"desk": str(self._desk), "shelf": str(self._store / material)}
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", "maximalab_spawner.receiving"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # a traceback may hold a file's name
            env={},
        )
        try:
            await _pour(program, json.dumps(order | places).encode() + b"\n", body)
            async with asyncio.timeout(PATIENCE):
                said, _ = await program.communicate()
        except (TimeoutError, OSError) as error:
            raise DeskAwayError(f"the program was broken off ({type(error).__name__})") from error
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()
        return answer_of(said)


async def _pour(program: asyncio.subprocess.Process, order: bytes, body: Body | None) -> None:
    if program.stdin is None:
        raise DeskAwayError("the program has no standard input")
    program.stdin.write(order)
    await program.stdin.drain()
    if body is not None:
        async for block in body.blocks():
            program.stdin.write(block)
            await program.stdin.drain()


def fingerprint(description: bytes) -> str:
    """Say which `material.toml` it is."""
    return hashlib.sha256(description).hexdigest()


def known_courses(courses: Collection[str]) -> tuple[str, ...]:
    """Give the courses in an order that does not change."""
    return tuple(sorted(courses))
