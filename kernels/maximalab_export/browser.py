"""Finds a browser and lets it print a page."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from maximalab_kernel.words import say

NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)  # fmt: skip

WITHIN = 180.0
"""Seconds for a page, however long."""

PAPER = "660,1000"
"""The window, a little narrower than what is printed of an A4 sheet: formulas are made to fit into it."""

TYPESETTING_MS = 60_000
"""How long the page's own clock may run before it is printed; where nothing is left to wait for, it runs at once."""

LONGEST_REMARK = 500
"""Characters of what a failing browser said that are passed on."""


class BrowserError(RuntimeError):
    """There is no browser, or it has not printed; the text says what to do."""


def find() -> str | None:
    """The first browser of this machine that can print, or `None`."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A Chromium, or one of its kin."""

    def __init__(self, program: str, *, sandbox: bool) -> None:
        """`program` is empty to look for one. Raises `BrowserError` where there is none."""
        found = shutil.which(program) if program else find()
        if found is None:
            raise BrowserError(say("no_browser"))
        self._program, self._sandbox = found, sandbox

    def printed(self, html: str) -> bytes:
        """The page as PDF; raises `BrowserError` where the browser does not manage."""
        with tempfile.TemporaryDirectory(prefix="maximalab-", ignore_cleanup_errors=True) as folder:
            page, paper = Path(folder, "page.html"), Path(folder, "page.pdf")
            page.write_text(html, encoding="utf-8")
            said = self._run(Path(folder), page, paper)
            if not paper.is_file():
                raise BrowserError(say("not_printed", program=self._program, said=said))
            return paper.read_bytes()

    def _run(self, folder: Path, page: Path, paper: Path) -> str:
        words = [self._program, "--headless", f"--user-data-dir={folder / 'profile'}", "--disable-gpu"]
        words += [
            f"--print-to-pdf={paper}",
            "--no-pdf-header-footer",
            f"--virtual-time-budget={TYPESETTING_MS}",
        ]
        words += [f"--window-size={PAPER}"]
        words += [] if self._sandbox else ["--no-sandbox"]
        try:
            run = subprocess.run(
                [*words, page.as_uri()], check=False, timeout=WITHIN, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        return run.stderr.decode(errors="replace").strip()[-LONGEST_REMARK:]
