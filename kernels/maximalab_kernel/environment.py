"""What a Maxima process gets to see: an environment without the server's secrets, and a folder of its own for plots."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET = re.compile(
    r"^(JUPYTERHUB_|JPY_|JUPYTER_TOKEN|MAXIMALAB_USAGE|MAXIMALAB_SPOOL)|TOKEN|SECRET|PASSWORD|API_KEY"
)
"""Variables that hold keys, or tell where the server talks to: no affair of a student's code."""

FOLDER = "maximalab-kernel-"
TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108  folders are made in them under names that nobody can guess


def scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without secrets, and with an encoding that carries every script."""
    kept = {name: value for name, value in environment.items() if not SECRET.search(name)}
    return {**kept, "LC_ALL": "C.UTF-8"}


def alive(pid: int) -> bool:
    """Whether a process with this number is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def sweep(parent: Path) -> None:
    """Remove the folders of kernels that were killed before they could."""
    for folder in parent.glob(FOLDER + "*"):
        owner = folder.name.removeprefix(FOLDER).partition("-")[0]
        with contextlib.suppress(FileNotFoundError):  # one that starts at this moment removes it, too
            if owner.isdigit() and not alive(int(owner)) and folder.stat().st_uid == os.getuid():
                remove(folder)


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, as far as it can be."""
    import shutil  # noqa: PLC0415  it loads three libraries of compression, and is needed at the end only

    shutil.rmtree(folder, ignore_errors=True)


def temporary() -> Path:
    """Where temporary files go: what `TMPDIR`, `TEMP` or `TMP` say, else the system's folder."""
    told = [os.environ.get(name, "") for name in ("TMPDIR", "TEMP", "TMP")]
    for place in (*told, *TEMPORARY):
        if place and os.access(place, os.W_OK | os.X_OK):
            return Path(place).absolute()
    return Path.cwd()


def plot_folder() -> Path:
    """A fresh folder, named after this process, for plots and other files that go with the kernel."""
    parent = temporary()
    sweep(parent)
    folder = parent / f"{FOLDER}{os.getpid()}-{os.urandom(6).hex()}"
    folder.mkdir(mode=0o700)
    return folder


def runnable(name: str) -> str | None:
    """The program in the PATH, or at the place that `name` gives; `None` where there is none that can be run."""
    if os.sep in name:
        return name if os.access(name, os.X_OK) and not Path(name).is_dir() else None
    for folder in os.get_exec_path():
        place = Path(folder or os.curdir) / name
        if os.access(place, os.X_OK) and not place.is_dir():
            return str(place)
    return None
