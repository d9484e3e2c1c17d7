"""What of the set-up is done: one stamp a step, written when the step has ended well."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def digest(files: Iterable[Path], *words: str) -> str:
    """Sum up a step's inputs: names and contents of `files`, and `words`. A missing file counts as empty."""
    total = hashlib.sha256()
    for word in words:
        total.update(word.encode() + b"\0")
    for file in sorted(files):
        content = file.read_bytes() if file.is_file() else b""
        total.update(file.name.encode() + b"\0" + hashlib.sha256(content).digest())
    return total.hexdigest()


class Stamps:
    """The stamps of one virtual environment, kept inside it so that they go when it goes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, str]:
        """Read all stamps; a missing or torn file means that nothing is done."""
        try:
            content = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def write(self, step: str, value: str) -> None:
        """Record that `step` is done for the inputs summed up in `value`, whole or not at all."""
        stamps = self.read() | {step: value}
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(stamps, indent=1))
        new.replace(self.path)
