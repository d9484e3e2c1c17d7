"""What a Maxima process gets to see: an environment without the server's secrets, and a folder of its own for plots."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET = re.compile(
    r"^(JUPYTERHUB_|JPY_|JUPYTER_TOKEN|MAXIMALAB_USAGE|MAXIMALAB_SPOOL)|TOKEN|SECRET|PASSWORD|API_KEY"
)
"""Variables that hold keys, or tell where the server talks to: no affair of a student's code."""

FOLDER = "maximalab-kernel-"


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
        if owner.isdigit() and not alive(int(owner)) and folder.stat().st_uid == os.getuid():
            shutil.rmtree(folder, ignore_errors=True)


def plot_folder() -> Path:
    """A fresh folder, named after this process, for plots and other files that go with the kernel."""
    sweep(Path(tempfile.gettempdir()))
    return Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-"))
