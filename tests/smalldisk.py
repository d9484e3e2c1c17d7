"""A file system of a few megabytes, in memory, that a test fills to its last byte. Needs root."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BLOCKS = (1 << 16, 1 << 12, 1)


def mount(folder: Path, megabytes: int, mode: str = "0700") -> None:
    """Mount one at an empty folder."""
    options = f"size={megabytes}m,mode={mode}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "maximalab", str(folder)], check=True)


def unmount(folder: Path) -> None:
    """Give it back, with all that it holds, whoever still has a file of it open."""
    subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Let nothing more be written there, for a while."""
    filler = folder / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            for size in BLOCKS:
                _until_full(file.fileno(), bytes(size))
        yield
    finally:
        filler.unlink()


def _until_full(descriptor: int, block: bytes) -> None:
    while True:
        try:
            os.write(descriptor, block)
        except OSError as error:
            assert error.errno == errno.ENOSPC, error  # noqa: PT017  any other fault is the test's own
            return
