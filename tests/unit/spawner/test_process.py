"""Recognising processes for sure, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from maximalab_spawner.process import MARK, ProcessId, kill_marked, marked

WAIT = [sys.executable, "-c", "input()"]


@pytest.fixture
def child():
    with subprocess.Popen(WAIT, stdin=subprocess.PIPE, start_new_session=True, env={MARK: "m1"}) as process:
        yield process
        process.kill()


def until_gone(process: ProcessId):
    deadline = time.monotonic() + 10
    while process.alive():
        assert time.monotonic() < deadline, "it does not end"
        os.sched_yield()


def test_a_process_is_known_by_its_number_and_its_start(child):
    process = ProcessId.of(child.pid)
    assert process is not None
    assert process.alive()
    assert ProcessId.from_state(process.as_state()) == process


@pytest.mark.parametrize("other", [{"started": 1}, {"boot": "another boot"}])
def test_a_number_that_was_given_out_again_is_another_process(child, other):
    recycled = replace(ProcessId.of(child.pid), **other)
    assert not recycled.alive()
    recycled.send(signal.SIGKILL)
    recycled.kill_group()
    assert ProcessId.of(child.pid) is not None, "another process was hit"


def test_a_dead_process_that_nobody_has_collected_is_dead(child):
    process = ProcessId.of(child.pid)
    process.kill_group()
    until_gone(process)
    assert ProcessId.of(child.pid) is None
    assert child.wait() == -signal.SIGKILL
    process.send(signal.SIGTERM)


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"pid": 5},
        {"pid": "5", "started": 1, "boot": "x"},
        {"pid": 0, "started": 1, "boot": "x"},
        {"pid": 1, "started": 1, "boot": "x"},
        {"pid": -5, "started": 1, "boot": "x"},
        {"pid": 5, "started": None, "boot": "x"},
    ],
)
def test_a_state_that_is_not_whole_is_no_process(state):
    assert ProcessId.from_state(state) is None


def test_marked_processes_are_found_wherever_they_went(child):
    process = ProcessId.of(child.pid)
    assert list(marked("m1")) == [process]
    assert list(marked("m")) == []
    assert kill_marked("m2") == 0
    assert kill_marked("m1") == 1
    until_gone(process)
    child.wait()
    assert kill_marked("m1") == 0
