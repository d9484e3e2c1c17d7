"""One Maxima process with our server inside: start, requests, interrupts, end."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING

from maximalab_kernel.child import child_setup, end_descendants, ending, signal_group
from maximalab_kernel.environment import plot_folder, remove, scrubbed
from maximalab_kernel.finder import Installation, find_gnuplot
from maximalab_kernel.memory import LOOK_EVERY, Verdict, Watch, resident
from maximalab_kernel.outlets import Outlets
from maximalab_kernel.rules import rules
from maximalab_kernel.transport import Event, Frame, MaximaDiedError, Printed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

START_WITHIN = 60.0
"""Seconds that a Maxima may take to say that it is ready, on a busy machine."""
SILENCE = 0.5
"""Seconds after which a process that says nothing is looked after."""
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
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._in_flight = False
        self._interrupted = False
        self._asking = False
        self._signals = 0
        self._killed_for = ""
        self._ready = False
        self._count = 0
        self._serve_meanwhile: Callable[[], None] = lambda: None
        self._meanwhile_descriptors: tuple[int, ...] = ()
        self._watch: Watch | None = None

    @property
    def pid(self) -> int | None:
        """The process that runs now, if any."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start Maxima without waiting for it; from the thread that lives as long as the kernel."""
        if self._folder is None:
            self._folder = plot_folder()
        answers, frames = os.pipe()
        requests, ours = os.pipe()
        try:
            self._process = subprocess.Popen(
                self._installation.command,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=self._environment(self._folder, requests, frames), start_new_session=True, bufsize=0,
                pass_fds=(requests, frames),
                preexec_fn=child_setup(os.getpid()),  # noqa: PLW1509  no thread of ours forks
            )  # fmt: skip
        except OSError as error:
            os.close(answers)
            os.close(ours)
            raise MaximaDiedError(f"{self._installation.command[0]}: {error.strerror}") from error
        finally:
            os.close(requests)
            os.close(frames)
        pipes = {"stdout": self._process.stdout, "stderr": self._process.stderr}
        self._outlets = Outlets(answers, pipes)
        self._requests = os.fdopen(ours, "wb", buffering=0)
        self._ready, self._killed_for, self._signals = False, "", 0

    def _environment(self, folder: Path, requests: int, frames: int) -> dict[str, str]:
        return {
            **scrubbed(os.environ),
            **self._installation.environment,
            **rules().of_maxima(str(folder)),
            "MAXIMA_TEMPDIR": str(folder),
            "MAXIMALAB_REQUESTS": str(requests),
            "MAXIMALAB_FRAMES": str(frames),
            "MAXIMALAB_GNUPLOT": find_gnuplot() or "gnuplot",
        }

    def request(self, operation: str, text: str) -> Iterator[Event]:
        """See `Transport.request`."""
        try:
            yield from self._request(operation, text)
        except MaximaDiedError:
            self.start()  # so that the new one is there when the reader goes on
            raise

    def _request(self, operation: str, text: str) -> Iterator[Event]:
        self._wait_until_ready()
        self._count += 1
        with self._lock:
            self._in_flight, self._interrupted = True, False
            signals = self._signals
        self._watch = Watch(self._installation.heap_mb * 2**20, resident(self.pid or 0))
        interrupted = False
        try:
            self._send(operation, text, signals)
            for event in self._events():
                if isinstance(event, Frame) and event.kind == "done":
                    break
                if isinstance(event, Frame) and event.kind == "input":
                    self._asking = True
                stopped = isinstance(event, Frame) and event.fields.get("name") == "KeyboardInterrupt"
                interrupted |= stopped
                yield self._told_of_memory(event) if stopped else event
        finally:
            with self._lock:
                late = self._in_flight and self._interrupted and not interrupted
                self._in_flight = self._asking = False
            full, self._watch = self._watch.stopped_at is not None, None
        if late:
            self._ask_server("settle", str(self._signals))
        if full:
            self._ask_server("collect", "")

    def _told_of_memory(self, event: Event) -> Event:
        """The interrupt that an evaluation has got for its memory is told as that."""
        if self._watch is None or self._watch.stopped_at is None:
            return event
        message = say("memory", mb=self._installation.heap_mb)
        return Frame("error", {"name": "MaximaOutOfMemory", "message": message})

    def _ask_server(self, operation: str, text: str) -> None:
        """Have the server do something between evaluations.

        `settle` lets it take an interrupt that came too late for the one it was meant for, `collect` gives memory back.
        """
        self._count += 1
        self._send(operation, text, self._signals)
        for event in self._events():
            if isinstance(event, Frame) and event.kind == "done":
                return

    def _wait_until_ready(self) -> None:
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
        self._write(f"{PADDING}({self._count} :{operation} {quoted(text)} {signals})\n")

    def meanwhile(self, descriptor: int, serve: Callable[[], None]) -> None:
        """See `Transport.meanwhile`."""
        self._serve_meanwhile, self._meanwhile_descriptors = serve, (descriptor,)

    def answer(self, text: str | None) -> None:
        """See `Transport.answer`."""
        with self._lock:
            self._asking = False
        self._write(
            f"{PADDING}({self._count} :cancel)\n"
            if text is None
            else f"{PADDING}({self._count} :answer {quoted(text)})\n"
        )

    def _write(self, line: str) -> None:
        if self._process is None:
            raise MaximaDiedError(self._killed_for or "it is not running")
        rest = memoryview(line.encode(errors="replace"))
        try:
            while rest:
                rest = rest[self._requests.write(rest) or 0 :]
        except OSError:
            raise MaximaDiedError(self._bury()) from None

    def _events(self, deadline: float | None = None, *, starting: bool = False) -> Iterator[Event]:
        """What Maxima prints and answers, each print before the frame that followed it; ends at `deadline`."""
        while deadline is None or time.monotonic() < deadline:
            self._serve_meanwhile()
            patience = LOOK_EVERY if self._watch else SILENCE
            reading = self._outlets.read(patience, *self._meanwhile_descriptors)
            for event in reading.events:
                if isinstance(event, Printed) or starting or event.fields["id"] == self._count:
                    yield event
            gone = reading.silent and self._process is not None and self._process.poll() is not None
            if reading.ended or gone:
                yield from self._outlets.printed()
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
            self.kill(say("memory_gone", mb=self._installation.heap_mb))

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
                signal_group(self._process, signal.SIGINT)
            return True

    def nudge(self) -> None:
        """See `Transport.nudge`."""
        with self._lock:
            if self._in_flight and self._interrupted and self._process is not None:
                end_descendants(self._process)

    def kill(self, why: str) -> None:
        """See `Transport.kill`."""
        with self._lock:
            self._killed_for = why
            if self._process is not None:
                signal_group(self._process, signal.SIGKILL)

    def _bury(self) -> str:
        """Collect the dead process and say how it ended."""
        process = self._process
        if process is None:
            return self._killed_for
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            signal_group(process, signal.SIGKILL)
        code = process.wait()
        signal_group(process, signal.SIGKILL)
        for pipe in (self._requests, process.stdout, process.stderr, self._outlets):
            if pipe is not None:
                pipe.close()
        with self._lock:
            self._process, self._ready, self._in_flight = None, False, False
        if self._watch is not None and self._watch.stopped_at is not None:
            return say("memory_gone", mb=self._installation.heap_mb)
        return self._killed_for or ending(code)

    def close(self) -> None:
        """See `Transport.close`."""
        self.kill("closed")
        self._bury()
        if self._folder is not None:
            remove(self._folder)
            self._folder = None
