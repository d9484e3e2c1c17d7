"""The house keeps its layout: what lies where, what is called how, and what never stands in a file."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections import Counter
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from floors import floors
from maximalab_hub import cli
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {
    ".ci",
    "benchmarks",
    "deploy",
    "docs",
    "hub",
    "images",
    "kernels",
    "notebooks",
    "requirements",
    "spawner_config",
    "tests",
}
AT_THE_DOOR = {
    ".dockerignore",
    ".editorconfig",
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "jupyterhub_config.py",
    "lab",
    "pyproject.toml",
}
"""The files at the top; what a cell or a program writes where it stands is none of them."""
PACKAGES = {
    "hub": {"maximalab_hub"},
    "spawner_config": {"maximalab_spawner"},
    "kernels": {"maximalab_export", "maximalab_kernel", "maximalab_materials", "maximalab_recorder"},
}
VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "misc", "stuff", "tools"}
LONGEST_FILE = 400


@cache
def files() -> tuple[Path, ...]:
    """List the files that git knows, or would know."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return tuple(sorted(Path(name) for name in set(names) if name and (ROOT / name).is_file()))


def python_files(*rooms: str) -> list[Path]:
    """List the Python files below the named rooms."""
    return [file for file in files() if file.suffix == ".py" and file.parts[0] in rooms]


def test_only_the_agreed_rooms_and_files_stand_at_the_top():
    assert {file.parts[0] for file in files() if len(file.parts) > 1} <= ROOMS
    assert {file.name for file in files() if len(file.parts) == 1} == AT_THE_DOOR


@pytest.mark.parametrize("room", PACKAGES)
def test_a_room_holds_its_packages_alone(room: str):
    assert {file.parts[1] for file in python_files(room) if len(file.parts) > 2} == PACKAGES[room]


def test_no_file_has_a_vague_name():
    assert [str(file) for file in files() if file.stem.lower() in VAGUE] == []


def test_no_source_file_is_longer_than_agreed():
    sizes = {
        str(file): (ROOT / file).read_text().count("\n")
        for file in python_files("hub", "spawner_config", "kernels")
    }
    assert {name: size for name, size in sizes.items() if size > LONGEST_FILE} == {}


def test_every_module_says_what_it_is_for():
    bare = [
        str(file)
        for file in python_files("hub", "spawner_config", "kernels")
        if "versions" not in file.parts and not ast.get_docstring(ast.parse((ROOT / file).read_text()))
    ]
    assert bare == []


def test_test_files_have_names_of_their_own():
    names = Counter(file.name for file in python_files("tests") if file.name.startswith("test_"))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"except( Exception| BaseException)?:\s*\n\s*(pass|\.\.\.)", id="no error is swallowed"),
        pytest.param(r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError", id="nothing is left for later"),
        pytest.param(r"suppress\((Base)?Exception\)", id="no error is suppressed wholesale"),
    ],
)
def test_source_holds_nothing_that_we_do_not_do(pattern: str):
    guilty = [
        str(file)
        for file in python_files("hub", "spawner_config", "kernels", "benchmarks")
        if re.search(pattern, (ROOT / file).read_text())
    ]
    assert guilty == []


def test_locks_name_no_host():
    named = [
        str(file)
        for file in files()
        if file.name in {"package-lock.json", "constraints.txt", "maxima.txt", "lock.txt", "build-lock.txt"}
        and re.search(r"https?://(?!opencollective|github|feross|www\.|tidelift)", (ROOT / file).read_text())
    ]
    assert named == []


def test_the_floors_are_read():
    assert {"jupyterhub", "jupyter-server", "jupyterlab", "tornado"} <= floors().keys()


@pytest.mark.parametrize("package", sorted(floors()))
def test_what_is_installed_is_not_below_its_security_floor(package: str):
    assert Version(version(package)) >= Version(floors()[package])


def commands(app: typer.Typer, words: tuple[str, ...] = ("maximalab",)) -> list[str]:
    """List every command of a Typer application as it is typed."""
    group = typer.main.get_command(app)
    found = []

    def walk(command: object, path: tuple[str, ...]) -> None:
        below = getattr(command, "commands", None)
        if not below:
            found.append(" ".join(path))
            return
        for name, child in below.items():
            walk(child, (*path, name))

    walk(group, words)
    return found


@pytest.mark.parametrize("command", commands(cli.app))
def test_every_command_stands_in_the_docs(command: str):
    pages = [page.read_text() for page in (ROOT / "docs").glob("*.md")]
    assert any(command in page for page in pages), f"no page under docs/ names `{command}`"


HUB_MAY_USE = {"catalog", "publisher", "refusals", "seats", "tiers"}


def test_each_module_of_the_spawner_side_is_open_or_closed_to_the_hub():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [closed] = [one["forbidden_modules"] for one in contracts if one["source_modules"] == ["maximalab_hub"]]
    there = {file.stem for file in (ROOT / "spawner_config" / "maximalab_spawner").glob("[!_]*.py")}
    assert {name.rpartition(".")[2] for name in closed} == there - HUB_MAY_USE


def test_each_decision_has_a_number_of_its_own():
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(page.name.split("-")[0]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
    assert [page.read_text().split(".")[0] for page in pages] == [f"# {number}" for number in numbers]


def pinned(file: str) -> dict[str, str]:
    """Read a list of requirements: package and its one version."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", (ROOT / file).read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", ["singleuser", "hub"])
def test_an_image_has_the_versions_that_are_tested(name: str):
    tested, image = pinned("requirements/constraints.txt"), pinned(f"images/{name}/lock.txt")
    assert {name: version for name, version in image.items() if tested.get(name) != version} == {}
    assert image.keys() >= {"jupyterhub", "pyzmq", {"singleuser": "jupyterlab", "hub": "psycopg"}[name]}


@pytest.mark.parametrize("lock", ["singleuser/lock.txt", "singleuser/build-lock.txt", "hub/lock.txt"])
def test_each_package_of_the_image_is_held_by_a_hash(lock: str):
    text = (ROOT / "images" / lock).read_text()
    blocks = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
