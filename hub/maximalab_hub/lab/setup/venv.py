"""The virtual environment, also where Debian and Ubuntu have split off the part of Python that makes one."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def version() -> str:
    """Give the version of the Python that runs this, such as `3.13`."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def mark_of(venv: Path) -> Path:
    """Name the file that is there while pip writes into `venv`: who finds it cannot trust what pip left."""
    return venv / "maximalab-unfinished"


def usable(venv: Path) -> bool:
    """Say whether `venv` is whole: pip was not cut off, its Python runs, is of this version, and has pip."""
    python = venv / "bin" / "python"
    if not python.is_file() or mark_of(venv).exists():
        return False
    ask = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([python, "-c", ask], capture_output=True, text=True, timeout=60, check=False)
    return answer.returncode == 0 and answer.stdout.strip() == version()


def lacks_ensurepip() -> bool:
    """Say whether this Python cannot make virtual environments (Debian's without `python3-venv`)."""
    return importlib.util.find_spec("ensurepip") is None


def package() -> str:
    """Name Debian's package with the missing part of this Python."""
    return f"python{version()}-venv"


def line_to_type() -> str:
    """Give the line that a person types to install what is missing."""
    if shutil.which("apt-get"):
        return f"sudo apt-get update && sudo apt-get install -y {package()}"
    return "install your system's package for Python's `venv` and `ensurepip`"


def as_root(*, geteuid: int, sudo: str | None, passwordless: bool, terminal: bool) -> list[str] | None:
    """Decide how to become root: not at all, by sudo without or with a password, or (None) not allowed."""
    if geteuid == 0:
        return []
    if sudo and passwordless:
        return [sudo, "-n"]
    if sudo and terminal:
        return [sudo]
    return None


def way_to_root() -> list[str] | None:
    """Find out how this person may become root here."""
    sudo = shutil.which("sudo")
    passwordless = bool(sudo) and (
        subprocess.run(["sudo", "-n", "true"], capture_output=True, timeout=20, check=False).returncode == 0
    )
    return as_root(geteuid=os.geteuid(), sudo=sudo, passwordless=passwordless, terminal=sys.stdin.isatty())


def install_commands() -> list[list[str]] | None:
    """List the commands that install what is missing, or None where that is not allowed or not known."""
    root = way_to_root()
    if root is None or not shutil.which("apt-get"):
        return None
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    return [[*apt, "update", "-qq"], [*apt, "install", "-y", "-qq", "--no-install-recommends", package()]]
