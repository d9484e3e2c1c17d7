"""A local server's use of the machine, by real processes: told in shares, each under one name."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from localservers import OBEYS
from maximalab_spawner import metering
from maximalab_spawner.process import MARK, used

BURNS = OBEYS.replace(
    'print("hello")',
    "import threading; threading.Thread(target=lambda: [i * i for i in iter(int, 1)], daemon=True).start()",
)


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """Read at each look and tell each share at once; the times themselves are tested with the meter."""
    monkeypatch.setattr(metering, "READ_EVERY", timedelta(0))
    monkeypatch.setattr(metering, "TELL_EVERY", timedelta(milliseconds=1))


class Told(list):
    """All that was told, each telling of it, with its name and its moment."""

    def take(self, kind, **fields):
        self.append((kind, fields))

    @property
    def kinds(self):
        return [kind for kind, _ in self if kind != metering.USE]

    @property
    def shares(self):
        return [fields for kind, fields in self if kind == metering.USE]


@pytest.fixture
def told():
    return Told()


def spawner_of(lab, told, *where):
    spawner = lab.spawner(*where, program=BURNS)
    spawner.usage_sink = told.take
    return spawner


async def until_used(told, spawner, cpu_ms):
    async with asyncio.timeout(60):
        while sum(one["detail"]["cpu_ms"] for one in told.shares) < cpu_ms:
            assert await spawner.poll() is None
            await asyncio.sleep(0.05)


async def test_a_servers_use_is_told_in_shares_of_where_and_what_it_is(lab, told):
    spawner = spawner_of(lab, told, "private-maxima", "game")
    await spawner.start()
    await until_used(told, spawner, 200)
    await spawner.stop()
    assert await spawner.poll() is not None
    shares = told.shares
    assert {(one["user"], one["server"], one["tier"], one["material"]) for one in shares} == {
        ("ada", "private-maxima", "private", "game")
    }
    assert len({one["event_id"] for one in shares}) == len(shares)
    ends = [one["at"] + timedelta(milliseconds=one["duration_ms"]) for one in shares]
    for end, after in zip(ends, shares[1:], strict=False):
        assert abs(end - after["at"]) <= timedelta(milliseconds=1)
    assert told.kinds == ["server_start", "server_stop"]


async def test_another_hub_tells_the_last_share_again_under_its_name_and_goes_on(lab, told):
    first = spawner_of(lab, told)
    await first.start()
    await until_used(told, first, 50)
    last, count = told.shares[-1], len(told.shares)
    second = spawner_of(lab, told)
    second.load_state(first.get_state())
    assert told.shares[count:] == [last], "the same event once more"
    await until_used(told, second, 300)
    following = told.shares[count + 1]
    assert following["event_id"] != last["event_id"]
    gap = following["at"] - last["at"] - timedelta(milliseconds=last["duration_ms"])
    assert abs(gap) <= timedelta(milliseconds=1)
    await second.stop()
    first.forget()


def test_what_marked_processes_use_is_summed_up_with_their_children():
    burn = "import time\nwhile time.process_time() < 0.25: pass\n"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])\nprint(1, flush=True)\ninput()"
    mark = os.urandom(8).hex()
    environment = {**os.environ, MARK: mark}
    with subprocess.Popen(
        [sys.executable, "-c", child], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        cpu_ms, memory = used(mark)
        process.stdin.close()
    assert cpu_ms >= 200  # of 250: user and system are told in ticks of 10 ms, each rounded down
    assert memory > 2**20
    assert used(mark) == (0, 0)
