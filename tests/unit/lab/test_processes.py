"""The supervisor with real processes: what dies is started again, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from labrun import until
from maximalab_hub.lab import descent, processes

KEEPER = Path(__file__).with_name("keeper.py")
WAITS = "import signal; signal.pause()"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: signal.pause()"
FAILS = "import sys; sys.exit('the database is gone')"
HAS_CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import signal; signal.pause()'])"


class Keeper:
    """One running keeper."""

    def __init__(self, folder: Path, programs: dict[str, str]):
        words = [word for pair in programs.items() for word in pair]
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, KEEPER, folder, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def records(self):
        return descent.read_records(self.folder / "processes.json")

    def living(self, name: str):
        return descent.still_there(record for record in self.records() if record.name == name)

    def await_one(self, name: str):
        until(lambda: self.living(name), f"{name} lives")
        return self.living(name)[0]

    def close(self) -> str:
        said, _ = self.process.communicate(timeout=60)
        return said


@pytest.fixture
def keep(tmp_path):
    keepers = []

    def start(**programs: str) -> Keeper:
        keepers.append(Keeper(tmp_path, programs))
        return keepers[-1]

    yield start
    for keeper in keepers:
        if keeper.process.poll() is None:
            keeper.close()


def test_a_killed_program_is_started_again(keep):
    keeper = keep(hub=WAITS, service=WAITS)
    first, other = keeper.await_one("hub"), keeper.await_one("service")
    first.kill()
    until(lambda: [p for p in keeper.living("hub") if p.pid != first.pid], "another hub lives")
    assert keeper.living("service") == [other]
    assert "The hub ended (by signal 9); it is started again." in keeper.close()


def test_a_program_that_always_fails_is_given_up_with_the_end_of_its_log(keep):
    keeper = keep(hub=FAILS)
    said = keeper.process.stdout.read()
    assert keeper.process.wait(timeout=60) == 3
    assert "The hub ended 6 times in a row (exit code 1)." in said
    assert "  the database is gone" in said


def test_at_the_end_nothing_is_left_not_even_grandchildren(keep):
    keeper = keep(hub=HAS_CHILD, service=WAITS)
    until(lambda: len(keeper.records()) == 3, "the hub's child is recorded")
    everyone = descent.still_there(keeper.records())
    assert len(everyone) == 3
    keeper.close()
    assert [process for process in everyone if descent.lives(process)] == []
    assert not (keeper.folder / "processes.json").exists()


def test_the_child_of_a_killed_program_is_adopted_and_ended(keep):
    keeper = keep(hub=HAS_CHILD)
    until(lambda: len(keeper.records()) == 2, "the hub's child is recorded")
    hub = keeper.await_one("hub")
    child = hub.children()[0]
    hub.kill()
    until(lambda: [p for p in keeper.living("hub") if p.pid != hub.pid], "another hub lives")
    assert child.is_running()
    assert child.ppid() == keeper.process.pid
    keeper.close()
    assert not descent.lives(child)


def test_a_program_deaf_to_the_signal_is_killed():
    process = subprocess.Popen(
        [sys.executable, "-c", DEAF.replace("\n", "\nprint(flush=True)\n", 1)], stdout=-1
    )
    process.stdout.readline()
    with process:
        killed = descent.end([psutil.Process(process.pid)], 0.5, process.poll)
        assert [one.pid for one in killed] == [process.pid]
    assert process.returncode == -signal.SIGKILL


def test_leftovers_are_told_from_strangers_with_the_same_number():
    ours = subprocess.Popen([sys.executable, "-c", WAITS])
    try:
        record = descent.record_of(psutil.Process(ours.pid), "hub")
        stranger = descent.Record(record.pid, record.started - 3600, "hub")
        gone = descent.Record(2**22 - 1, record.started, "hub")
        itself = descent.record_of(psutil.Process(), "pytest")
        assert descent.still_there([stranger, gone, itself]) == []
        assert [one.pid for one in descent.still_there([record])] == [ours.pid]
    finally:
        ours.kill()
        ours.wait()


@pytest.mark.parametrize("content", ["", "[", "{}", '[{"pid": 1}]', "[17]"])
def test_a_torn_file_of_records_holds_none(tmp_path, content):
    file = tmp_path / "processes.json"
    file.write_text(content)
    assert descent.read_records(file) == []


def test_a_long_log_is_put_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "LARGEST_LOG", 10)
    log = tmp_path / "hub.log"
    log.write_text("x" * 11)
    processes.turn_over(log)
    assert not log.exists()
    assert (tmp_path / "hub.log.1").read_text() == "x" * 11


def test_the_keeper_can_be_killed_and_its_processes_found(keep):
    keeper = keep(hub=WAITS)
    hub = keeper.await_one("hub")
    os.kill(keeper.process.pid, signal.SIGKILL)
    keeper.process.wait()
    left = descent.still_there(keeper.records())
    assert left == [hub]
    assert descent.end(left, 5, lambda: None) == []
    assert not descent.lives(hub)
