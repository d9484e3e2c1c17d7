"""`python -m maximalab_hub.lab.setup [--with test|check|bench] [--state]`: do what is not done yet."""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_hub.lab import node
from maximalab_hub.lab.setup import trouble
from maximalab_hub.lab.setup import venv as virtual
from maximalab_hub.lab.setup.show import Progress, run
from maximalab_hub.lab.setup.stamps import Stamps
from maximalab_hub.lab.setup.steps import Commands, Place, Step, plan

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[4]


class SetupError(Exception):
    """A step failed. The text says what and what to do."""


def environment(place: Place, ambient: dict[str, str]) -> dict[str, str]:
    """Build the environment of the steps' commands: the wheel's Node on PATH, pip quick to give up."""
    env = {name: value for name, value in ambient.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    env.setdefault("PIP_RETRIES", "2")
    env |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "MAXIMALAB_STATE": str(place.state)}
    if found := node.find(place.venv):
        env["PATH"] = f"{Path(found.node).parent}{os.pathsep}{env.get('PATH', '')}"
    return env


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Let one set-up of this folder work at a time; a second one waits."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up is at work in this folder; waiting for it.", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def carry_out(step: Step, place: Place, progress: Progress) -> None:
    """Run one step's commands. Raises `SetupError` with the end of the log and the remedy."""
    progress.begin(step.title)
    start = place.log.stat().st_size
    commands = step.commands()
    if step.by_pip:
        virtual.mark_of(place.venv).touch()
    failed = _run_all(commands, place, progress)
    # Not reached where we are cut off ourselves: then the mark stays, and the next set-up begins anew.
    virtual.mark_of(place.venv).unlink(missing_ok=True)
    if failed:
        progress.end("failed")
        raise SetupError(_explain(place.log, start))
    progress.end()


def _run_all(commands: Commands, place: Place, progress: Progress) -> bool:
    for command in commands:
        env = environment(place, dict(os.environ))
        if run(command, env, place.root, place.log, progress):
            return True
    return False


def _explain(log: Path, start: int) -> str:
    said = log.read_bytes()[start:].decode(errors="replace")
    lines = [f"  {line}" for line in trouble.tail(said)]
    help_line = trouble.remedy(said) or "Mend what it says and run the same command again."
    return "\n".join([f"The end of {log}:", *lines, help_line])


def bring_ensurepip(place: Place) -> None:
    """Install what Debian splits off Python, or raise `SetupError` with the line to type."""
    if not virtual.lacks_ensurepip() or virtual.usable(place.venv):
        return
    commands = virtual.install_commands()
    typed = f"Type this line, then run ./lab again:\n  {virtual.line_to_type()}"
    if commands is None:
        raise SetupError(f"This Python cannot make virtual environments, and I may not mend it.\n{typed}")
    step = Step("venv", f"Debian's {virtual.package()}", "", place.log, lambda: commands)
    try:
        carry_out(step, place, Progress(1))
    except SetupError as failure:
        raise SetupError(f"{failure}\n{typed}") from failure


def set_up(place: Place, extras: frozenset[str], *, state: bool) -> None:
    """Carry out each step that is not done yet, in order."""
    place.log.parent.mkdir(parents=True, exist_ok=True)
    place.log.touch()
    stamps = Stamps(place.venv / "maximalab-setup.json")
    if virtual.mark_of(place.venv).exists():
        stamps.path.unlink(missing_ok=True)
    # A part that was once asked for stays: ./lab up after ./lab test must not start all over.
    extras |= frozenset(filter(None, stamps.read().get("extras", "").split(",")))
    steps = plan(place, extras, state=state)
    done = stamps.read()
    left = [step for step in steps if done.get(step.name) != step.stamp or not step.witness.exists()]
    if not left:
        return
    bring_ensurepip(place)
    progress = Progress(len(left))
    for step in left:
        carry_out(step, place, progress)
        stamps.write(step.name, step.stamp)
    stamps.write("extras", ",".join(sorted(extras)))


def main(words: list[str] | None = None) -> int:
    """Do the set-up; returns the exit code."""
    parser = argparse.ArgumentParser(prog="./lab setup", description=(__doc__ or "").split(":", 1)[1].strip())
    parser.add_argument(
        "--with", dest="extras", action="append", choices=["test", "check", "bench"], default=[]
    )
    parser.add_argument(
        "--state", action="store_true", help="also make the database, secrets and example data"
    )
    chosen = parser.parse_args(words)
    place = Place(ROOT, Path(os.environ.get("MAXIMALAB_STATE") or ROOT / ".lab").absolute())
    try:
        with only_one(ROOT / ".lab" / "setup.lock"):
            set_up(place, frozenset(chosen.extras), state=chosen.state)
    except SetupError as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on where it was.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
