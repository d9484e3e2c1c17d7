"""The steps of a set-up, as data: what each is called, what it depends on, and what it runs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_hub.lab import node
from maximalab_hub.lab.setup import venv as virtual
from maximalab_hub.lab.setup.stamps import digest

if TYPE_CHECKING:
    from collections.abc import Callable

Commands = list[list[str]]


@dataclass(frozen=True)
class Step:
    """One step. It is done when its stamp equals `stamp` and `witness` exists."""

    name: str
    title: str
    stamp: str
    witness: Path
    commands: Callable[[], Commands]
    """What to run, asked when the step begins; may prepare folders."""
    by_pip: bool = False
    """Cut off in the middle, it leaves packages that look whole and are not."""


@dataclass(frozen=True)
class Place:
    """Where a set-up works."""

    root: Path
    state: Path
    """The lab's state folder, `.lab` or what MAXIMALAB_STATE names."""

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> str:
        return str(self.venv / "bin" / "python")

    @property
    def log(self) -> Path:
        return self.root / ".lab" / "log" / "setup.log"


def plan(place: Place, extras: frozenset[str], *, state: bool) -> list[Step]:
    """List the steps of a set-up with the optional parts `extras` (`test`, `check`)."""
    wheel = node.of_the_machine() is None
    wanted = sorted(extras | {"lab"} | ({"node"} if wheel else set()))
    steps = [_environment(place), _packages(place, wanted), _maxima(place), _proxy(place)]
    steps += [_extension(place, typed=bool({"check", "test"} & extras)), _kernel(place)]
    steps += [_provider(place)] if "test" in extras else []
    return [*steps, _state(place)] if state else steps


def _environment(place: Place) -> Step:
    def commands() -> Commands:
        if virtual.usable(place.venv):
            return []
        return [[sys.executable, "-m", "venv", "--clear", str(place.venv)]]

    return Step("environment", "Virtual environment", virtual.version(), Path(place.python), commands)


def _pip(place: Place, *words: str) -> list[str]:
    # Python compiles what is used when it is used; compiling everything here takes longer than all the rest.
    return [place.python, "-m", "pip", "install", "--no-compile", "--progress-bar", "off", *words]


def _packages(place: Place, wanted: list[str]) -> Step:
    files = ["pyproject.toml", "kernels/pyproject.toml", "requirements/constraints.txt"]
    hub, student = f"{place.root}[{','.join(wanted)}]", f"{place.root / 'kernels'}[server]"
    command = _pip(place, "-c", str(place.root / files[2]), "-e", student, "-e", hub)
    # JupyterLab's settings are copied at the installation, unlike our Python.
    copied = (place.root / "kernels" / "labconfig").glob("*.json")
    stamp = digest([*(place.root / file for file in files), *copied], str(place.root), *wanted)
    witness = place.venv / "bin" / "jupyterhub"
    return Step(
        "packages", f"Python packages ({', '.join(wanted)})", stamp, witness, lambda: [command], by_pip=True
    )


def _maxima(place: Place) -> Step:
    file = place.root / "requirements" / "maxima.txt"
    command = _pip(place, "--no-deps", "-r", str(file))
    return Step(
        "maxima", "Maxima (130 MB)", digest([file]), Path(place.python), lambda: [command], by_pip=True
    )


def _node(place: Place) -> node.Node:
    found = node.find(place.venv)
    if found is None:
        raise FileNotFoundError("no Node of version 20 or newer, neither on PATH nor from its wheel")
    return found


def _proxy(place: Place) -> Step:
    source = place.root / "deploy" / "proxy"
    return _from_npm(place, "proxy", "The entrances' proxy, from npm", source, node.CHP)


def _provider(place: Place) -> Step:
    witness = "node_modules/oidc-provider/package.json"
    return _from_npm(place, "provider", "The tests' sign-in provider", place.root / "tests" / "oidc", witness)


def _from_npm(place: Place, name: str, title: str, source: Path, witness: str) -> Step:
    """Install what `source` pins into a folder of that name beside Python's packages."""
    folder = place.venv / name
    files = [source / file for file in ("package.json", "package-lock.json")]

    def commands() -> Commands:
        found = _node(place)
        folder.mkdir(exist_ok=True)
        for file in files:
            (folder / file.name).write_bytes(file.read_bytes())
        return [[*found.npm, "ci", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts"]]

    return Step(name, title, digest(files), folder / witness, commands)


def _extension(place: Place, *, typed: bool) -> Step:
    """Build what the wheel brings built; with `typed`, bring what its checks and tests need, too."""
    folder = place.root / "kernels" / "labextension"
    target = place.venv / "share" / "jupyter" / "labextensions" / "maximalab"
    sources = [*folder.glob("*.json"), folder / "build.mjs", *(folder / "src").rglob("*.ts")]

    def commands() -> Commands:
        found = _node(place)
        fetch = ["ci", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts"]
        build = [found.node, str(folder / "build.mjs"), str(target)]
        return [[*found.npm, *fetch, *([] if typed else ["--omit=dev"])], build]

    title = "The extension of JupyterLab"
    return Step("extension", title, digest(sources, str(typed)), target / "package.json", commands)


def _kernel(place: Place) -> Step:
    folder = place.root / "kernels" / "maximalab_kernel"
    stamp = digest([file for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc"])
    command = [place.python, "-m", "maximalab_kernel", "install", "--sys-prefix"]
    witness = place.venv / "share" / "jupyter" / "kernels" / "maxima" / "kernel.json"
    return Step("kernel", "The Maxima kernel", stamp, witness, lambda: [command])


def _state(place: Place) -> Step:
    files = [file for file in (place.root / "notebooks").rglob("*") if file.is_file()]
    command = [place.python, "-m", "maximalab_hub.lab", "prepare"]
    witness = place.state / "maximalab.toml"
    title = "Database, secrets, materials, example data"
    return Step("state", title, digest(files, str(place.state)), witness, lambda: [command])
