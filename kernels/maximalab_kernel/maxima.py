"""Maxima with our server inside, as the kernel speaks to it: requests, answers, interrupts."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_kernel.aftermath import remove_pictures, without_noise
from maximalab_kernel.environment import plot_folder, remove
from maximalab_kernel.memory import COPIED_SHARE, LOOK_EVERY, SHARE, Allowance, Verdict, Watch, resident
from maximalab_kernel.process import Process
from maximalab_kernel.rules import rules
from maximalab_kernel.transport import Event, Frame, MaximaDiedError, Printed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from maximalab_kernel.carrying import Carrier
    from maximalab_kernel.finder import Installation

START_WITHIN = 60.0
"""Seconds that a Maxima may take to say that it is ready, on a busy machine."""
SILENCE = 0.5
"""Seconds after which a process that says nothing is looked after."""
OURS = {"maximalab:too_deep": "too_deep", "maximalab:abandoned": "abandoned"}
"""What lisp/guard.lisp leaves to the kernel's words."""
PADDING = "    "
"""Before each request: GCL loses a byte of what it reads to an interrupt that comes too late."""


def say(key: str, **values: object) -> str:
    """The kernel's words; read only when there is something to say, so that Maxima starts before."""
    from maximalab_kernel import words  # noqa: PLC0415

    return words.say(key, **values)


def quoted(text: str) -> str:
    """`text` as a string of Lisp."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class MaximaProcess:
    """A `Transport` to Maxima as a child process; see `transport.Transport` for the contract."""

    def __init__(self, installation: Installation) -> None:
        """Nothing is started yet."""
        self._installation = installation
        self._folder: Path | None = None
        self._carrier: Carrier | None = None
        self._process: Process | None = None
        self._lock = threading.Lock()
        self._in_flight = False
        self._interrupted = False
        self._asking = False
        self._signals = 0
        self._killed_for = ""
        self._ready = False
        self._count = 0
        self._held = ""
        self._serve_meanwhile: Callable[[], None] = lambda: None
        self._meanwhile_descriptors: tuple[int, ...] = ()
        self._watch: Watch | None = None
        self._share = COPIED_SHARE if installation.core is not None else SHARE
        self._allowed = Allowance(installation.heap_mb, share=self._share)

    @property
    def pid(self) -> int | None:
        """The process that runs now, if any."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start Maxima without waiting for it; from the thread that lives as long as the kernel."""
        if self._folder is None:
            self._folder = plot_folder()
            if rules().walled:
                from maximalab_kernel.carrying import Carrier  # noqa: PLC0415  an open kernel has none

                self._carrier = Carrier(self._folder, Path.cwd())
        self._process = Process(self._installation, self._folder)
        self._ready, self._killed_for, self._signals = False, "", 0

    def request(self, operation: str, text: str) -> Iterator[Event]:
        """See `Transport.request`."""
        try:
            yield from self._request(operation, text)
        except MaximaDiedError:
            yield from self._told_late()
            self.start()  # so that the new one is there when the reader goes on
            raise

    def _request(self, operation: str, text: str) -> Iterator[Event]:
        self.ready()
        self._count += 1
        with self._lock:
            self._in_flight, self._interrupted, self._held = True, False, ""
            signals = self._signals
        self._watch = self._allowed.watch(resident(self.pid or 0))
        interrupted = False
        try:
            self._send(operation, text, signals)
            for event in self._carried():
                if isinstance(event, Frame) and event.kind == "done":
                    break
                if isinstance(event, Frame) and event.kind == "input":
                    self._asking = True
                stopped = isinstance(event, Frame) and event.fields.get("name") == "KeyboardInterrupt"
                interrupted |= stopped
                if not self._holds(event):
                    yield self._in_our_words(event, operation)
        finally:
            with self._lock:
                late = self._in_flight and self._interrupted and not interrupted
                self._in_flight = self._asking = False
            full, self._watch = self._watch.stopped_at is not None, None
        if self._interrupted:
            yield from self._put_away()
        if late:
            self._ask_server("settle", str(self._signals))
        if full:
            self._ask_server("collect", "")

    def _carried(self) -> Iterator[Event]:
        """What Maxima prints and answers; what it has written for the reader is where the reader looks for it."""
        for event in self._events():
            if self._carrier is not None and isinstance(event, Frame):
                yield from self._carrier.carry(event)
            else:
                yield event

    def _holds(self, event: Event) -> bool:
        """Hold back what an interrupted evaluation prints on descriptor 2: only the whole of it tells what is noise."""
        if not (self._interrupted and isinstance(event, Printed) and event.stream == "stderr"):
            return False
        self._held += event.text
        return True

    def _told_late(self) -> Iterator[Event]:
        """What was held back and is the reader's."""
        told, self._held = without_noise(self._held), ""
        if told:
            yield Printed("stderr", told)

    def _put_away(self) -> Iterator[Event]:
        """After an interrupt: once its programs are gone, what they said last is told, and no file of theirs stays."""
        if self._process is not None:
            self._process.without_programs()
            yield from (event for event in self._process.outlets.printed() if not self._holds(event))
        yield from self._told_late()
        if self._folder is not None:
            remove_pictures(self._folder)

    def _in_our_words(self, event: Event, operation: str) -> Event:
        """An interrupt that an evaluation has got for its memory is told as that, and what Lisp cannot say well.

        Who writes Lisp (`:lisp`) gets Lisp's own words.
        """
        if not isinstance(event, Frame) or event.kind != "error":
            return event
        name, message = event.text("name"), OURS.get(event.text("message"), "")
        if name == "KeyboardInterrupt" and self._watch is not None and self._watch.stopped_at is not None:
            name, message = "MaximaOutOfMemory", say("memory", mb=self._allowed.told)
        elif name == "MaximaOutOfMemory":
            message = say("memory", mb=f"{self._installation.heap_mb:g}")
        elif name == "MaximaClosed":
            message = say("closed", what=event.text("message"))
        elif message:
            message = say(message)
        elif operation != "lisp" and event.text("message").startswith("Lisp error: "):
            from maximalab_kernel.lispwords import in_words  # noqa: PLC0415  as in `say`

            message = in_words(event.text("message"))
        elif name == "MaximaError":
            from maximalab_kernel.ownwords import refusal  # noqa: PLC0415  as in `say`

            ours = refusal(event.text("message"))
            message = say(ours[0], **ours[1]) if ours else ""
        return Frame("error", {**event.fields, "name": name, "message": message}) if message else event

    def _ask_server(self, operation: str, text: str) -> None:
        """Have the server do something between evaluations.

        `settle` lets it take an interrupt that came too late for the one it was meant for, `collect` gives memory back.
        """
        self._count += 1
        self._send(operation, text, self._signals)
        for event in self._events():
            if isinstance(event, Frame) and event.kind == "done":
                return

    def ready(self) -> None:
        """See `Transport.ready`."""
        if self._process is None:
            self.start()
        if self._ready:
            return
        said = ""
        try:
            for event in self._events(deadline=time.monotonic() + START_WITHIN, starting=True):
                if isinstance(event, Frame) and event.kind == "ready":
                    self._ready = True
                    return
                said += event.text if isinstance(event, Printed) else ""
        except MaximaDiedError as error:
            raise MaximaDiedError(f"{error}, while it started: {said[-500:]}") from None
        self.kill(f"not ready within {START_WITHIN:.0f} s: {said[-500:]}")
        raise MaximaDiedError(self._bury())

    def _send(self, operation: str, text: str, signals: int) -> None:
        """One more than so many `signals`, and Maxima knows that the request is interrupted, before it reads it."""
        self._write(f":{operation} {quoted(text)} {signals}")

    def allow(self, megabytes: float) -> None:
        """See `Transport.allow`."""
        self._allowed = Allowance(self._installation.heap_mb, megabytes, self._share)

    def meanwhile(self, descriptor: int, serve: Callable[[], None]) -> None:
        """See `Transport.meanwhile`."""
        self._serve_meanwhile, self._meanwhile_descriptors = serve, (descriptor,)

    def answer(self, text: str | None) -> None:
        """See `Transport.answer`."""
        with self._lock:
            self._asking = False
        self._write(":cancel" if text is None else f":answer {quoted(text)}")

    def _write(self, what: str) -> None:
        if self._process is None:
            raise MaximaDiedError(self._killed_for or "it is not running")
        try:
            self._process.write(f"{PADDING}({self._count} {what})\n")
        except OSError:
            raise MaximaDiedError(self._bury()) from None

    def _events(self, deadline: float | None = None, *, starting: bool = False) -> Iterator[Event]:
        """What Maxima prints and answers, each print before the frame that followed it; ends at `deadline`."""
        while deadline is None or time.monotonic() < deadline:
            self._serve_meanwhile()
            process = self._process
            if process is None:
                raise MaximaDiedError(self._killed_for)
            reading = process.outlets.read(
                LOOK_EVERY if self._watch else SILENCE, *self._meanwhile_descriptors
            )
            for event in reading.events:
                if isinstance(event, Printed) or starting or event.fields["id"] == self._count:
                    yield event
            if reading.ended or (reading.silent and process.gone):
                yield from process.outlets.printed()
                raise MaximaDiedError(self._bury())
            self._guard_memory()

    def _guard_memory(self) -> None:
        watch, pid = self._watch, self.pid
        if watch is None or pid is None:
            return
        verdict = watch.look(pid)
        if verdict is Verdict.STOP:
            self.interrupt()
        elif verdict is Verdict.END:
            self.kill(say("memory_gone", mb=self._allowed.told))

    def interrupt(self) -> bool:
        """See `Transport.interrupt`: one signal to Maxima, and an end to what it started, such as gnuplot.

        While Maxima waits for an answer, the one who asks must refuse it instead.
        """
        with self._lock:
            if not self._in_flight or self._process is None:
                return False
            if not self._asking and not self._interrupted:
                self._interrupted = True
                self._signals += 1
                self._process.interrupt()
            return True

    def nudge(self) -> None:
        """See `Transport.nudge`."""
        with self._lock:
            if self._in_flight and self._interrupted and self._process is not None:
                self._process.end_programs()

    def kill(self, why: str) -> None:
        """See `Transport.kill`."""
        with self._lock:
            self._killed_for = why
            if self._process is not None:
                self._process.kill()

    def _bury(self) -> str:
        """Bury the dead process and say how it ended."""
        process = self._process
        if process is None:
            return self._killed_for
        how = process.bury()
        with self._lock:
            self._process, self._ready, self._in_flight = None, False, False
        if self._watch is not None and self._watch.stopped_at is not None:
            return say("memory_gone", mb=self._allowed.told)
        if self._killed_for:
            return self._killed_for
        if process.outlets.heap_full:
            return say("memory_full", mb=f"{self._installation.heap_mb:g}")
        return say("memory_system") if process.starved else how

    def close(self) -> None:
        """See `Transport.close`."""
        self.kill("closed")
        self._bury()
        if self._folder is not None:
            remove(self._folder)
            self._folder = None
