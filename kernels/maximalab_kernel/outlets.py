"""What comes out of one Maxima: frames on a pipe of their own, printed text on the two others."""

from __future__ import annotations

import codecs
import os
import re
import select
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from maximalab_kernel.child import CHUNK, read_available
from maximalab_kernel.frames import Sieve
from maximalab_kernel.lastwords import LastWords
from maximalab_kernel.transport import Event, Frame, MaximaDiedError, Printed

if TYPE_CHECKING:
    from collections.abc import Mapping


LISPS_OWN = re.compile(
    r"INFO: (?:Control|Binding) stack guard page (?:un|re)protected\n"
    r"|(?:Control|Binding) stack guard page temporarily disabled: proceed with caution\n"
)
"""What SBCL itself prints on a recursion that is too deep: the error says it better."""

GNUPLOTS_OWN = re.compile(r"^Cannot open initial state save file: [^\n]*\n", re.MULTILINE)
"""What gnuplot 6 says at each start where it may not write into the system's temporary folder, and does without."""


@dataclass(frozen=True)
class Reading:
    """What one look brought: prints before the frames that followed them; whether the frames' pipe is closed."""

    events: list[Event]
    ended: bool = False
    silent: bool = False
    """Nothing was there in the time given."""


class Outlets:
    """Reads without ever waiting for one pipe while another fills."""

    def __init__(self, frames: int, printed: Mapping[str, IO[bytes] | None]) -> None:
        """`frames` is a descriptor that is ours from now on; `printed` are the process's own pipes by name."""
        self._frames = os.fdopen(frames, "rb", buffering=0)
        self._pending = b""
        self._last_words = LastWords()
        self._sieve = Sieve()
        self._printed: dict[int, tuple[str, codecs.IncrementalDecoder]] = {}
        for name, pipe in printed.items():
            if pipe is None:
                raise MaximaDiedError("no pipe")
            os.set_blocking(pipe.fileno(), False)
            self._printed[pipe.fileno()] = (name, codecs.getincrementaldecoder("utf-8")(errors="replace"))

    def read(self, within: float, *also: int) -> Reading:
        """What is there, or comes within so many seconds; the wait ends when one of `also` becomes readable, too."""
        readable = select.select([self._frames.fileno(), *self._printed, *also], [], [], within)[0]
        frames, ended = self._read_frames() if self._frames.fileno() in readable else ([], False)
        return Reading([*self.printed(whole=bool(frames) or ended), *frames], ended, silent=not readable)

    @property
    def heap_full(self) -> bool:
        """Whether Lisp has said that it ends for its full heap."""
        return self._last_words.heap_full

    def printed(self, *, whole: bool = True) -> list[Event]:
        """What was printed and not read yet (at most some megabytes); not `whole`: a line may be yet to come whole."""
        texts = {}
        for descriptor in list(self._printed):
            name, decoder = self._printed[descriptor]
            data, ended = read_available(descriptor)
            if ended:
                del self._printed[descriptor]
            texts[name] = decoder.decode(data)
        texts = {name: GNUPLOTS_OWN.sub("", text) for name, text in texts.items()}
        errors = self._last_words.of_errors(LISPS_OWN.sub("", texts.get("stderr", "")))
        errors += self._last_words.rest() if whole else ""
        told = {"stdout": self._last_words.of_output(texts.get("stdout", "")), "stderr": errors}
        return [Printed(name, text) for name, text in told.items() if text]

    def close(self) -> None:
        """Close the pipe of frames; the others belong to the process."""
        self._frames.close()

    def _read_frames(self) -> tuple[list[Frame], bool]:
        data = self._frames.read(CHUNK)
        *lines, self._pending = (self._pending + data).split(b"\n")
        return self._sieve.sift(lines), not data
