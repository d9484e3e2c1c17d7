"""The firewall of each kind of machine, as its script puts it up and takes it away; machines of the test's own."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from threading import Event
from typing import TYPE_CHECKING

import pytest
from bed.spaces import Spaces
from labrun import until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.bed

LAN, INNER = "172.28.86", "172.28.87"
HUB, NODE, STRANGER, GATEWAY = (f"{LAN}.{number}" for number in (2, 31, 99, 3))
PRIVATE = f"{INNER}.41"
RECORD = """
[[backend]]
name = "{name}"
tier = "{tier}"
kind = "docker"
capacity = 1
materials = "/srv/materials/{tier}"
engine = "tcp://{engine}:2376"
tls_ca = "f.pem"
tls_cert = "f.pem"
tls_key = "f.pem"
subnet = "{subnet}.0/24"
hub_machine = "{hub}"
hub_url = "http://{subnet}.1:8081"
usage_url = "http://{subnet}.1:8082/services/usage/events"
images = {{maxima = "maxima:1"}}
"""
ROWS = [("cloud", "public", NODE, "172.21.101"), ("campus", "private", PRIVATE, "172.21.102")]


@pytest.fixture(scope="module")
def figure(tmp_path_factory):
    """A hub, a node, a stranger, and a gateway with a private node behind it; Docker's chain is there, and empty."""
    spaces = Spaces()
    try:
        for segment in ("lan", "inner"):
            spaces.segment(segment)
        for name, address in (("hub", HUB), ("node", NODE), ("stranger", STRANGER), ("gateway", GATEWAY)):
            spaces.join(spaces.machine(name), "lan", f"{address}/24")
        spaces.join(spaces.machines["gateway"], "inner", f"{INNER}.3/24")
        spaces.join(spaces.machine("private"), "inner", f"{PRIVATE}/24")
        spaces.machines["gateway"].sh("sysctl -qw net.ipv4.ip_forward=1")
        spaces.machines["private"].sh(f"ip route add default via {INNER}.3")
        for name in ("hub", "stranger", "node"):
            spaces.machines[name].sh(f"ip route add {INNER}.0/24 via {GATEWAY}")
        for name in ("node", "private"):
            spaces.machines[name].iptables(
                "-N DOCKER-USER", "-A DOCKER-USER -j RETURN", "-A FORWARD -j DOCKER-USER"
            )
        folder = tmp_path_factory.mktemp("machines")
        (folder / "f.pem").write_text("")
        rows = (dict(zip(("name", "tier", "engine", "subnet"), row, strict=True)) for row in ROWS)
        (folder / "backends.toml").write_text("".join(RECORD.format(hub=HUB, **row) for row in rows))
        spaces.backends = folder / "backends.toml"
        yield spaces
    finally:
        spaces.close()


def made(figure, kind: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "maximalab_spawner.machines", kind, str(figure.backends), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rules(machine) -> str:
    """All rules there are, without counters and the moment."""
    said = "".join(machine.run("iptables-save", "-t", table) for table in ("raw", "mangle", "nat", "filter"))
    return re.sub(r"^#.*\n|\[\d+:\d+\]", "", said, flags=re.MULTILINE)


def opens(machine, goal: tuple[str, int]) -> bool:
    with machine.inside():
        try:
            socket.create_connection(goal, 5).close()
        except OSError:
            return False
    return True


def open_to(figure, goal: tuple[str, int]) -> set[str]:
    """Say from which machines a port is reached."""
    machines = {name: machine for name, machine in figure.machines.items() if name != "wires"}
    with ThreadPoolExecutor(len(machines)) as pool:
        found = pool.map(lambda machine: opens(machine, goal), machines.values())
        return {name for name, reached in zip(machines, found, strict=True) if reached}


#: The machine, its script's words, and for each port that it has who reaches it once the script was run.
KINDS = {
    "public-node": (
        "node",
        ("cloud",),
        {(NODE, 2376): {"hub", "node"}, (NODE, 22): {"hub", "node", "stranger", "gateway", "private"}},
    ),
    "private-node": ("private", ("campus",), {(PRIVATE, 2376): {"hub", "private"}}),
    "hub-node": (
        "hub",
        ("--let-in", GATEWAY),
        {
            (HUB, 8081): {"hub", "node", "private", "gateway"},
            (HUB, 8082): {"hub", "node", "private", "gateway"},
            (HUB, 443): {"hub", "node", "stranger", "gateway", "private"},
        },
    ),
}
EVERYBODY = {"hub", "node", "stranger", "gateway", "private"}


def run(figure, name: str, script: str, word: str) -> subprocess.CompletedProcess[str]:
    command = figure.machines[name].words("sh", "-s", word)
    return subprocess.run(command, input=script, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_machine_s_ports_are_for_whom_they_must_be_and_for_all_again_once_the_rules_are_away(figure, kind):
    name, words, ports = KINDS[kind]
    machine, script = figure.machines[name], made(figure, kind, *words).stdout
    with ExitStack() as stack:
        with machine.inside():
            for goal in ports:
                stack.enter_context(socket.create_server(goal))
        before = rules(machine)
        assert {goal: open_to(figure, goal) for goal in ports} == dict.fromkeys(ports, EVERYBODY)
        assert run(figure, name, script, "check").returncode == 1
        for _ in range(2):  # the second time changes nothing
            done = run(figure, name, script, "up")
            assert (done.returncode, done.stderr) == (0, "")
            up = rules(machine)
            assert {goal: open_to(figure, goal) for goal in ports} == ports
        assert run(figure, name, script, "up").returncode == 0
        assert rules(machine) == up
        assert run(figure, name, script, "check").returncode == 0
        for _ in range(2):
            assert run(figure, name, script, "down").returncode == 0
        assert rules(machine) == before
        assert {goal: open_to(figure, goal) for goal in ports} == dict.fromkeys(ports, EVERYBODY)


class Knocks:
    """Connections to a port, one after the other without a pause, from machines of which each has a thread.

    None is waited for: one that a gap in the rules lets in is taken in by the listener, now or when it is sent again.
    """

    def __init__(self, figure, goal: tuple[str, int], names: tuple[str, ...]) -> None:
        self.taken: set[str] = set()
        self.tried = dict.fromkeys(names, 0)
        self._figure, self._goal, self._over = figure, goal, Event()

    def _knock(self, name: str) -> None:
        kept: deque[socket.socket] = deque()
        with self._figure.machines[name].inside(), ExitStack() as stack:
            while not self._over.is_set():
                one = stack.enter_context(socket.socket())
                one.setblocking(False)
                one.connect_ex(self._goal)
                kept.append(one)
                self.tried[name] += 1
                if len(kept) > 50:
                    kept.popleft().close()
                self._over.wait(0.0005)  # this machine has others to serve

    def _take(self, listener: socket.socket) -> None:
        listener.settimeout(0.2)
        while not self._over.is_set():
            with suppress(TimeoutError):
                one, (address, _) = listener.accept()
                self.taken.add(address)
                one.close()

    @contextmanager
    def going_on(self, listener: socket.socket) -> Iterator[None]:
        with ThreadPoolExecutor() as pool:
            work = [pool.submit(self._take, listener), *(pool.submit(self._knock, one) for one in self.tried)]
            try:
                yield
            finally:
                self._over.set()
            for one in work:
                one.result()


def test_while_rules_are_made_anew_nobody_slips_through(figure):
    """The same rules 50 times over, and at every moment somebody at the door."""
    node, knocks = figure.machines["node"], Knocks(figure, (NODE, 2376), ("hub", "stranger"))
    script = made(figure, "public-node", "cloud").stdout
    with node.inside():
        listener = socket.create_server((NODE, 2376), backlog=512)
    with listener:
        assert run(figure, "node", script, "up").returncode == 0
        up = rules(node)
        with knocks.going_on(listener):
            until(lambda: HUB in knocks.taken and knocks.tried["stranger"], "both are at the door", 60)
            said = [run(figure, "node", script, "up") for _ in range(50)]
        assert [(one.returncode, one.stderr) for one in said] == [(0, "")] * 50
        assert knocks.taken == {HUB}
        assert rules(node) == up
        assert run(figure, "node", script, "down").returncode == 0


@pytest.mark.parametrize("stands", [False, True], ids=["at the machine's start", "where rules stand"])
def test_where_a_name_leads_nowhere_a_machine_is_closed_and_the_command_tells(figure, stands):
    """A machine may start before its resolver: all that names no host stands, and rules of before are kept."""
    node, script = figure.machines["node"], made(figure, "public-node", "cloud").stdout
    text = figure.backends.read_text()
    figure.backends.write_text(text.replace("http://172.21.101.1:8082", "http://nowhere.invalid:8082"))
    try:
        named = made(figure, "public-node", "cloud").stdout
    finally:
        figure.backends.write_text(text)
    before = rules(node)
    if stands:
        assert run(figure, "node", script, "up").returncode == 0
    kept = rules(node)
    told = run(figure, "node", named, "up")
    assert told.returncode == 1
    assert "leads nowhere" in told.stderr
    after = rules(node)
    assert (after == kept) is stands
    assert "-A MAXIMALAB-IN -s 172.21.101.0/24 -j REJECT" in after
    assert run(figure, "node", script, "down").returncode == 0
    assert rules(node) == before


def test_through_the_gateway_goes_what_the_lab_needs_and_nothing_else(figure):
    gateway, script = figure.machines["gateway"], made(figure, "gateway", "campus").stdout
    goals = [
        ("private", (PRIVATE, 2376)),
        ("private", (PRIVATE, 22)),
        ("hub", (HUB, 8081)),
        ("hub", (HUB, 443)),
    ]
    with ExitStack() as stack:
        for name, goal in goals:
            with figure.machines[name].inside():
                stack.enter_context(socket.create_server(goal))
        before = rules(gateway)
        assert [open_to(figure, goal) for _, goal in goals] == [EVERYBODY] * 4
        assert run(figure, "gateway", script, "up").returncode == 0
        beside = {"gateway", "private"}  # the gateway itself is no way through it
        assert [open_to(figure, goal) for _, goal in goals] == [
            beside | {"hub"},
            beside,
            EVERYBODY,
            EVERYBODY - {"private"},
        ]
        assert run(figure, "gateway", script, "down").returncode == 0
        assert rules(gateway) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(
            ("public-node", "campus"),
            "campus is a backend of the private tier",
            id="public rules at a private node",
        ),
        pytest.param(
            ("private-node", "cloud"),
            "cloud is a backend of the public tier",
            id="private rules at a public node",
        ),
        pytest.param(("public-node",), "name the backends whose public-node it is", id="no name"),
        pytest.param(("public-node", "none"), "has no backend none", id="a name that is none"),
    ],
)
def test_what_does_not_fit_is_refused_and_no_script_is_printed(figure, words, said):
    told = made(figure, *words)
    assert (told.returncode, told.stdout) == (1, "")
    assert said in told.stderr
