"""Checks of the engines on which servers run: whether they answer, and what they cannot do."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from maximalab_hub.doctor.finding import Finding, ok, wrong
from maximalab_hub.doctor.programs import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maximalab_hub.settings import Settings


def engines(settings: Settings) -> Iterator[Finding]:
    """Ask every engine of the file of backends; one finding for each thing that is to be mended."""
    command = [sys.executable, "-m", "maximalab_spawner.enginecheck", str(settings.backends.file)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired as error:
        yield wrong(str(error), "See what holds it up: python -m maximalab_spawner.enginecheck BACKENDS")
        return
    if ran.returncode:
        yield wrong(ran.stderr.strip()[-400:], "Mend the file, as it says")
    elif not ran.stdout:
        yield ok("none: servers are processes of this machine")
    for line in ran.stdout.splitlines():
        found = json.loads(line)
        text = f"{found['backend']}: {found['what']}"
        yield wrong(text, found["remedy"]) if found["remedy"] else ok(text)
