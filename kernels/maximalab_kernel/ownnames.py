"""The names that the user has defined: as Maxima tells them between cells, as the cells spell them while one runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maximalab_kernel.completion import Match

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFINITION = re.compile(
    r"(?<![\w%])((?:[^\W\d]|%)[\w%]*)\s*(?:(\([^()]*\)|\[[^][]*\])\s*::?=|::?(?![=:]))", re.UNICODE
)


class OwnNames:
    """Names by name; those of the cells are kept until Maxima tells what there really is."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._told: dict[str, Match] = {}
        self._spelt: dict[str, Match] = {}
        self._sources: dict[str, str] = {}

    @property
    def by_name(self) -> dict[str, Match]:
        """All that are known now."""
        return {**self._spelt, **self._told}

    def spelt(self, code: str) -> None:
        """Learn from a cell that is about to run."""
        for match in DEFINITION.finditer(code):
            name, arguments = match[1], match[2] or ""
            kind = "function" if arguments.startswith("(") else "variable"
            self._spelt[name] = Match(name, kind, name + arguments if arguments else "")
            self._sources[name] = code[match.start() : code.find("\n", match.end()) % (len(code) + 1)].strip()

    def told(self, lines: Iterable[str]) -> None:
        """Learn what Maxima says: `function f(x)` or `variable a`, one a line. Whatever else was spelt is no more."""
        self._told, self._spelt = {}, {}
        for line in lines:
            kind, _, signature = line.partition(" ")
            name = re.split(r"[(\[]", signature, maxsplit=1)[0]
            self._told[name] = Match(name, kind, signature if signature != name else "")

    def source(self, name: str) -> str:
        """The line that defined it, as it was spelt; nothing where no cell did."""
        return self._sources.get(name, "")
