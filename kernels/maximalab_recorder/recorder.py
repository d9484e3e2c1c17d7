"""What a student's server has to tell: one call for each thing that happens; none of them can fail a run."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from maximalab_recorder.events import utc_now
from maximalab_recorder.heldcode import CODE_MOST, CellCode, HeldCode
from maximalab_recorder.ids import uuid7
from maximalab_recorder.runs import GRACE_SECONDS, RunJoin
from maximalab_recorder.signals import Began, KernelGone, TimePassed

if TYPE_CHECKING:
    from collections.abc import Callable

    from maximalab_recorder.boundary import Boundary
    from maximalab_recorder.events import EventSource
    from maximalab_recorder.runs import Run
    from maximalab_recorder.signals import Signal

NOTEBOOK_MOST = 1024
NAME_MOST = 128
CELL_ID_MOST = 64


@dataclass
class _Kernel:
    name: str
    join: RunJoin = field(default_factory=RunJoin)
    timer: bool = False


class Recorder:
    """Turns what is heard in a server into events. All calls come from the server's event loop.

    `notebook_of` gives the notebook of a kernel's session, relative to the server's root; `later` calls
    something after so many seconds. What is told is names, times and outcomes, never output; `code` holds the code of
    cells for the delivery, where the usage service asks for it.
    """

    def __init__(
        self,
        source: EventSource,
        boundary: Boundary,
        notebook_of: Callable[[str], str | None],
        later: Callable[[float, Callable[[], None]], Any],
        code: HeldCode | None = None,
    ) -> None:
        self.code = HeldCode() if code is None else code
        self._source = source
        self._boundary = boundary
        self._notebook_of = notebook_of
        self._later = later
        self._kernels: dict[str, _Kernel] = {}

    def around(self, what: str) -> Any:  # noqa: ANN401  (a context manager of the boundary)
        """Keep a failure to `what` away from the server."""
        return self._boundary.around(what)

    def notebook_of(self, kernel_id: str) -> str | None:
        """Give the notebook whose cells this kernel runs, where a session says so."""
        found: list[str | None] = []
        with self.around("find a kernel's notebook"):
            found.append(bounded(self._notebook_of(kernel_id), NOTEBOOK_MOST))
        return found[0] if found else None

    def process_began(self, kernel_id: str, name: str, notebook: str | None) -> None:
        """Tell of a kernel's process: the first is its start; what an earlier one left open died with it."""
        with self.around("tell of a kernel"):
            if kernel_id in self._kernels:
                self.hear(kernel_id, KernelGone())
                return
            self._kernels[kernel_id] = _Kernel(name)
            self.tell_of_kernel("kernel_start", kernel_id, notebook=notebook)

    def tell_of_kernel(
        self, kind: str, kernel_id: str, notebook: str | None = None, **detail: object
    ) -> None:
        """Tell of a kernel as a whole: `kernel_start`, `kernel_restart` or `kernel_dead`."""
        with self.around("tell of a kernel"):
            name = self._kernels[kernel_id].name if kernel_id in self._kernels else None
            place = bounded(notebook, NOTEBOOK_MOST) or self.notebook_of(kernel_id)
            self._source.emit(
                kind,
                kernel=bounded(name, CELL_ID_MOST),
                notebook=place,
                detail={"kernel_id": kernel_id, **detail},
            )

    def tell_of_notebook(self, kind: str, notebook: str) -> None:
        """Tell that a notebook was opened or saved."""
        with self.around("tell of a notebook"):
            self._source.emit(kind, notebook=bounded(notebook.strip("/"), NOTEBOOK_MOST), detail={})

    def hear(self, kernel_id: str, signal: Signal) -> None:
        """Take in what was heard about runs of a kernel; tell those that it ends."""
        with self.around("tell of a run"):
            kernel = self._kernels.get(kernel_id)
            if kernel is None:
                return
            now = time.monotonic()
            for run in kernel.join.hear(signal, now, utc_now()):
                event_id, closes = self._hold_code(run), _note_of(kernel_id, run.msg_id)
                told = run_fields(kernel.name, run)
                self._source.emit("run", at=run.at, event_id=event_id, closes=closes, **told)
            begun = kernel.join.under_way(signal.msg_id, now) if isinstance(signal, Began) else None
            if begun is not None:
                self._note(kernel_id, kernel.name, begun)
            if kernel.join.waiting and not kernel.timer:
                kernel.timer = True
                self._later(GRACE_SECONDS + 0.1, lambda: self._time_passed(kernel_id))

    def tell_of_killed_runs(self) -> None:
        """Tell the runs that an earlier start of this server left under way when it was killed: they died with it.

        Each is told once: its note goes in the same stroke in which its event is written down.
        """
        with self.around("tell of runs that were under way when the server was killed"):
            for name, note in self._source.spool.notes().items():
                fields = {each: value for each, value in note.items() if each != "at"}
                fields["detail"] = {**note["detail"], "server": "killed"}
                self._source.emit("run", at=datetime.fromisoformat(note["at"]), closes=name, **fields)

    def forget(self, kernel_id: str) -> None:
        """Let go of a kernel that is no more; runs that it left open are told as dead."""
        self.hear(kernel_id, KernelGone())
        self._kernels.pop(kernel_id, None)

    def _hold_code(self, run: Run) -> str | None:
        """Hold the code of a cell before its event can be sent; give the event's name, where there is any code.

        Only of a notebook's cell: what consoles and scripts run is not asked for.
        """
        text = bounded(run.code, CODE_MOST)
        if run.code is None or text is None or run.cell_id is None:
            return None
        event_id = str(uuid7(utc_now()))
        return event_id if self.code.keep(event_id, CellCode(text, len(run.code) > CODE_MOST)) else None

    def _time_passed(self, kernel_id: str) -> None:
        if kernel_id in self._kernels:
            self._kernels[kernel_id].timer = False
            self.hear(kernel_id, TimePassed())

    def _note(self, kernel_id: str, kernel: str, run: Run) -> None:
        note = {"at": run.at.isoformat(), **run_fields(kernel, run)}
        self._source.spool.note(_note_of(kernel_id, run.msg_id), note)


def _note_of(kernel_id: str, msg_id: str) -> str:
    return bounded(f"{kernel_id}/{msg_id}", NAME_MOST) or kernel_id


def run_fields(kernel: str, run: Run) -> dict[str, Any]:
    """Give the fields of a `run` event, cut to what the service takes."""
    return {
        "notebook": run.notebook,
        "cell_id": bounded(run.cell_id, CELL_ID_MOST),
        "kernel": bounded(kernel, CELL_ID_MOST),
        "duration_ms": run.duration_ms,
        "outcome": run.outcome,
        "error_name": bounded(run.error_name, NAME_MOST),
        "detail": {"via": run.via, **({"reply": run.reply} if run.reply else {})},
    }


def bounded(text: str | None, most: int) -> str | None:
    """Cut `text` to what the service takes; None for nothing at all.

    A kernel or a client may put anything into a name: what no text can hold (half a surrogate pair, a zero) becomes
    a question mark, so that the event itself is not refused for it.
    """
    if not text:
        return None
    return text[:most].encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
