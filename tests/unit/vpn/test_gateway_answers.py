"""Whatever the gateway hears, it lets in whom the hub named last: an answer that is none changes nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maximalab_hub.vpn.gateway import Gateway
from maximalab_hub.vpn.keys import new_pair, new_preshared
from maximalab_hub.vpn.peers import Peer, PeersError, read, write

POOL = IPv4Network("172.20.0.0/24")
KEYS = [new_pair().public for _ in range(5)]
NOW = 1_800_000_000.0
LATER = NOW + 1000


def told(number: int = 0, **other: Any) -> dict[str, Any]:
    """What the hub says of one device."""
    said = {
        "id": f"{number:032}",
        "public_key": KEYS[number],
        "address": f"172.20.0.{number + 2}",
        "until": LATER,
    }
    return {**said, **other}


@dataclass
class Listed:
    """Stands where the WireGuard interface stands, and does what `wg` does with lists of peers."""

    peers: dict[str, str] = field(default_factory=dict)
    touched: list[str] = field(default_factory=list)

    def allowed(self) -> dict[str, str]:
        return dict(self.peers)

    def remove(self, keys: Sequence[str]) -> None:
        self.touched += keys
        for key in keys:
            self.peers.pop(key, None)

    def add(self, peers: Sequence[Peer]) -> None:
        for peer in peers:
            self.touched.append(peer.public_key)
            self.peers[peer.public_key] = f"{peer.address}/32"


class Heard:
    """A gateway, its interface, a clock, and the answers that it gets one after another."""

    def __init__(self, state: Path):
        self.now, self.interface, self.answers = NOW, Listed(), []
        client = httpx.Client(base_url="http://hub.invalid", transport=httpx.MockTransport(self._answer))
        self.gateway = Gateway(client, self.interface, POOL, state, lambda: self.now)

    def _answer(self, _request: httpx.Request) -> httpx.Response:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def hear(self, answer: httpx.Response | Exception) -> dict[str, str]:
        self.answers.append(answer)
        self.gateway.step()
        return self.interface.allowed()


@pytest.fixture
def heard(tmp_path: Path) -> Heard:
    return Heard(tmp_path / "peers.json")


def good(*peers: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"peers": list(peers)})


def text(said: str | bytes) -> httpx.Response:
    return httpx.Response(200, content=said)


NO_LISTS = {
    "nothing": text(""),
    "no JSON": text("<html>"),
    "half of a list": text('{"peers": [{"id": "a", "publ'),
    "no UTF-8": text(b"\xff\xfe\xfa"),
    "brackets without an end": text("[" * 100_000),
    "a list without its name": text("[]"),
    "null": text("null"),
    "no list of peers": text('{"peers": {}}'),
    "no peers at all": text("{}"),
    "broken compression": httpx.DecodingError("no gzip"),
    "a redirect": httpx.Response(302, headers={"Location": "http://evil.invalid/"}),
    "not signed in": httpx.Response(401),
    "forbidden": httpx.Response(403, json={"peers": []}),
    "the hub in trouble": httpx.Response(500, json={"peers": []}),
    "no content": httpx.Response(204),
    "the hub is away": httpx.ConnectError("refused"),
    "the hub hangs": httpx.ReadTimeout("no word"),
    "a peer that is none": good(told(1), 7),
    "an empty peer": good({}),
    "a key too short": good(told(1, public_key="abc=")),
    "no key": good(told(1, public_key=None)),
    "a preshared key that is none": good(told(1, preshared_key="x")),
    "an id with a line's end": good(told(1, id="a\nb")),
    "an id without an end": good(told(1, id="a" * 100)),
    "an address of another network": good(told(1, address="10.0.0.1")),
    "the gateway's own address": good(told(1, address="172.20.0.1")),
    "an address with a mask": good(told(1, address="172.20.0.0/16")),
    "an address as a number": good(told(1, address=2886991875)),
    "no address": good(told(1, address=None)),
    "a last moment that is a text": good(told(1, until="tomorrow")),
    "a last moment that is true": good(told(1, until=True)),
    "a last moment that is no number": text(json.dumps({"peers": [told(1, until=float("nan"))]})),
    "a last moment without an end": text(json.dumps({"peers": [told(1, until=float("inf"))]})),
    "a last moment beyond all numbers": text(json.dumps({"peers": [told(1, until=10**400)]})),
    "a last moment before the beginning": good(told(1, until=-1)),
    "one key twice": good(told(1), told(2, public_key=KEYS[1])),
    "one address twice": good(told(1), told(2, address="172.20.0.3")),
    "too many peers": text(json.dumps({"peers": [7] * 65_537})),
}


@pytest.mark.parametrize("answer", NO_LISTS.values(), ids=NO_LISTS)
def test_an_answer_that_is_none_changes_nothing(heard: Heard, answer, caplog):
    before = heard.hear(good(told(0), told(1)))
    heard.interface.touched.clear()
    assert heard.hear(answer) == before
    assert heard.interface.touched == []
    assert caplog.text.count("nobody new comes in, nobody goes out") == 1
    assert heard.hear(good(told(2))) == {KEYS[2]: "172.20.0.4/32"}, "and the next good one counts"


@pytest.mark.parametrize("answer", NO_LISTS.values(), ids=NO_LISTS)
def test_a_gateway_that_begins_with_such_an_answer_keeps_what_it_finds(heard: Heard, answer):
    heard.interface.peers = {KEYS[0]: "172.20.0.2/32"}
    assert heard.hear(answer) == {KEYS[0]: "172.20.0.2/32"}


def test_whose_time_is_over_goes_out_whatever_is_heard(heard: Heard):
    heard.hear(good(told(0, until=NOW + 10), told(1)))
    heard.now = NOW + 10
    assert heard.hear(httpx.ConnectError("refused")) == {KEYS[1]: "172.20.0.3/32"}
    assert heard.hear(good(told(0, until=NOW + 10), told(1))) == {KEYS[1]: "172.20.0.3/32"}


@pytest.mark.parametrize(
    "kept", ["", "{", "null", '{"peers": 7}', json.dumps({"peers": [told(1, until=10**400)]}), "[" * 100_000]
)
def test_a_file_that_cannot_be_read_counts_as_none(heard: Heard, kept: str):
    heard.gateway.state.write_text(kept)
    heard.gateway.recall()
    assert heard.gateway.known is None
    heard.interface.peers = {KEYS[0]: "172.20.0.2/32"}
    assert heard.hear(httpx.Response(503)) == {KEYS[0]: "172.20.0.2/32"}


def test_what_was_known_is_known_again_without_the_hub(heard: Heard):
    heard.hear(good(told(0), told(1, preshared_key=new_preshared())))
    again = Heard(heard.gateway.state)
    again.gateway.recall()
    assert again.gateway.known == heard.gateway.known
    assert again.hear(httpx.ConnectError("refused")) == heard.interface.allowed()
    assert heard.gateway.state.stat().st_mode & 0o777 == 0o600


PEERS = st.lists(st.integers(0, 4), unique=True).flatmap(
    lambda numbers: st.tuples(
        *(st.builds(told, st.just(n), until=st.integers(int(NOW), int(LATER))) for n in numbers)
    )
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=6) | st.sampled_from(KEYS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["peers", "id", "public_key", "address", "until"]), inner, max_size=5
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(st.integers(0, 400), PEERS | ANYTHING.map(json.dumps) | st.binary(max_size=60)), max_size=8
    )
)
def test_peers_stay_or_follow_the_last_good_answer(tmp_path_factory, story):
    heard = Heard(tmp_path_factory.getbasetemp() / "peers-of-a-story.json")
    heard.gateway.state.unlink(missing_ok=True)
    wanted: tuple[Peer, ...] = ()
    for seconds, answer in story:
        heard.now += seconds
        if isinstance(answer, tuple):
            wanted = read({"peers": list(answer)}, POOL)
            found = heard.hear(good(*answer))
        else:
            with suppress(ValueError, PeersError):  # it is none: what was wanted holds
                wanted = read(json.loads(answer), POOL)
            found = heard.hear(text(answer))
        assert found == {one.public_key: f"{one.address}/32" for one in wanted if one.until > heard.now}
    assert heard.gateway.known in {None, wanted} or read(write(wanted), POOL) == heard.gateway.known
