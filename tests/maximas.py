"""Every Maxima of this machine, and what it says to one request."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from maximalab_kernel.finder import (
    CORE_FOLDERS,
    VARIABLE,
    NoMaximaError,
    find,
    from_core,
    from_program,
    from_wheel,
    wheel_folder,
)
from maximalab_kernel.preparation import prepare
from maximalab_kernel.transport import Frame, Printed

TEST_CORE = "MAXIMALAB_TEST_CORE"
"""The folder of a core for these tests alone."""
TEST_MAXIMA = "MAXIMALAB_TEST_MAXIMA"
"""The Maxima of the kernel's tests: `ecl`, `sbcl`, `gcl`, or the path of one. Without it, what the kernel finds."""
NEEDS = {
    "ecl": "needs the wheel: pip install --no-deps passagemath-maxima passagemath-ecl",
    "sbcl": "needs the saved core: images/maxima/build",
    "gcl": "needs Debian's Maxima on GCL: apt-get install maxima maxima-share",
}


def find_ecl():
    root = wheel_folder()
    if root is not None:
        prepare(root)
    return from_wheel(root) if root else None


def find_sbcl():
    folders = [os.environ.get(TEST_CORE), os.environ.get(VARIABLE), *CORE_FOLDERS]
    return next(filter(None, (from_core(Path(folder).expanduser()) for folder in folders if folder)), None)


def find_gcl():
    program = shutil.which("maxima")
    on_gcl = program and any(Path("/usr/lib/maxima").glob("*/binary-gcl"))
    return from_program("PATH", program) if on_gcl else None


FINDERS = {"ecl": find_ecl, "sbcl": find_sbcl, "gcl": find_gcl}


def find_chosen():
    """The Maxima that the environment names for the tests, or the kernel finds; `NoMaximaError` without it."""
    told = os.environ.get(TEST_MAXIMA)
    if told not in FINDERS:
        return find(told)
    found = FINDERS[told]()
    if found is None:
        raise NoMaximaError(NEEDS[told])
    return found


def lisp_of(installation):
    """The Lisp that it is built with: that of the wheel, of the core, or Debian's."""
    return "ecl" if installation.wheel else "sbcl" if installation.core else "gcl"


def path_of(installation):
    """What MAXIMALAB_MAXIMA must say for it."""
    if installation.core:
        return str(installation.core.parent)
    return str(installation.wheel / "bin" / "maxima") if installation.wheel else installation.command[0]


@dataclass
class Said:
    """What one request brought."""

    events: list = field(default_factory=list)

    def frames(self, kind):
        return [event for event in self.events if isinstance(event, Frame) and event.kind == kind]

    @property
    def results(self):
        return [frame.text("text") for frame in self.frames("result")]

    @property
    def labels(self):
        return [frame.text("label") for frame in self.frames("result")]

    @property
    def printed(self):
        return "".join(event.text for event in self.events if isinstance(event, Printed))

    @property
    def error(self):
        return next((frame.text("name") for frame in self.frames("error")), None)

    @property
    def message(self):
        return next((frame.text("message") for frame in self.frames("error")), None)


def ask(process, text, operation="eval", answers=()):
    """Everything that comes of a request; its questions get `answers`, then are refused."""
    said, left = Said(), list(answers)
    for event in process.request(operation, text):
        said.events.append(event)
        if isinstance(event, Frame) and event.kind == "input":
            process.answer(left.pop(0) if left else None)
    return said


def until(condition, within=20.0):
    limit = time.monotonic() + within
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.005)
