"""What a server can reach, and what it can do to its neighbour: tried from inside, with real listeners outside."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from confined import BOMB, HOG, IN_TIME
from labrun import until
from maximalab_spawner.backends import read_backends
from maximalab_spawner.firewall import rules
from maximalab_spawner.tiers import Tier
from outside import METADATA, Outside

pytestmark = pytest.mark.docker

PROBE = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def opens(target):
    try:
        socket.create_connection(target, 2).close()
    except OSError:
        return False
    return True
targets = json.loads(sys.argv[1])
with ThreadPoolExecutor(16) as pool:
    print(json.dumps(dict(zip(targets, pool.map(lambda name: opens(tuple(targets[name])), targets)))))
"""
WAY_OUT = 'internet = true\ndns = ["172.27.255.53"]\n'


def sh(line: str):
    subprocess.run(["sh", "-c", line], check=True, capture_output=True, text=True)


@contextmanager
def firewall(lab):
    """Put the machine's rules up for this lab's networks, in chains of the test's own, and take them away."""
    name = f"MXT{os.getpid()}"
    sites = [one.site for one in read_backends(lab.folder / "backends.toml")]
    sh("\n".join(("set -e", *rules(sites, name).lines())))
    try:
        yield
    finally:
        for above, chain in (("INPUT", f"{name}-IN"), ("DOCKER-USER", f"{name}-OUT")):
            for words in (f"-D {above} -j {chain}", f"-F {chain}", f"-X {chain}"):
                sh(f"iptables -w {words}")


@pytest.fixture
def outside(lab, tmp_path):
    beyond = Outside([f"{lab.subnet(tier)}.0/24" for tier in Tier], tmp_path / "outside.log")
    until(lambda: "up" in beyond.log.read_text(), "the outside serves", 30)
    with socket.create_connection((beyond.address, 80), 5):
        yield beyond
    beyond.close()


def reached(lab, spawner, targets) -> set[str]:
    """Name what the server reaches of all these."""
    status, said = lab.run(spawner, "python3", "-c", PROBE, json.dumps(targets))
    assert status == 0, said
    return {name for name, opens in json.loads(said).items() if opens}


def listen(lab, tier, port=0) -> socket.socket:
    return socket.create_server((f"{lab.subnet(tier)}.1", port))


@pytest.mark.parametrize("tier", Tier)
async def test_t08_a_server_reaches_the_hub_and_nothing_else(lab, outside, tier):
    mine, neighbour = lab.spawner(tier), lab.spawner(tier, "bob")
    other = lab.spawner(next(one for one in Tier if one is not tier), "eve")
    await mine.start()
    targets = {
        "metadata": (METADATA, 80),
        "another machine": (outside.address, 80),
        "itself": ("127.0.0.1", 8888),
    }
    for name, spawner in (("a neighbour", neighbour), ("the other tier", other)):
        targets[name] = await spawner.start()
    with ExitStack() as stack:
        hub, service = stack.enter_context(listen(lab, tier, 8081)), stack.enter_context(listen(lab, tier))
        targets |= {"the hub": hub.getsockname(), "the machine": service.getsockname()}
        assert reached(lab, mine, targets) == {"itself", "the hub", "the machine"}, "without the rules"
        stack.enter_context(firewall(lab))
        assert reached(lab, mine, targets) == {"itself", "the hub"}
    ask = "import socket; socket.getaddrinfo('probe.example.org', 80)"
    assert "gaierror" in lab.run(mine, "python3", "-c", ask)[1]
    assert not outside.asked(), "a question of names left a network that nothing else leaves"


async def test_t08_a_way_out_leads_neither_to_metadata_nor_to_the_machine_s_neighbours(lab, outside):
    lab.more[Tier.PUBLIC] = WAY_OUT
    lab.write()
    mine, neighbour = lab.spawner(), lab.spawner(user="bob")
    await mine.start()
    targets = {
        "metadata": (METADATA, 80),
        "another machine": (outside.address, 80),
        "a neighbour": await neighbour.start(),
    }
    assert reached(lab, mine, targets) == {"metadata", "another machine"}, "the probe sees what is there"
    with firewall(lab):
        assert reached(lab, mine, targets) == set()


async def test_a_licence_server_s_port_is_reached_by_the_line_of_images_readme_and_nothing_else_is(lab):
    """As images/README.md has it: a port at the gateway of the servers' network, opened before the lab's own rules."""
    mine, net = lab.spawner(Tier.PRIVATE), lab.subnet(Tier.PRIVATE)
    await mine.start()
    rule = f"INPUT -s {net}.0/24 -d {net}.1 -p tcp --dport 27000 -j ACCEPT"
    with firewall(lab), listen(lab, Tier.PRIVATE, 27000) as licences, listen(lab, Tier.PRIVATE) as service:
        targets = {"licences": licences.getsockname(), "the machine": service.getsockname()}
        assert reached(lab, mine, targets) == set()
        sh(f"iptables -w -I {rule}")
        try:
            assert reached(lab, mine, targets) == {"licences"}
        finally:
            sh(f"iptables -w -D {rule}")


#: A server with a real kernel and no hub: it runs what is posted to it.
KERNEL = """
import http.server, os, signal
from jupyter_client.manager import start_new_kernel
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
manager, client = start_new_kernel(kernel_name="maxima")
class Cell(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        said = []
        def hear(message): said.append(message["content"].get("data", {}).get("text/plain", ""))
        code = self.rfile.read(int(self.headers["Content-Length"])).decode()
        client.execute_interactive(code, output_hook=hear, timeout=60)
        body = "".join(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
http.server.HTTPServer(("0.0.0.0", 8888), Cell).serve_forever()
"""


async def answers_in_time(address) -> bool:
    """Say whether the kernel answers within two seconds; one of several times, as this machine has other work."""

    def took() -> float:
        began = time.monotonic()
        answer = httpx.post(f"http://{address[0]}:{address[1]}/", content="6*7;", timeout=60, trust_env=False)
        assert "42" in answer.text
        return time.monotonic() - began

    return min([await asyncio.to_thread(took) for _ in range(5)]) < IN_TIME


async def test_t07_what_one_server_does_to_itself_its_neighbour_does_not_feel(lab):
    lab.limits[Tier.PUBLIC] = "memory_mb = 256\npids = 64\ntmp_mb = 32"
    lab.write()
    wild, neighbour = lab.spawner(), lab.spawner(user="bob", program=KERNEL)
    await wild.start()
    address = await neighbour.start()
    assert await answers_in_time(address)
    status, said = lab.run(wild, "dd", "if=/dev/zero", "of=/tmp/full", "bs=1M")
    assert status != 0
    assert "No space left" in said
    assert await answers_in_time(address)
    assert lab.run(wild, "python3", "-c", HOG)[0] == 137, "ended for want of memory"
    assert await answers_in_time(address)
    bomb = lab.engine.exec_create(wild.container_name, ["perl", "-e", BOMB])
    lab.engine.exec_start(bomb["Id"], detach=True)
    until(lambda: len(lab.engine.top(wild.container_name)["Processes"]) > 55, "the bomb has gone off", 60)
    assert await answers_in_time(address)
    assert await neighbour.poll() is None
    await wild.stop()
    assert len(lab.containers()) == 1, "it can be stopped all the same"
