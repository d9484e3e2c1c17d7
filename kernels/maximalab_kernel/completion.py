"""What may stand where the cursor is: names, options of a drawing, packages, files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from maximalab_kernel.cursor import Cursor, cursor_in
from maximalab_kernel.ownpages import OWN_PAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from maximalab_kernel.manual import Manual

LOADERS = {"load", "batchload", "setup_autoload", "loadfile"}
READERS = {
    "batch", "demo", "load_csv", "openr", "printfile", "read_array", "read_hashed_array", "read_list", "read_matrix",
    "read_nested_list", "stringin", "file_search",
}  # fmt: skip
DRAWINGS = {
    "draw",
    "draw2d",
    "draw3d",
    "gr2d",
    "gr3d",
    "set_draw_defaults",
    "barsplot",
    "histogram",
    "boxplot",
}
DRAWING_OPTIONS = {"Graphic option", "Scene option", "Object option"}
PLOTS = {
    "plot2d",
    "plot3d",
    "contour_plot",
    "implicit_plot",
    "set_plot_option",
    "plotdf",
    "mandelbrot",
    "julia",
}
MOST = 500
"""More names help nobody."""

COMMONEST = (
    "%pi", "%e", "%i", "integrate", "diff", "limit", "solve", "expand", "factor", "ratsimp", "subst", "float", "plot2d",
    "plot3d", "draw2d", "draw3d", "matrix", "invert", "transpose", "determinant", "rank", "maximize_lp", "minimize_lp",
    "linsolve", "algsys", "find_root", "makelist", "map", "apply", "sum", "product", "length", "assume", "block",
    "print", "load", "kill", "random", "sin", "cos", "exp", "log", "sqrt", "abs", "max", "min",
)  # fmt: skip
"""What is meant most often, the commonest first: these stand before the other names that begin alike."""

PLACES = {name: place for place, name in enumerate(COMMONEST)}


class Match(NamedTuple):
    """One proposal."""

    text: str
    kind: str
    """What JupyterLab shows a sign for: function, variable, keyword, constant, module, path."""
    signature: str = ""


class Matches(NamedTuple):
    """All proposals, and how many characters before the cursor they replace."""

    found: list[Match]
    replaces: int


SIGNS = {
    "Constant": "constant", "Operator": "keyword", "Special operator": "keyword", "Keyword": "keyword",
    "Package": "module", "Property": "property",
}  # fmt: skip
"""The manual's kinds as JupyterLab's; functions and variables are told by their own words."""


def sign_of(kind: str) -> str:
    """JupyterLab's word for a kind of the manual."""
    if "unction" in kind or "constructor" in kind or "object" in kind.lower():
        return "function"
    return SIGNS.get(kind.partition(", ")[0], "variable")


def matches(code: str, cursor: int, manual: Manual, own: Mapping[str, Match]) -> Matches:
    """What may be completed at `cursor`; `own` are the user's own names, which come first."""
    where = cursor_in(code, cursor)
    if where.in_comment:
        return Matches([], 0)
    if where.in_string:
        return in_string(where, manual)
    found = [each for name, each in own.items() if name.startswith(where.prefix)]
    settings = options(where, manual)
    found += settings
    if where.prefix:
        found += [named(name, manual) for name in ranked(manual.starting(where.prefix), settings, manual)]
        found += [
            Match(name, "function", page.signatures[0])
            for name, page in OWN_PAGES.items()
            if name.startswith(where.prefix)
        ]
    return Matches(list({each.text: each for each in found}.values())[:MOST], len(where.prefix))


def ranked(names: Sequence[str], settings: Sequence[Match], manual: Manual) -> list[str]:
    """The commonest names first; without those that are nothing but an option which stands among `settings`."""
    said = {each.text for each in settings}
    kept = [name for name in names if f"{name}=" not in said or not is_option(name, manual)]
    return sorted(kept, key=lambda name: PLACES.get(name, len(PLACES)))


def named(name: str, manual: Manual) -> Match:
    """A name of the manual."""
    return Match(name, sign_of(manual.kind(name)), next(iter(manual.signatures(name)), ""))


def kinds(name: str, manual: Manual) -> set[str]:
    """All that the manual calls a name."""
    return set(manual.kind(name).split(", "))


def is_option(name: str, manual: Manual) -> bool:
    """Whether a name means something in a drawing only."""
    return all(kind.endswith(" option") for kind in kinds(name, manual))


def options(where: Cursor, manual: Manual) -> list[Match]:
    """The options `name=` of the drawing whose arguments the cursor is in."""
    if not where.calls or where.calls[0].name not in DRAWINGS:
        return []
    names = manual.starting(where.prefix)
    return [Match(f"{name}=", "property") for name in names if DRAWING_OPTIONS & kinds(name, manual)]


def in_string(where: Cursor, manual: Manual) -> Matches:
    """Packages and files, where the string is the argument of something that reads one."""
    call = where.calls[0].name if where.calls else ""
    if call not in LOADERS | READERS:
        return Matches([], 0)
    found = files(where.prefix, (".mac", ".mc", ".lisp", ".wxm") if call in LOADERS else ())
    if call in LOADERS and "/" not in where.prefix:
        found += [Match(name, "module") for name in manual.packages if name.startswith(where.prefix)]
    return Matches(found[:MOST], len(where.prefix))


def files(prefix: str, suffixes: tuple[str, ...]) -> list[Match]:
    """Files and folders whose path begins with `prefix`, hidden ones only where a dot asks for them."""
    folder, _, begin = prefix.rpartition("/")
    root = Path(f"{folder}/" if "/" in prefix else ".").expanduser()
    before = prefix[: len(prefix) - len(begin)]
    return sorted(
        Match(before + name + "/" * is_folder, "path")
        for name, is_folder in listed(root)
        if name.startswith(begin)
        and (begin.startswith(".") or not name.startswith("."))
        and (is_folder or not suffixes or name.endswith(suffixes))
    )


def listed(folder: Path) -> Iterable[tuple[str, bool]]:
    """The names in a folder, and which are folders; nothing where it cannot be read."""
    try:
        with os.scandir(folder) as found:
            return [(entry.name, entry.is_dir()) for entry in found]
    except OSError:
        return []
