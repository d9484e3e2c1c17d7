"""The two runs of a file of the test suite: through the kernel's server, and through a Maxima without it."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_kernel.environment import scrubbed
from maximalab_kernel.maxima import MaximaProcess
from maximalab_kernel.statements import split
from maximalab_kernel.transport import Frame, MaximaDiedError

from rtest.outcomes import Outcome

if TYPE_CHECKING:
    from maximalab_kernel.finder import Installation

ALONE = Path(__file__).with_name("alone.lisp")
SECONDS = 1200
"""A file may take so long, either way."""
HEAP = "1024"


def suite(folder: Path) -> list[Path]:
    """Every test file of the Maxima in `folder`: its own, and those of the share packages."""
    own, shared = (folder.glob(f"share/maxima/*/{place}/rtest*.mac") for place in ("tests", "share/**"))
    return [file for file in (*sorted(own), *sorted(shared)) if not file.stem.endswith("_input")]


def problems(text: str) -> list[str]:
    """The statements to evaluate, as the kernel splits a cell: every other one, between them what they should give."""
    return [statement.source for statement in split(text)][::2]


def answers_of(file: Path) -> Path | None:
    """The file of answers to the questions of a test file, where it has one."""
    answers = file.with_name(f"{file.stem}_input.mac")
    return answers if answers.exists() else None


def shown(process: MaximaProcess, problem: str, answers: list[str]) -> Outcome:
    """What the kernel makes of a problem: the text of the result, wherever it shows it as one line."""
    frames = []
    for event in process.request("eval", problem):
        if isinstance(event, Frame):
            frames.append(event)
            if event.kind == "input":
                process.answer(answers.pop(0) if answers else None)
    kinds = {frame.kind: frame for frame in frames}
    if "error" in kinds:
        return Outcome("error")
    frame = kinds.get("result")
    if frame is None or frame.fields.get("columns"):  # ended in `$`, a plot, or drawn as a table
        events = process.request("value", "if stringp(%) then % else string(%)")
        lines = [event for event in events if isinstance(event, Frame) and event.kind == "result"]
        frame = lines[0] if lines else None
    return Outcome("result", frame.text("text")) if frame else Outcome("error")


def through_kernel(installation: Installation, file: Path) -> list[Outcome]:
    """Feed a file expression by expression; where Maxima ends, a new one goes on, as for a student."""
    process, told = MaximaProcess(installation), []
    answered = answers_of(file)
    answers = (
        [statement.text for statement in split(answered.read_text(encoding="utf-8"))] if answered else []
    )
    limit = threading.Timer(SECONDS, process.kill, ["the file took too long"])
    limit.start()
    try:
        for problem in problems(file.read_text(encoding="utf-8", errors="replace")):
            try:
                told.append(shown(process, problem, answers))
            except MaximaDiedError:
                told.append(Outcome("died"))
    finally:
        limit.cancel()
        process.close()
    return told


def through_alone(core: Path, file: Path, folder: Path) -> list[Outcome]:
    """The same by Maxima alone, in a process of its own that ends with the file.

    It gets the problems only: reading what they should give has effects, too (a noun that is read becomes one again).
    """
    told, fed = folder / f"{file.stem}.told", folder / f"{file.stem}.fed"
    fed.write_text("\n".join(problems(file.read_text(encoding="utf-8", errors="replace"))), encoding="utf-8")
    with (folder / f"{file.stem}.log").open("wb") as log:
        subprocess.run(
            [
                "timeout", str(SECONDS), str(core.parent / "sbcl"), "--core", str(core),
                "--noinform", "--dynamic-space-size", f"{HEAP}MB",
                "--disable-ldb", "--end-runtime-options", "--no-sysinit", "--no-userinit",
                "--eval", "(cl-user::run)", "--end-toplevel-options", f"--preload={ALONE}",
            ],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False,
            env={
                **scrubbed(os.environ), "MAXIMA_PREFIX": str(core.parent), "MAXIMA_TEMPDIR": str(folder),
                "RTEST_FILE": str(fed), "RTEST_ANSWERS": str(answers_of(file) or ""), "RTEST_TOLD": str(told),
            },
        )  # fmt: skip
    return read_told(told.read_text(encoding="utf-8")) if told.exists() else []


def read_told(text: str) -> list[Outcome]:
    """What `alone.lisp` has written."""
    outcomes = []
    while text:
        head, _, rest = text.partition("\n")
        kind, length = head.split()
        outcomes.append(Outcome(kind, rest[: int(length)]))
        text = rest[int(length) + 1 :]
    return outcomes
