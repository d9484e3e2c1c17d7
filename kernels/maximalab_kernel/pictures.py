"""From the files that gnuplot has written to what a notebook shows. The files are removed, the user's own are not."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import subprocess
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maximalab_kernel import plotscript, surfaces, wall
from maximalab_kernel.child import child_setup
from maximalab_kernel.finder import find_gnuplot
from maximalab_kernel.rules import rules
from maximalab_kernel.svg import on_one_page, tidy
from maximalab_kernel.words import say

LARGEST_SVG = 200_000
"""Characters of an SVG from which on a PNG is shown instead: dense surfaces have tens of thousands of pieces."""

PLOTS = "MAXIMALAB_PLOTS"
"""The variable that, as `png`, asks for a PNG of each plot: for exports that cannot take an SVG, as LaTeX cannot."""

LARGEST_FILE = 10_000_000
"""Bytes of a picture in the user's own file up to which it is shown."""

PNG_WITHIN = 20.0
"""Seconds that gnuplot may take to draw a large plot again as PNG."""

LONGEST_REMARK = 2_000
"""Characters of what gnuplot said that are passed on."""

TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif"}
NOISE = re.compile(r"mouse|font|initial state save file|^\s*$", re.IGNORECASE)
SET = re.compile(r"\bset\s+(term|out)[a-z]*\s+(\S+)")
PNG_TERMINAL = (
    'if (strstrt(GPVAL_TERMINALS,"pngcairo")) set term pngcairo size {size}; '
    "else set term png truecolor size {size}"
)


@dataclass(frozen=True)
class Picture:
    """What is shown of one plot: display data with its metadata, `None` where there is none, and remarks in text."""

    data: dict[str, Any] | None
    metadata: dict[str, Any] = field(default_factory=dict)
    remarks: str = ""


def text_of(path: Path) -> str:
    """The content of a file, empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):  # no such file, or nothing that could name one
        return ""


def readable(said: str) -> str:
    """What gnuplot remarked, without the paths of our files, and each of them once."""
    lines = [re.sub(r'"[^"]*/maximalab-[^"]*"', "gnuplot:", line).rstrip() for line in said.splitlines()]
    kept = dict.fromkeys(line for line in lines if not NOISE.search(line))
    return "".join(f"{line}\n" for line in kept)[:LONGEST_REMARK]


def described(script: plotscript.Script) -> str:
    """The plot in a sentence, for who cannot see it."""
    parts = [say("surface" if script.in_space else "plot", title=script.title).strip(" :")]
    for name in "xyz" if script.in_space else "xy":
        axis = script.axes[name]
        if axis.label or axis.low is not None:
            label = axis.label if axis.label not in {"", name} else ""
            bounds = (
                ""
                if axis.low is None
                else say("from_to", low=f"{axis.low:.4g}", high=f"{axis.high or 0:.4g}")
            )
            parts.append(f"{name}: " + ", ".join(filter(None, (label, bounds))) if label or bounds else name)
    named = [curve.title for curve in script.curves if curve.title]
    return "; ".join([*parts, ", ".join(named[:8])] if named else parts)


def as_png(script: Path, text: str) -> bytes:
    """The plot of gnuplot's `script` (with content `text`) drawn again as PNG; empty where gnuplot does not manage."""
    target = script.with_suffix(".png")
    size = re.search(r"set term(?:inal)? svg.* size (\d+) ?, ?(\d+)", text)
    width, height = size.groups() if size else ("600", "480")
    terminal = PNG_TERMINAL.format(size=f"{width},{height}")
    text = re.sub(r"^set term(?:inal)? svg.*$", terminal, text, count=1, flags=re.MULTILINE)
    text = re.sub(r"^set out(?:put)? .*$", f"set output '{target}'", text, count=1, flags=re.MULTILINE)
    script.write_text(text, encoding="utf-8")
    gnuplot = find_gnuplot() or "gnuplot"
    try:
        behind = wall.built(wall.around_gnuplot(gnuplot, script.parent)) if rules().walled else nullcontext()
        with behind as enter:
            subprocess.run(
                [gnuplot, str(script)], timeout=PNG_WITHIN, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                preexec_fn=child_setup(os.getpid(), enter),  # no thread of ours forks
            )  # fmt: skip
        return target.read_bytes()
    except (OSError, subprocess.TimeoutExpired):
        return b""


def encoded(data: bytes) -> str:
    """Bytes as Jupyter carries them."""
    return base64.b64encode(data).decode()


def goes_elsewhere(text: str, path: Path) -> bool:
    """Whether the script, by a terminal or an output of the reader's own, draws something else than SVG into `path`.

    Then that there is no picture is no fault: it is in the reader's file, or printed as text.
    """
    said: dict[str, str] = dict(SET.findall(text))  # the last of each counts
    terminal, output = said.get("term", "svg"), said.get("out", str(path))
    return terminal != "svg" or output.strip("\"';") != str(path)


def drawn(path: Path, script: Path) -> Picture:
    """The plot that gnuplot was to draw into `path` by `script`."""
    text, svg = text_of(script), text_of(path)
    remarks = readable(text_of(path.with_suffix(".log")))
    if "</svg>" not in svg:
        missing = re.search(r"not found|No such file or directory|Permission denied", remarks)
        if not missing and goes_elsewhere(text, path):
            return Picture(None, remarks=remarks)
        return Picture(None, remarks=(say("no_gnuplot") if missing else remarks + say("no_plot")) + "\n")
    read = plotscript.read(text)
    alt = described(read)
    data: dict[str, Any] = {"text/plain": f"[{alt}]"}
    several = svg.count("</svg>") > 1  # a closed kernel's scenes, which a PNG would have the last of
    svg = tidy(on_one_page(svg) if several else svg, alt)
    wanted = not several and (len(svg) > LARGEST_SVG or os.environ.get(PLOTS) == "png")
    png = as_png(script, text) if wanted else b""
    data["image/png" if png else "image/svg+xml"] = encoded(png) if png else svg
    if read.in_space:
        sources = {curve.source: text_of(Path(curve.source)) for curve in read.curves if curve.source != "-"}
        numbers = surfaces.numbers_of(read, sources)
        data |= {surfaces.MIME: numbers} if numbers else {}
    metadata = {kind: {"alt": alt} for kind in data if kind.startswith("image/")}
    return Picture(data, metadata, remarks)


def drawn_once(path: Path, script: Path) -> Picture:
    """Like `drawn`, and no file of the plot is left."""
    try:
        return drawn(path, script)
    finally:
        for kind in (".svg", ".gnuplot", ".data", ".log", ".png"):
            with contextlib.suppress(OSError, ValueError):  # never made; or its folder is not ours to write
                path.with_suffix(kind).unlink()


def kept(path: Path) -> Picture:
    """A picture in the user's own file: shown as well, and left where it is."""
    told = {"text/plain": f"[{path.name}]"}
    try:
        if path.stat().st_size > LARGEST_FILE:
            return Picture(None)
        if path.suffix == ".svg":
            return Picture({**told, "image/svg+xml": path.read_text(encoding="utf-8", errors="replace")})
        kind = TYPES.get(path.suffix)
        return Picture({**told, kind: encoded(path.read_bytes())} if kind else None)
    except (OSError, ValueError):
        return Picture(None)


def picture(path: str, script: str) -> Picture:
    """What is shown for a `plot` frame: with a `script` the plot is ours, without one it is in the user's own file."""
    return drawn_once(Path(path), Path(script)) if script else kept(Path(path))
