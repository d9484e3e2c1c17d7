"""Every notebook, run once from top to bottom in a real Maxima kernel that stays open for questions."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbclient import NotebookClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"


class Lesson:
    """A notebook in a running kernel: what its cells showed, and what the kernel says to more cells."""

    def __init__(self, path: Path, kernels: ExitStack) -> None:
        self._sources = {cell.id: cell.source for cell in _code_cells(path)}
        self._client = NotebookClient(
            nbformat.v4.new_notebook(),
            kernel_name="maxima",
            timeout=60,
            resources={"metadata": {"path": str(path.parent)}},
        )
        kernels.enter_context(self._client.setup_kernel())
        self._outputs = {cell_id: self.run(source) for cell_id, source in self._sources.items()}

    def run(self, source: str) -> list[nbformat.NotebookNode]:
        """What the kernel shows for `source`; an error in it raises `CellExecutionError`."""
        cell = nbformat.v4.new_code_cell(source)
        self._client.nb.cells.append(cell)
        self._client.execute_cell(cell, len(self._client.nb.cells) - 1)
        return cell.outputs

    def results(self, cell_id: str) -> list[str]:
        """The results of a cell on one line each, without labels, white space and the brackets of `-(1/3)`."""
        data = [output.get("data", {}) for output in self._outputs[cell_id]]
        return [_bare(shown["text/plain"]) for shown in data if "text/plain" in shown]

    def pictures(self, cell_id: str) -> list[str]:
        """The drawings of a cell, as SVG."""
        data = [output.get("data", {}) for output in self._outputs[cell_id]]
        return [shown["image/svg+xml"] for shown in data if "image/svg+xml" in shown]

    def printed(self, cell_id: str) -> str:
        """What a cell wrote as text, outside its results."""
        return _printed(self._outputs[cell_id])

    def exercises(self) -> list[int]:
        """The numbers of the exercises, in the order of the notebook."""
        return [int(cell_id.split("-")[1]) for cell_id in self._sources if cell_id.endswith("-check")]

    def verdict(self, number: int, answer: str) -> str:
        """What the check of an exercise says to `answer`, written as a student writes it."""
        self.run(f"answer{number}: {answer}$")
        return _printed(self.run(self._sources[f"exercise-{number}-check"]))


def _code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def _bare(result: str) -> str:
    line = re.sub(r"^\(%o\d+\)|\s+", "", result)
    return re.sub(r"-\((\d+/\d+)\)", r"-\1", line)


def _printed(outputs: list[nbformat.NotebookNode]) -> str:
    return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.fixture(scope="session")
def lesson() -> Iterator[Callable[[str, str], Lesson]]:
    """Open a material in a language: one kernel each, ended after the last test."""
    opened: dict[tuple[str, str], Lesson] = {}
    with ExitStack() as kernels:

        def open_once(material: str, language: str) -> Lesson:
            if (material, language) not in opened:
                path = NOTEBOOKS / material / f"{material}.{language}.ipynb"
                opened[material, language] = Lesson(path, kernels)
            return opened[material, language]

        yield open_once
