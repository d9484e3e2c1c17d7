"""The gateway with real WireGuard: who is enrolled is in, who is revoked is out, and nobody else notices."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from labrun import until
from labsettings import settings_toml
from maximalab_hub.settings import SETTINGS_VARIABLE, load_settings
from maximalab_hub.vpn.conf import device_conf
from maximalab_hub.vpn.keys import new_pair, new_preshared
from maximalab_hub.vpn.store import open_devices
from wireguardbed import ROOT, Bed, Space, bed, end

pytestmark = pytest.mark.wireguard

HERE = Path(__file__).parent
INSIDE, ENTRANCE, CLOSED, HUB = "172.20.0.1", 8080, 8081, 8002
TOKEN = "a token of 32 letters for the test"
STREAM = """
import sys, urllib.request
answer = urllib.request.build_opener(urllib.request.ProxyHandler({})).open("http://172.20.0.1:8080/stream")
while part := answer.read(1000):
    open(sys.argv[1], "ab").write(part)
"""


class Vpn:
    """A gateway, the hub's answers and the entrance, in one namespace of a bed."""

    def __init__(self, made: Bed, folder: Path, stack: ExitStack):
        self.bed, self.folder, self.stack = made, folder, stack
        self.space, self.interface = made.space(1), f"g{made.tag}"
        self.env = os.environ | {SETTINGS_VARIABLE: str(folder / "maximalab.toml")}
        up = [str(ROOT / "deploy/vpn/up"), self.interface, f"{INSIDE}/24", "51820", str(folder / "key")]
        for _ in range(2):  # twice, since it may be run again
            said = self.space.run(*up, f"{INSIDE}:{ENTRANCE}")
        stack.callback(self.space.run, "ip", "link", "del", self.interface)
        gateway = {
            "pool": "172.20.0.0/24",
            "endpoint": "172.28.77.1:51820",
            "public_key": said.split()[-1],
            "routes": ["172.20.0.0/24"],
        }
        (folder / "maximalab.toml").write_text(settings_toml({"gateway": gateway}), encoding="utf-8")
        self.devices = open_devices(load_settings(folder / "maximalab.toml"), lambda: datetime.now(UTC))
        (folder / "token").write_text(TOKEN, encoding="ascii")
        (folder / "token").chmod(0o600)
        self.devices.in_force()
        for port in (ENTRANCE, CLOSED):
            self.start(str(HERE / "entrance.py"), INSIDE, str(port))
            until(lambda port=port: self.space.reaches(INSIDE, port), "the entrance answers")
        self.hub = self.start_hub()
        self.gateway = self.start_gateway()

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        program = self.space.start(
            sys.executable, *words, env=self.env, stderr=(self.folder / "log").open("ab")
        )
        self.stack.callback(end, program)
        return program

    def start_hub(self) -> subprocess.Popen[bytes]:
        return self.start(str(HERE / "peersserver.py"), str(HUB), TOKEN, str(self.folder / "questions"))

    def start_gateway(self) -> subprocess.Popen[bytes]:
        return self.start(
            "-m", "maximalab_hub.vpn", "gateway", "--hub", f"http://127.0.0.1:{HUB}", "--every", "0.5",
            "--token-file", str(self.folder / "token"), "--pool", "172.20.0.0/24",
            "--state", str(self.folder / "known.json"), "--interface", self.interface,
        )  # fmt: skip

    def enrol(self, name: str) -> Path:
        """Enrol somebody's laptop; gives its configuration file."""
        pair, conf = new_pair(), self.folder / f"{name}.conf"
        made = self.devices.enrol(name, "Laptop", pair.public, preshared=new_preshared())
        conf.write_text(device_conf(made, self.devices.section, pair.private), encoding="utf-8")
        return conf

    def let_in(self) -> set[str]:
        """The addresses that the gateway lets in."""
        lines = self.space.run("wg", "show", self.interface, "allowed-ips").splitlines()
        return {line.split("\t")[1].removesuffix("/32") for line in lines}

    def questions(self) -> int:
        file = self.folder / "questions"
        return file.stat().st_size if file.exists() else 0

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")


@pytest.fixture
def vpn(tmp_path: Path) -> Iterator[Vpn]:
    with bed() as made, ExitStack() as stack:
        yield Vpn(made, tmp_path, stack)


def becomes(what: Callable[[], object], wanted: object) -> None:
    until(lambda: what() == wanted, f"it becomes {wanted}")


def streams(vpn: Vpn, space: Space) -> tuple[subprocess.Popen[bytes], Path]:
    """Begin a transfer that goes on for as long as nobody drops it."""
    received = vpn.folder / "received"
    program = space.start(sys.executable, "-c", STREAM, str(received), stderr=subprocess.DEVNULL)
    vpn.stack.callback(end, program)
    until(received.exists, "the transfer has begun")
    return program, received


def test_people_come_and_go_and_nobody_else_notices(vpn: Vpn):
    ada, bob, eve, mallory = (vpn.bed.space(number) for number in (11, 12, 13, 14))
    adas, bobs = vpn.enrol("ada"), vpn.enrol("bob")
    becomes(vpn.let_in, {"172.20.0.2", "172.20.0.3"})
    vpn.bed.connect(ada, f"a{vpn.bed.tag}", adas)
    vpn.bed.connect(bob, f"b{vpn.bed.tag}", bobs)
    for space in (ada, bob):
        until(lambda space=space: space.reaches(INSIDE, ENTRANCE), "a device reaches the entrance")
    transfer, received = streams(vpn, ada)

    # A device reaches the entrance and nothing else: no other port of the gateway, no other device.
    bob.start(sys.executable, str(HERE / "entrance.py"), "172.20.0.3", "8080")
    until(lambda: bob.reaches("172.20.0.3", 8080), "bob has a page of his own")
    assert not ada.reaches(INSIDE, CLOSED, seconds=1)
    assert not ada.reaches("172.20.0.3", 8080, seconds=1)

    # Revoked: out with the gateway's next questions, while the other's transfer goes on.
    before = vpn.questions()
    vpn.devices.revoke("bob")
    becomes(vpn.let_in, {"172.20.0.2"})
    assert vpn.questions() - before <= 8, "a question is asked each half second"
    assert not bob.reaches(INSIDE, ENTRANCE, seconds=1)

    # A third one comes, meanwhile; a key that nobody enrolled gets nothing.
    eves = vpn.enrol("eve")
    becomes(vpn.let_in, {"172.20.0.2", "172.20.0.4"})
    vpn.bed.connect(eve, f"e{vpn.bed.tag}", eves)
    until(lambda: eve.reaches(INSIDE, ENTRANCE), "the third one reaches the entrance")
    stolen = vpn.folder / "mallory.conf"
    lines = eves.read_text().splitlines()
    stolen.write_text(
        "\n".join(f"PrivateKey = {new_pair().private}" if "PrivateKey" in line else line for line in lines)
    )
    vpn.bed.connect(mallory, f"m{vpn.bed.tag}", stolen)
    assert not mallory.reaches(INSIDE, ENTRANCE)
    assert mallory.run("wg", "show", f"m{vpn.bed.tag}", "latest-handshakes").split()[-1] == "0"

    # The gateway's program is killed: nobody notices. What changed meanwhile, it finds at its next start.
    vpn.gateway.send_signal(signal.SIGKILL)
    vpn.gateway.wait(20)
    assert ada.reaches(INSIDE, ENTRANCE, seconds=30)
    vpn.devices.revoke("eve")
    vpn.gateway = vpn.start_gateway()
    becomes(vpn.let_in, {"172.20.0.2"})
    assert not eve.reaches(INSIDE, ENTRANCE, seconds=1)

    # The hub is away: all stays, a device whose key somebody put in by hand goes, and a new start knows whom to let in.
    end(vpn.hub)
    until(lambda: "the hub gives no list" in vpn.log(), "the gateway says so")
    end(vpn.gateway)
    becomes(lambda: vpn.gateway.poll() is not None, True)
    vpn.space.run("wg", "set", vpn.interface, "peer", new_pair().public, "allowed-ips", "172.20.0.99/32")
    assert "172.20.0.99" in vpn.let_in()
    vpn.gateway = vpn.start_gateway()
    becomes(vpn.let_in, {"172.20.0.2"})
    assert ada.reaches(INSIDE, ENTRANCE, seconds=30)

    size = received.stat().st_size
    until(lambda: received.stat().st_size > size, "the transfer goes on")
    assert transfer.poll() is None
    assert not any(
        line.split(" = ")[1] in vpn.log() for line in bobs.read_text().splitlines() if "Key = " in line
    )


def test_a_gateway_is_taken_away_whole_and_keeps_its_key(tmp_path: Path):
    with bed() as made:
        space, interface, key = made.space(5), f"d{made.tag}", tmp_path / "key"

        def rules() -> list[str]:
            return space.run("iptables", "-w", "-S").splitlines()

        before = rules()
        words = (interface, f"{INSIDE}/24", "51820", str(key), f"{INSIDE}:{ENTRANCE}")
        first = space.run(str(ROOT / "deploy/vpn/up"), *words)
        up = rules()
        assert up != before
        assert space.run(str(ROOT / "deploy/vpn/up"), *words) == first
        assert rules() == up, "by one change: nobody slips through, and nothing stands there twice"
        for _ in range(2):
            space.run(str(ROOT / "deploy/vpn/down"), interface)
            assert rules() == before
            assert interface not in space.run("ip", "-brief", "link")
        assert space.run(str(ROOT / "deploy/vpn/up"), *words) == first, (
            "with the same key it is the same gateway"
        )
        space.run(str(ROOT / "deploy/vpn/down"), interface)
