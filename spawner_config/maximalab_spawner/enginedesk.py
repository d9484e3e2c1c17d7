"""The desk of a tier whose servers are containers: a container that takes material in, at the tier's own engine.

It has no network, no rights, and two volumes: the desk, and the store. What is sent goes from the entrance through the
engine's API straight into the desk's volume; the hub needs no folder there, and the engine may be another machine.
"""

from __future__ import annotations

import asyncio
import io
import json
import secrets
import tarfile
import time
import zipfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from maximalab_spawner import desk as desks
from maximalab_spawner.containers import SLOW
from maximalab_spawner.desk import PATIENCE, Body, DeskAwayError, Seen, Wanted, order_of, seen_of
from maximalab_spawner.engine import EngineError, Engines, ObjectGone
from maximalab_spawner.hardening import MATERIALS, SPOOL, container_config, desk_host_config
from maximalab_spawner.seen import LAB
from maximalab_spawner.stores import Store, desk_volume, shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from docker import APIClient

    from maximalab_spawner.backends import Backend
    from maximalab_spawner.engine import Engine
    from maximalab_spawner.site import Site
    from maximalab_spawner.tiers import Tier

#: What the program is made of. It uses nothing that Python does not bring.
MODULES: Final = ("__init__", "tiers", "faults", "materials", "sources", "history", "publishing", "receiving")
MAIN: Final = """
import shutil, sys, zipfile
from contextlib import suppress
from pathlib import Path
from maximalab_spawner.receiving import main
order = zipfile.ZipFile(sys.argv[0]).read("order.json")
own = Path(sys.argv[0]).parent
shutil.rmtree(own)
with suppress(OSError):  # where something waits there
    own.parent.rmdir()
main(order)
"""
#: Seconds that an upload may take in all.
LONGEST_UPLOAD: Final = 1800.0
NOBODY: Final = 1000
#: Where the program lies, beside what it looks at: whatever happens, both are freed at a time.
PROGRAM: Final = "program/receiver.pyz"
#: A container that is there for its volumes alone; the engine wants a command all the same.
NOT_RUN: Final = ["true"]
_TAR_BLOCK: Final = 512


class EngineDesk:
    """Takes material in at all of a tier's engines."""

    def __init__(
        self, lab: str, tier: Tier, backends: Callable[[], tuple[Backend, ...]], engines: Engines
    ) -> None:
        self._lab, self._tier, self._backends, self._engines = lab, tier, backends, engines

    async def look(self, wanted: Wanted, body: Body) -> Seen:
        """Take in a zip; it waits on the desk of the tier's first engine."""
        order = order_of("look", wanted, length=body.length)
        return seen_of(await self._ask(self._all()[0], order, wanted.material, body))

    async def place(self, wanted: Wanted) -> None:
        """Put what waits into the store of each engine: a home may lie at any."""
        first, *others = self._all()
        for other in others:
            await self._hand_on(first, other, wanted.token)
        for backend in (*others, first):
            await self._ask(backend, order_of("place", wanted), wanted.material)
        await self.drop(wanted.token)

    async def again(self, wanted: Wanted, earlier: int, description: str) -> None:
        """Put the files of an earlier version into the stores as a new version."""
        for backend in self._all():
            order = order_of("again", wanted, earlier=earlier, description=description)
            await self._ask(backend, order, wanted.material)

    async def drop(self, token: str) -> None:
        """Free what waits."""
        for backend in self._all():
            await self._ask(backend, {"do": "drop", "token": token}, None)

    async def clear(self, material: str) -> None:
        """Take a material out of the stores."""
        for backend in self._all():
            await self._ask(backend, {"do": "clear"}, material)

    def _all(self) -> list[Backend]:
        found = [one for one in self._backends() if one.tier is self._tier and one.site is not None]
        if not found:
            raise DeskAwayError(f"the file of backends names no engine of the {self._tier.value} tier")
        return found

    async def _ask(
        self, backend: Backend, order: dict[str, Any], material: str | None, body: Body | None = None
    ) -> Mapping[str, Any]:
        place = shelf(self._lab, backend, material) if material else None
        places = {"desk": SPOOL, "shelf": f"{MATERIALS}/{place.within}" if place else SPOOL}
        visit = _Visit(self._lab, backend, self._engines.of(_site(backend).engine), self._tier)
        try:
            return desks.answer_of(await visit.run(order | places, place, body))
        except EngineError as error:
            raise DeskAwayError(str(error)) from error

    async def _hand_on(self, here: Backend, there: Backend, token: str) -> None:
        """Copy what waits from one engine's desk to another's, in blocks."""
        source, target = (
            _Visit(self._lab, one, self._engines.of(_site(one).engine), self._tier) for one in (here, there)
        )
        try:
            async with source.made(NOT_RUN) as giving, target.made(NOT_RUN) as taking:
                blocks = await source.engine.call(
                    lambda client: client.get_archive(giving, f"{SPOOL}/{token}")[0], extra=SLOW
                )
                await target.engine.call(
                    lambda client: client.put_archive(taking, SPOOL, blocks), extra=LONGEST_UPLOAD
                )
        except EngineError as error:
            raise DeskAwayError(str(error)) from error


class _Made:
    """A container that is there for as long as it is wanted."""

    def __init__(self, visit: _Visit, command: list[str], place: Store | None) -> None:
        self._visit, self._command, self._place = visit, command, place
        self._id = ""

    async def __aenter__(self) -> str:
        self._id = await self._visit.make(self._command, self._place)
        return self._id

    async def __aexit__(self, *_: object) -> None:
        with suppress(EngineError):  # what is left is found by its label, and holds nothing
            await self._visit.engine.call(
                lambda client: client.remove_container(self._id, force=True), extra=SLOW
            )


class _Visit:
    """One order at one engine."""

    def __init__(self, lab: str, backend: Backend, engine: Engine, tier: Tier) -> None:
        self._lab, self._backend, self.engine, self._tier = lab, backend, engine, tier

    def made(self, command: list[str], place: Store | None = None) -> _Made:
        return _Made(self, command, place)

    async def run(self, order: dict[str, Any], place: Store | None, body: Body | None) -> bytes:
        """Have the program carry out an order, and give what it says."""
        token = str(order.get("token") or secrets.token_hex(16))
        async with self.made(["python3", "-I", f"{SPOOL}/{token}/{PROGRAM}"], place) as container:
            loop = asyncio.get_running_loop()
            sent = _tar(token, program(json.dumps(order)), body, loop)
            await self.engine.call(
                lambda client: client.put_archive(container, SPOOL, sent),
                extra=LONGEST_UPLOAD if body else SLOW,
            )
            await self.engine.call(lambda client: client.start(container), extra=SLOW)
            await self.engine.call(lambda client: client.wait(container, timeout=PATIENCE), extra=PATIENCE)
            said = await self.engine.call(lambda client: client.logs(container, stdout=True, stderr=False))
        return bytes(said)

    async def make(self, command: list[str], place: Store | None) -> str:
        """Make volumes and container; it does not run yet."""
        stores = [desk_volume(self._lab, self._tier), *([place] if place else [])]
        for store in stores:
            await self.engine.call(lambda client, store=store: self._volume(client, store), extra=SLOW)  # type: ignore[misc]
        mounts = dict(zip((SPOOL, MATERIALS), (store.volume for store in stores), strict=False))
        config = container_config(
            await self._image(), command, {}, {LAB: self._lab}, desk_host_config(mounts)
        )
        made = await self.engine.call(lambda client: client.create_container_from_config(config), extra=SLOW)
        return str(made["Id"])

    def _volume(self, client: APIClient, store: Store) -> object:
        return client.create_volume(
            store.volume, driver="local", driver_opts=dict(store.options), labels={LAB: self._lab}
        )

    async def _image(self) -> str:
        """Find an image of the backend's own that is there: each has Python."""
        for reference in _site(self._backend).images.values():
            with suppress(ObjectGone):
                await self.engine.call(lambda client, name=reference: client.inspect_image(name))  # type: ignore[misc]
                return reference
        raise DeskAwayError(f"{self._backend.name}: has none of its images")


def _site(backend: Backend) -> Site:
    if backend.site is None:
        raise DeskAwayError(f"the backend {backend.name} has no engine")
    return backend.site


@cache
def _modules() -> tuple[tuple[str, bytes], ...]:
    folder = Path(__file__).parent
    return tuple((f"maximalab_spawner/{name}.py", (folder / f"{name}.py").read_bytes()) for name in MODULES)


def program(order: str) -> bytes:
    """Pack the program and its order into one file that Python runs."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in (*_modules(), ("__main__.py", MAIN.encode()), ("order.json", order.encode())):
            archive.writestr(name, content)
    return data.getvalue()


def _entry(name: str, size: int | None = None) -> bytes:
    """Give the head of a folder or a file in a tar, of the person in every image."""
    entry = tarfile.TarInfo(name)
    entry.uid = entry.gid = NOBODY
    entry.mtime = int(time.time())
    entry.type, entry.mode, entry.size = (
        (tarfile.DIRTYPE, 0o700, 0) if size is None else (tarfile.REGTYPE, 0o600, size)
    )
    return entry.tobuf(tarfile.USTAR_FORMAT)


def _tar(token: str, code: bytes, body: Body | None, loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
    """Give the program and the upload as a tar, block by block, in the engine's thread."""
    yield _entry(token) + _entry(f"{token}/{PROGRAM.partition('/')[0]}")
    yield _entry(f"{token}/{PROGRAM}", len(code)) + code + _padding(len(code))
    if body is not None:
        yield _entry(f"{token}/upload.zip", body.length)
        yield from iter(lambda: asyncio.run_coroutine_threadsafe(body.take(), loop).result(), b"")
        yield _padding(body.length)
    yield bytes(2 * _TAR_BLOCK)


def _padding(size: int) -> bytes:
    return bytes(-size % _TAR_BLOCK)
