"""The program that takes in material, on the material's own tier: looks at it, puts it into the store, takes it out.

The hub sends orders and gets answers, plain data both; what is in a file stays here. A program of its own, and at an
engine in a container of its own: whatever a zip does to it, it does to nothing else. It needs Python and no package.
"""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from maximalab_spawner.faults import CatalogError, Wrong, fault
from maximalab_spawner.publishing import check_content, put_in_store
from maximalab_spawner.sources import DESCRIPTION, LARGEST_MATERIAL, read_folder, read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Order = Mapping[str, Any]

#: Bytes of memory that the program may have; a bomb ends it and nothing else.
MEMORY: Final = 1024 * 1024 * 1024
#: Seconds after which what lies on the desk is nobody's any more.
STALE: Final = 2 * 3600.0
#: How a person knows what was sent; its name on their own disk is not told.
SENT: Final = Path("zip")
BLOCK: Final = 1 << 20


def look(order: Order, body: BinaryIO | None) -> dict[str, Any]:
    """Take in a zip and say what is in it, and in the version that is in force; it waits on the desk."""
    folder = _place(order)
    packed = folder / "upload.zip"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if body is not None:
        _receive(body, packed, order["length"])
    try:
        if packed.stat().st_size != order["length"]:
            raise fault(Wrong.CUT_OFF, SENT, packed.stat().st_size, order["length"])
        content = _as_sent(read_source(packed), order)
    finally:
        packed.unlink(missing_ok=True)
    put_in_store(content, folder / "files")
    before = Path(order["shelf"], str(order["before"]))
    there = read_folder(before) if order["before"] and before.is_dir() else {}
    return {"files": _listed(content), "before": _listed(there)}


def _receive(body: BinaryIO, target: Path, length: int) -> None:
    left = length
    with target.open("wb") as file:
        while left and (block := body.read(min(left, BLOCK))):
            file.write(block)
            left -= len(block)


def _as_sent(content: dict[str, bytes], order: Order) -> dict[str, bytes]:
    """See that it is a whole material, and the one that was described. Raises `CatalogError`."""
    description = content.get(DESCRIPTION)
    if description is None:
        raise fault(Wrong.NO_DESCRIPTION, SENT, DESCRIPTION)
    if hashlib.sha256(description).hexdigest() != order["sha256"]:
        raise fault(Wrong.NOT_AS_SAID, DESCRIPTION)
    _checked(content, order)
    return content


def _checked(content: dict[str, bytes], order: Order) -> None:
    check_content(Path(), content, order["courses"])


def _listed(content: Mapping[str, bytes]) -> list[list[Any]]:
    return [[name, len(data), hashlib.sha256(data).hexdigest()] for name, data in sorted(content.items())]


def place(order: Order, _body: BinaryIO | None) -> dict[str, Any]:
    """Put what waits on the desk into the store, in one step."""
    _to_shelf(read_folder(_place(order) / "files"), order)
    return {}


def again(order: Order, _body: BinaryIO | None) -> dict[str, Any]:
    """Put an earlier version's files into the store once more, as a new version with a description of its own."""
    earlier = Path(order["shelf"], str(order["earlier"]))
    if not earlier.is_dir():
        raise fault(Wrong.GONE, DESCRIPTION, order["earlier"])
    content = read_folder(earlier) | {DESCRIPTION: str(order["description"]).encode()}
    _checked(content, order)
    _to_shelf(content, order)
    return {}


def _to_shelf(content: dict[str, bytes], order: Order) -> None:
    try:
        put_in_store(content, Path(order["shelf"], str(order["version"])))
    except CatalogError as error:
        # It names a folder of this machine, which nobody else needs to know.
        raise fault(Wrong.OTHER_CONTENT, DESCRIPTION, field="version") from error


def drop(order: Order, _body: BinaryIO | None) -> dict[str, Any]:
    """Take from the desk what was not published."""
    shutil.rmtree(_place(order), ignore_errors=True)
    return {}


def clear(order: Order, _body: BinaryIO | None) -> dict[str, Any]:
    """Take all versions of a material out of the store of a tier that it has left."""
    shelf = Path(order["shelf"])
    for version in shelf.iterdir() if shelf.is_dir() else ():
        shutil.rmtree(version)
    return {}


DEEDS: Final[Mapping[str, Callable[[Order, BinaryIO | None], dict[str, Any]]]] = {
    deed.__name__: deed for deed in (look, place, again, drop, clear)
}


def _place(order: Order) -> Path:
    token = str(order["token"])
    if not token.isalnum():
        raise ValueError("what lies on the desk goes by letters and digits")
    return Path(order["desk"], token)


def _sweep(desk: Path, own: str) -> None:
    """Free what was never published, by a hub that ended meanwhile."""
    for left in desk.iterdir() if desk.is_dir() else ():
        if left.name != own and time.time() - left.stat().st_mtime > STALE:
            shutil.rmtree(left, ignore_errors=True)


def carry_out(order: Order, body: BinaryIO | None = None) -> dict[str, Any]:
    """Do what is asked, and give the answer: `done`, or `faults`."""
    _sweep(Path(order["desk"]), str(order.get("token")))
    try:
        return {"done": DEEDS[order["do"]](order, body)}
    except MemoryError:
        return {"faults": [one.as_data() for one in fault(Wrong.LARGE, SENT, LARGEST_MATERIAL).faults]}
    except CatalogError as error:
        return {"faults": [_named(one.as_data()) for one in error.faults]}


def _named(data: dict[str, Any]) -> dict[str, Any]:
    """Name no folder of this machine."""
    name = Path(data["file"]).name
    return data | {"file": str(SENT) if name == "upload.zip" else name or "."}


def main(order: bytes | None = None) -> None:
    """Carry out one order: the one that is given, or the first line of the standard input, with the body after it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    asked = json.loads(sys.stdin.buffer.readline() if order is None else order)
    answer = carry_out(asked, sys.stdin.buffer if order is None and "length" in asked else None)
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
