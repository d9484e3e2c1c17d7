"""The bed itself: who reaches whom before there is a lab on it, and that nothing of it stays."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bed.certificates import Authority
from bed.engines import PLAIN, Node
from bed.figure import BEYOND, DOOR, ENGINE_PORT, HUB, HUB_INSIDE, HUB_PORT, NODES, WIREGUARD, Figure
from bed.spaces import HOLD, Machine, sweep
from labrun import until
from maximalab_spawner.engine import Address, Engine, Tls

pytestmark = pytest.mark.bed
HERE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def figure():
    made = Figure()
    yield made
    made.close()


def reaches(machine: Machine, address: str, port: int) -> bool:
    with machine.inside():
        try:
            socket.create_connection((address, port), 1).close()
        except OSError:
            return False
    return True


@pytest.fixture(scope="module")
def listening(figure):
    """Something listens wherever somebody may want to get in."""
    lines = []
    places = [("hub", (DOOR, HUB_PORT, 5432)), *((name, (ENGINE_PORT, 8888)) for name in ("pub1", "prv1"))]
    for name, ports in places:
        with figure[name].inside():
            lines += [socket.create_server(("0.0.0.0", port)) for port in ports]
    yield
    for line in lines:
        line.close()


OPEN = {
    ("home", HUB, DOOR),
    ("campus", HUB, DOOR),
    ("pub1", HUB, DOOR),
    ("pub1", HUB, HUB_PORT),
    ("hub", NODES["pub1"], ENGINE_PORT),
    ("hub", NODES["prv1"], ENGINE_PORT),
    ("prv1", HUB_INSIDE, HUB_PORT),
}
"""All ways there are between these machines and those places, but to oneself."""
PLACES = [
    *((address, port) for address in (HUB, HUB_INSIDE) for port in (DOOR, HUB_PORT, 5432)),
    *((NODES[name], port) for name in ("pub1", "prv1") for port in (ENGINE_PORT, 8888)),
]


@pytest.mark.parametrize("who", ["home", "campus", "pub1", "hub", "prv1"])
def test_t04_each_machine_reaches_what_it_must_and_nothing_else(figure, listening, who):
    own = set(figure[who].addresses.values()) | ({HUB_INSIDE} if who == "hub" else set())
    places = [(address, port) for address, port in PLACES if address not in own]
    wanted = {(address, port) for name, address, port in OPEN if name == who} & set(places)
    with ThreadPoolExecutor(len(places)) as pool:
        reached = pool.map(lambda place: reaches(figure[who], *place), places)
        assert {place for place, opens in zip(places, reached, strict=True) if opens} == wanted


@pytest.mark.parametrize("through", [HUB, "172.28.81.3"])
def test_t04_a_route_of_one_s_own_leads_no_further(figure, listening, through):
    """Who is on the same wire may ask the hub or the gateway to pass on what it has inside."""
    pub1 = figure["pub1"]
    pub1.sh(*(f"ip route add 172.28.{net}.0/24 via {through}" for net in (82, 91)))
    try:
        for address, port in ((HUB_INSIDE, DOOR), (HUB_INSIDE, HUB_PORT), (NODES["prv1"], ENGINE_PORT)):
            assert not reaches(pub1, address, port)
    finally:
        pub1.sh(*(f"ip route del 172.28.{net}.0/24" for net in (82, 91)))


def test_what_is_private_crosses_the_internet_in_wireguard_alone(figure, listening):
    assert reaches(figure["hub"], NODES["prv1"], ENGINE_PORT)
    assert figure["gateway"].packets(WIREGUARD) > 0
    assert figure["gateway"].packets(BEYOND) == figure["prv1"].packets(BEYOND) == 0


def test_a_cable_is_pulled_and_put_back(figure, listening):
    figure.cut(figure["prv1"], "inner")
    assert not reaches(figure["hub"], NODES["prv1"], ENGINE_PORT)
    figure.heal(figure["prv1"], "inner")
    until(lambda: reaches(figure["hub"], NODES["prv1"], ENGINE_PORT), "it is reached again")


async def asked(figure: Figure, url: str, tls: Tls) -> bool:
    engine = Engine(Address("b", url, tls), timeout=10)
    # The engine's threads open their connections from where the thread is that they were made by.
    with figure["hub"].inside():
        well = await engine.answers()
    engine.close()
    return well


async def test_an_engine_answers_the_hub_s_certificate_alone(figure, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    ours, theirs = Authority(figure.folder / "tls"), Authority(figure.folder / "theirs")
    node = Node(figure, figure["pub2"], *PLAIN)
    url = node.listen(ours, NODES["pub2"])
    node.start()
    try:
        late = ours.issue("late", days=-0.01)
        rows = {"hub": ours.issue("hub"), "another authority": theirs.issue("hub"), "out of date": late}
        answers = {name: await asked(figure, url, Tls(ours.ca, *files)) for name, files in rows.items()}
        assert answers == {"hub": True, "another authority": False, "out of date": False}
        assert not await asked(figure, url, Tls(theirs.ca, *ours.issue("hub"))), "the engine is not believed"
    finally:
        await asyncio.to_thread(node.stop)


KILLED = """
import sys
from bed.figure import Figure
print(Figure().tag, flush=True)
sys.stdin.read()
"""


def test_what_a_killed_run_leaves_the_next_one_removes():
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(HERE)!r}){KILLED}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        tag = run.stdout.readline().strip()
        run.send_signal(signal.SIGKILL)
        run.wait(20)
    assert tag in {path.name for path in HOLD.iterdir()}
    sweep()  # or somebody else's, who began meanwhile
    assert not (HOLD / tag).exists()
    left = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert tag not in left
