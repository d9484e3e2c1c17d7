"""The image of students' servers, as a site builds it; built once for what stands in the folders that it is made of."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECIPE = "images/singleuser/Dockerfile"
MADE_OF = ("images/singleuser", "images/maxima", "kernels", ".dockerignore")
PATIENCE = 1800
"""Seconds; from nothing it takes minutes, on a machine with much else to do a quarter of an hour."""


def sources() -> list[Path]:
    """The files that go into the image: those that git knows, or would know."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *MADE_OF]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in sorted(set(names)) if name and (ROOT / name).is_file()]


@cache
def reference() -> str:
    """Name the image by its sources: another state of them is another image."""
    content = hashlib.sha256()
    for file in sources():
        data = file.read_bytes()
        content.update(f"{file.relative_to(ROOT)} {file.stat().st_mode} {len(data)}\n".encode())
        content.update(data)
    return f"maximalab-singleuser:{content.hexdigest()[:16]}"


def docker(*words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", *words], cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
    )


def build() -> str:
    """Build the image where it is not there, however many tests ask at a time; its name."""
    name = reference()
    with (Path(tempfile.gettempdir()) / "maximalab-singleuser.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if docker("image", "inspect", name).returncode != 0:
            built = docker("build", "--file", RECIPE, "--tag", name, ".", timeout=PATIENCE)
            assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-2000:]
    return name
