"""What a node's meter reads of the kernel, and what the hub makes of its log."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_spawner import nodemeter
from maximalab_spawner.engine import EngineUnreachable
from maximalab_spawner.nodefigures import Beat, Clocks, Figures, beats
from maximalab_spawner.nodemeter import IN_A_LINE, lines, readings

ADA, EVE, INNER = ("a" * 64, "e" * 64, "f" * 64)
FIGURES = st.dictionaries(
    st.from_regex(r"[0-9a-f]{64}", fullmatch=True), st.tuples(st.integers(0), st.integers(0))
)


def group(folder, **files: str):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def one_tree(top, container: str, usec: int, memory: int, cache: int = 0, within: str = "system.slice"):
    group(top, cgroup__controllers="cpu memory\n")
    group(
        top / within / f"docker-{container}.scope",
        cpu__stat=f"usage_usec {usec}\nuser_usec 1\n",
        memory__current=f"{memory}\n",
        memory__stat=f"anon 5\ninactive_file {cache}\n",
    )


def two_trees(top, container: str, ns: int, memory: int, cache: int, processors: str):
    group(top / processors, cpuacct__usage="1\n")
    group(top / processors / "docker" / container, cpuacct__usage=f"{ns}\n")
    group(
        top / "memory/docker" / container,
        memory__usage_in_bytes=f"{memory}\n",
        memory__stat=f"inactive_file 1\ntotal_inactive_file {cache}\n",
    )


def test_control_groups_of_version_2_are_read(tmp_path):
    one_tree(tmp_path, ADA, 1_234_567, 300, 100)
    one_tree(tmp_path, EVE, 999, 5, 9, within="maximalab.slice/more")
    assert readings(tmp_path) == {ADA: (1234, 200), EVE: (0, 0)}


@pytest.mark.parametrize("processors", ["cpuacct", "cpu,cpuacct"])
def test_control_groups_of_version_1_are_read(tmp_path, processors):
    two_trees(tmp_path, ADA, 1_234_567_890, 300, 50, processors)
    assert readings(tmp_path) == {ADA: (1234, 250)}


def test_what_a_container_makes_within_its_own_is_no_container(tmp_path):
    one_tree(tmp_path, ADA, 5_000, 300)
    one_tree(tmp_path, INNER, 10**9, 10**9, within=f"system.slice/docker-{ADA}.scope")
    assert readings(tmp_path) == {ADA: (5, 300)}


def test_a_container_that_is_ending_and_a_machine_without_control_groups_are_no_error(tmp_path):
    assert readings(tmp_path) == {}
    one_tree(tmp_path, ADA, 5_000, 300)
    group(tmp_path / "system.slice" / f"docker-{EVE}.scope")
    assert readings(tmp_path) == {ADA: (5, 300)}


def test_it_runs_alone_and_prints_at_once(tmp_path):
    """As the stack starts it, with nothing of the lab beside it."""
    one_tree(tmp_path, ADA, 5_000, 300)
    words = [sys.executable, "-I", nodemeter.__file__, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        said = json.loads(process.stdout.readline())
        process.kill()
    assert said["use"] == {ADA: [5, 300]}


def frame(text: str, stream: int = 1) -> bytes:
    data = text.encode()
    return struct.pack(">BxxxL", stream, len(data)) + data


def logged(line: str, node: str = "n1") -> bytes:
    about = f"com.docker.swarm.node.id={node},com.docker.swarm.service.id=s,com.docker.swarm.task.id=t"
    return frame(f"{about} {line}\n")


def log_of(at: int, figures, node: str = "n1") -> bytes:
    return b"".join(logged(line, node) for line in lines(at, figures))


@given(FIGURES, FIGURES)
def test_what_is_printed_is_what_is_read_and_the_last_reading_counts(before, figures):
    assert beats(log_of(10, before) + log_of(20, figures)) == {"n1": Beat(20, figures)}
    assert beats(log_of(20, figures) + log_of(10, before)) == {"n1": Beat(20, figures)}


def test_a_line_is_shorter_than_what_an_engine_cuts():
    many = {f"{number:064x}": (10**10, 2**40) for number in range(3 * IN_A_LINE)}
    printed = list(lines(2_000_000_000, many))
    assert len(printed) == 3
    assert max(map(len, printed)) < 16 * 1024


def test_each_node_speaks_for_itself_alone():
    found = beats(log_of(10, {ADA: (5, 6)}) + log_of(99, {ADA: (10**6, 10**9)}, node="n2"))
    assert found["n1"].use == {ADA: (5, 6)}


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(logged("Traceback"), id="no figures"),
        pytest.param(logged('{"at": 11}'), id="half of it"),
        pytest.param(logged('{"at": 11, "use": {"a": 1}}'), id="another form"),
        pytest.param(logged("[" * 100_000), id="deep"),
        pytest.param(frame('{"at": 11, "use": {}}\n'), id="of nobody"),
        pytest.param(frame("Error grabbing logs: node n2 is not available", stream=3), id="a node is away"),
        pytest.param(frame('com.docker.swarm.node.id=n1 {"at": 11, "use": {}}', stream=2), id="a complaint"),
        pytest.param(log_of(11, {ADA: (9, 9)})[:-3], id="cut off"),
    ],
)
def test_what_is_no_reading_is_passed_over(odd):
    assert beats(log_of(10, {ADA: (5, 6)}) + odd)["n1"] == Beat(10, {ADA: (5, 6)})


class Manager:
    """Stands where a manager is asked for the log; that a real one answers so is tested in tests/swarm."""

    def __init__(self, log: bytes) -> None:
        self.log, self.asked, self.address = log, 0, SimpleNamespace(backend="cloud")

    async def call(self, do):
        self.asked += 1
        if not self.log:
            raise EngineUnreachable("cloud")
        return do(SimpleNamespace(service_log=lambda *_: self.log))


@pytest.fixture
def clock():
    now = SimpleNamespace(since=500.0)
    now.clocks = Clocks(steady=lambda: now.since, wall=lambda: now.since + 1_000_000)
    return now


async def test_a_log_is_asked_for_once_for_many_servers_and_a_silent_node_is_no_zero(clock):
    manager = Manager(log_of(1_000_500, {ADA: (5, 6), EVE: (7, 8)}))
    figures = Figures(clock.clocks).of(manager, "lab")
    assert [await figures.use("n1", one) for one in (ADA, EVE, INNER)] == [(5, 6), (7, 8), None]
    assert await figures.use("n2", ADA) is None, "what another node says is not its"
    assert manager.asked == 1
    clock.since += 40
    assert await figures.use("n1", ADA) == (5, 6)
    clock.since += 10
    assert await figures.use("n1", ADA) is None
    manager.log = log_of(1_000_555, {ADA: (9, 9)})
    clock.since += 20
    assert await figures.use("n1", ADA) == (9, 9)


async def test_a_hub_that_has_just_started_takes_no_old_reading_and_a_wrong_clock_keeps_nobody_out(clock):
    manager = Manager(log_of(77, {ADA: (5, 6)}))
    figures = Figures(clock.clocks).of(manager, "lab")
    assert await figures.use("n1", ADA) is None
    manager.log = log_of(87, {ADA: (6, 6)})
    clock.since += 20
    assert await figures.use("n1", ADA) == (6, 6)


async def test_managers_that_do_not_answer_are_not_asked_by_each_server(clock):
    manager = Manager(b"")
    figures = Figures(clock.clocks).of(manager, "lab")
    with pytest.raises(EngineUnreachable):
        await figures.use("n1", ADA)
    assert await figures.use("n1", ADA) is None
    assert manager.asked == 1


def test_a_record_that_changes_has_figures_of_its_own():
    figures, first = Figures(), Manager(b"")
    assert figures.of(first, "lab") is figures.of(first, "lab")
    assert figures.of(Manager(b""), "lab") is not figures.of(first, "lab")
