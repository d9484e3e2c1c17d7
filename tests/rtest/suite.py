"""The files of Maxima's own test suite, and the problems in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_kernel.statements import split

if TYPE_CHECKING:
    from pathlib import Path


def suite(folder: Path) -> list[Path]:
    """Every test file of the Maxima in `folder`: its own, and those of the share packages."""
    own, shared = (folder.glob(f"share/maxima/*/{place}/rtest*.mac") for place in ("tests", "share/**"))
    return [file for file in (*sorted(own), *sorted(shared)) if not file.stem.endswith("_input")]


def problems(text: str) -> list[str]:
    """The statements to evaluate, as the kernel splits a cell: every other one, between them what they should give."""
    return [statement.source for statement in split(text)][::2]


def problems_of(file: Path) -> list[str]:
    """The problems of a test file."""
    return problems(file.read_text(encoding="utf-8", errors="replace"))


def answers_file(file: Path) -> Path | None:
    """The file of answers to the questions of a test file, where it has one."""
    answers = file.with_name(f"{file.stem}_input.mac")
    return answers if answers.exists() else None


def answers_of(file: Path) -> list[str]:
    """What the questions of a test file get, in order."""
    answers = answers_file(file)
    return [statement.text for statement in split(answers.read_text(encoding="utf-8"))] if answers else []
