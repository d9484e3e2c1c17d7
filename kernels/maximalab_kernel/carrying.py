"""Behind the wall Maxima writes into the kernel's own folder alone: what the reader is to have, the kernel carries.

Maxima's word for it counts nothing: a name is looked at here once more, and nothing but a plain file is taken.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from maximalab_kernel.transport import Event, Frame, Printed

if TYPE_CHECKING:
    from collections.abc import Iterator

BESIDE, OUTPUTS = "beside", "outputs"
"""What it writes for the notebook's folder, and long outputs: folders in the kernel's own."""
PICTURES = frozenset(
    {".svg", ".png", ".pdf", ".ps", ".eps", ".jpg", ".jpeg", ".gif", ".html", ".tex", ".txt"}
)
"""What gnuplot may write beside the notebook (so says lisp/gnuplot.lisp, too)."""
CHUNK = 1 << 20


def environment(folder: Path) -> dict[str, str]:
    """What Maxima's environment must say, whose own folder this is."""
    return {
        "MAXIMALAB_BESIDE": f"{folder}/{BESIDE}",
        "MAXIMALAB_OUTPUTS": f"{folder}/{OUTPUTS}",
        "TMPDIR": str(folder),
    }


def hidden(path: PurePath) -> bool:
    """Whether a part of it begins with a dot, as the names of keys and settings do."""
    return any(part.startswith(".") for part in path.parts)


def beside(name: PurePath, notebook: Path) -> Path | None:
    """Where a picture called `name` goes in the notebook's folder; `None` where it may not lie there."""
    if name.is_absolute() or hidden(name) or name.suffix not in PICTURES:
        return None
    folder = (notebook / name).parent.resolve()
    if not folder.is_relative_to(notebook) or hidden(folder.relative_to(notebook)) or not folder.is_dir():
        return None
    return folder / name.name


def copy(source: Path, target: Path) -> None:
    """Put the plain file `source` where `target` says, whole or not at all, and remove it here; raises `OSError`."""
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123  what was looked at is what is read
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return
        unfinished = target.with_name(f".{target.name}-{os.getpid()}")
        try:
            with unfinished.open("wb") as out:
                while chunk := file.read(CHUNK):
                    out.write(chunk)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)


class Carrier:
    """Carries what one kernel's Maxima has written in two folders of the kernel's own."""

    def __init__(self, folder: Path, notebook: Path) -> None:
        """Make them in `folder`. Names in them count from the `notebook`'s folder."""
        self._folder, self._notebook = folder, notebook.resolve()
        self._pictures, self._outputs = folder / BESIDE, folder / OUTPUTS
        for place in (self._pictures, self._outputs):
            place.mkdir(exist_ok=True)

    def carry(self, frame: Frame) -> Iterator[Event]:
        """What there is to carry before `frame` is told; then the frame, with names as they are now."""
        if frame.kind not in {"plot", "result", "done"}:
            yield frame
            return
        for place in (self._pictures, self._outputs):
            for root, _, names in os.walk(place):
                for name in names:
                    yield from self._carried(Path(root, name))
        told = {key: self._told(frame.text(key)) for key in ("path", "script") if frame.text(key)}
        yield Frame(frame.kind, {**frame.fields, **told}) if told else frame

    def _target(self, file: Path) -> Path | None:
        """Where this file goes; `None` for one that stays."""
        from maximalab_kernel import keeping  # noqa: PLC0415  no start waits for it

        if file.is_relative_to(self._pictures):
            return beside(file.relative_to(self._pictures), self._notebook)
        if file.parent == self._outputs and file.suffix == ".txt" and not hidden(PurePath(file.name)):
            return keeping.folder() / file.name
        return None

    def _carried(self, file: Path) -> Iterator[Event]:
        from maximalab_kernel.words import say  # noqa: PLC0415  no start waits for it

        target = self._target(file)
        if target is None:
            if file.is_relative_to(self._pictures) and file.is_file():
                name = file.relative_to(self._pictures)
                yield Printed("stderr", say("may_not_be_carried", name=name) + "\n")
                file.unlink(missing_ok=True)
            return
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            copy(file, target)
        except OSError as error:
            yield Printed("stderr", say("not_carried", name=target.name, why=error.strerror) + "\n")
        finally:
            file.unlink(missing_ok=True)

    def _told(self, text: str) -> str:
        """A name that Maxima has told, as the kernel may open it: a carried file, or one in its own folder."""
        path = Path(text)
        if ".." in path.parts or not path.is_relative_to(self._folder):
            return ""
        return str(self._target(path) or path)
