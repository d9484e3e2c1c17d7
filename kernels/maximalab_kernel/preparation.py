"""Makes a Maxima from a wheel ready: pip makes compiled share files as old as their sources; ECL then wants gcc."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def share_folders(root: Path) -> list[Path]:
    """The folders of compiled share packages in a wheel's `sage_wheels`."""
    return sorted(root.glob("lib/maxima/*/binary-ecl/share"))


def newest_source(root: Path) -> float:
    """The modification time of the newest Lisp source among the share packages, in seconds since the epoch."""
    sources = root.glob("share/maxima/*/share/**/*.lisp")
    return max((source.stat().st_mtime for source in sources), default=0.0)


def stale(root: Path) -> list[Path]:
    """The compiled files that are not clearly newer than every source: whole seconds are what Lisp compares."""
    limit = int(newest_source(root)) + 1
    return [
        file
        for folder in share_folders(root)
        for file in folder.rglob("*.fas")
        if file.stat().st_mtime < limit
    ]


def prepare(root: Path) -> int:
    """Make the compiled files under `root` newer than their sources; how many had to be changed.

    Doing it twice changes nothing. Raises `OSError` where the files belong to somebody else.
    """
    files = stale(root)
    age = max(newest_source(root) + 2, 0)
    for file in files:
        os.utime(file, (age, age))
    return len(files)
