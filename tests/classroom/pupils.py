"""Students who run one cell after another, each in a server of their own, and remember every answer."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from labclient import NotebookKernel, Visitor

MATERIAL = "simplex"
SERVER = "public-maxima"
CELLS = (
    ("6*7;", "ok"),
    ("solve(x^2 - 5*x + 6 = 0, x);", "ok"),
    ("1/0;", "error"),
    ("integrate(x^2, x, 0, 1);", "ok"),
    ('print("Київ")$', "ok"),
    ("matrix([1, 2], [3, 4])^^-1;", "ok"),
    ("f(x := 2;", "error"),
    ("for i thru 1000 do i^2$", "ok"),
)
"""What is run in turn, and how the kernel must answer."""


@dataclass
class Pupil:
    """One student at the public entrance. `answered` holds each run's own cell id with its outcome."""

    visitor: Visitor
    kernel: NotebookKernel
    answered: dict[str, str] = field(default_factory=dict)

    @classmethod
    def arrives(cls, entrance: str, name: str, password: str, *, spawn_seconds: float) -> Pupil:
        """Sign in, open the material and wait for a kernel."""
        visitor = Visitor(entrance, name, password)
        visitor.sign_in()
        visitor.open_and_wait(MATERIAL, SERVER, seconds=spawn_seconds)
        return cls(visitor, NotebookKernel(visitor, SERVER, f"{MATERIAL}/{MATERIAL}.en.ipynb"))

    @property
    def name(self) -> str:
        return self.visitor.name

    def works(self, pause: float, over: threading.Event) -> None:
        """Run the cells in turn, `pause` seconds apart, until the lesson is over."""
        for number, (code, expected) in enumerate(itertools.cycle(CELLS)):
            cell = f"{self.name}-{number}"
            reply = self.kernel.run(code, cell_id=cell, seconds=180)
            assert reply.status == expected, f"{cell}: {code} was answered {reply}"
            self.answered[cell] = reply.status
            if over.wait(pause):
                return


class Classroom:
    """All pupils at work, each in a thread; what goes wrong with one of them is kept and told."""

    def __init__(self, pupils: Sequence[Pupil], pause: float) -> None:
        self.pupils, self._over = pupils, threading.Event()
        self._faults: list[str] = []
        self._threads = [threading.Thread(target=self._work, args=(one, pause)) for one in pupils]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the lesson: every run that was sent is answered before this returns."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self, pupil: Pupil, pause: float) -> None:
        try:
            pupil.works(pause, self._over)
        except Exception as error:  # noqa: BLE001  a thread's error would be lost; it is told by `answered`
            self._faults.append(f"{pupil.name}: {error!r}")

    def answered(self) -> Mapping[str, str]:
        """All cells answered so far with their outcomes. Fails where a pupil's path was hurt."""
        assert not self._faults, self._faults
        return {cell: outcome for one in self.pupils for cell, outcome in one.answered.copy().items()}
