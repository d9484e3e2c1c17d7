"""The lesson: pupils work, the service hangs, is killed, has a full disk, is killed again; then all is counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from labrun import RunningLab, start_lab, until
from maximalab_hub.lab.accounts import COURSE, readable_password
from maximalab_hub.people import add_account
from smalldisk import full, unmount

from classroom.pupils import Classroom, Pupil
from classroom.suffering import hanging, store_on_a_small_disk
from classroom.verdict import Verdict, judge, runs_of

AT_ONCE = 4
"""So many sign in and open at the same time; the rest of a class comes through the door behind them."""


@dataclass(frozen=True)
class Lesson:
    """How large a classroom, how long an outage (seconds), how far apart the cells (seconds)."""

    students: int
    outage: float
    pause: float
    disk: int = 48
    """Megabytes for the store."""

    @property
    def patience(self) -> float:
        """Seconds for any one step; generous, for it only says when to give up."""
        return 120.0 + 20.0 * self.students


def hold(lesson: Lesson, folder: Path, say: Callable[[str], None]) -> Verdict:
    """Hold the lesson in `folder`, and say what became of every run."""
    with _lab_on_a_small_disk(lesson, folder) as (lab, disk):
        began = datetime.now(UTC)
        say(f"{lesson.students} students arrive")
        pupils = _arrivals(lab, lesson)
        names = [one.name for one in pupils]
        try:
            with Classroom(pupils, lesson.pause) as room:
                _Events(lab, room, lesson, disk, say).happen()
            answered = room.answered()
            say(f"the lesson is over after {len(answered)} runs; waiting for the last of them")
            until(lambda: len(runs_of(lab, names)) >= len(answered), "every run arrives", lesson.patience)
        finally:
            for one in pupils:
                one.visitor.close()
        return judge(lab, answered, names, began)


@contextmanager
def _lab_on_a_small_disk(lesson: Lesson, folder: Path) -> Iterator[tuple[RunningLab, Path]]:
    disk = folder / "disk"
    store_on_a_small_disk(folder / "lab", disk, lesson.disk)
    try:
        lab = start_lab(folder)
        try:
            yield lab, disk
        finally:
            lab.stop()
    finally:
        unmount(disk)


def _arrivals(lab: RunningLab, lesson: Lesson) -> list[Pupil]:
    accounts = {f"pupil{number:03}": readable_password() for number in range(lesson.students)}
    for name, password in accounts.items():
        add_account(lab.state / "accounts.toml", name, password, groups=(f"study:{COURSE}",))

    def arrive(account: tuple[str, str]) -> Pupil:
        return Pupil.arrives(lab.public, *account, spawn_seconds=lesson.patience)

    with ThreadPoolExecutor(AT_ONCE) as door:
        return list(door.map(arrive, accounts.items()))


@dataclass
class _Events:
    """What happens to the service while the pupils work, one thing after another."""

    lab: RunningLab
    room: Classroom
    lesson: Lesson
    disk: Path
    say: Callable[[str], None]

    def happen(self) -> None:
        """Let each fault last until every pupil has run more cells meanwhile, and see that it was one."""
        self._everybody_runs(2)
        self.say(f"the service hangs for {self.lesson.outage:.0f} s")
        with hanging(self.lab):
            self._nothing_arrives(self.lesson.outage)
        self._something_arrives("after the outage")
        self._killed("while what had waited still comes in")
        self.say("the disk is full")
        with full(self.disk):
            self._everybody_runs(2)
            until(
                self._said_that_the_store_is_away,
                "the service says that it cannot store",
                self.lesson.patience,
            )
        self._something_arrives("with space on the disk")
        self._killed("once more")
        self._everybody_runs(2)

    def _killed(self, when: str) -> None:
        self.say(f"the service is killed, {when}")
        self.lab.kill_and_await("usage")
        self._something_arrives("after the kill")

    def _nothing_arrives(self, seconds: float) -> None:
        before, ends = self._in_store(), time.monotonic() + seconds
        self._everybody_runs(2)
        while time.monotonic() < ends:
            self.room.answered()  # a pupil who is hurt ends the lesson now, not after the outage
            time.sleep(0.2)
        assert self._in_store() == before, "a service that hangs has stored something"

    def _something_arrives(self, what: str) -> None:
        before = self._in_store()
        until(lambda: self._in_store() > before, f"runs arrive {what}", self.lesson.patience)

    def _in_store(self) -> int:
        return len(runs_of(self.lab, [one.name for one in self.room.pupils]))

    def _said_that_the_store_is_away(self) -> bool:
        return "events not stored" in (self.lab.state / "log" / "service.log").read_text(errors="replace")

    def _everybody_runs(self, more: int) -> None:
        goal = {one.name: len(one.answered) + more for one in self.room.pupils}

        def all_have() -> bool:
            self.room.answered()
            return _reached({one.name: len(one.answered) for one in self.room.pupils}, goal)

        until(all_have, f"every pupil runs {more} more cells", self.lesson.patience)


def _reached(now: Mapping[str, int], goal: Mapping[str, int]) -> bool:
    return all(now[name] >= least for name, least in goal.items())
