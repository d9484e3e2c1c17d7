"""The images of a lab in containers, as deploy/build makes them; built once for what stands in the folders behind them.

`.ci/run` imports this before anything is installed: nothing but Python's own and `serverimage` is in it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import serverimage
from serverimage import ROOT

MADE_OF = (
    ".dockerignore",
    "deploy/build",
    "deploy/proxy",
    "deploy/vpn",
    "hub",
    "images",
    "jupyterhub_config.py",
    "kernels",
    "pyproject.toml",
    "spawner_config",
)
PATIENCE = 1800


@cache
def tag() -> str:
    """Name the images by what they are made of."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *MADE_OF]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    content = hashlib.sha256()
    for name in sorted(set(names)):
        if name and (ROOT / name).is_file():
            content.update(f"{name}\n".encode() + (ROOT / name).read_bytes())
    return content.hexdigest()[:16]


def build() -> None:
    """Build the images as deploy/build does, unless they are there; the student's is the one of the other tests."""
    names = "hub proxy relay postgres gateway"
    with (Path(tempfile.gettempdir()) / "maximalab-compose.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tagged = serverimage.docker("tag", serverimage.build(), f"maximalab/singleuser:{tag()}")
        assert tagged.returncode == 0, tagged.stderr[-1500:]
        if serverimage.docker("image", "inspect", f"maximalab/gateway:{tag()}").returncode:
            env = {**os.environ, "TAG": tag(), "NAMES": names}
            built = subprocess.run(
                [ROOT / "deploy/build"],
                env=env,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            assert built.returncode == 0, built.stdout[-500:] + built.stderr[-3000:]
