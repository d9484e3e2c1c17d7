"""The VPN's pure rules: addresses, keys, names of devices, who may have one, and the file that a device reads."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.vpn.addresses import free_address, gateway_address, is_for_a_device
from maximalab_hub.vpn.conf import device_conf
from maximalab_hub.vpn.devices import Device, NotEnrolled, tidy, why_not
from maximalab_hub.vpn.entitled import may_use_vpn
from maximalab_hub.vpn.keys import is_key, new_pair, new_preshared
from maximalab_hub.vpn.section import GatewaySection
from maximalab_hub.vpn.words import WHY_NOT
from maximalab_spawner.policy import decide
from maximalab_spawner.tiers import Access, Person, Scenario, Tier, tier_of
from pydantic import ValidationError

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
POOLS = st.integers(16, 29).map(lambda prefix: IPv4Network(f"172.20.0.0/{prefix}"))
GATEWAY = {
    "pool": "172.20.0.0/20",
    "endpoint": "vpn.example.edu:51820",
    "public_key": new_pair().public,
    "routes": ["172.20.0.1/32"],
}
SECTION = GatewaySection(**GATEWAY)
LAPTOP = Device(
    "0" * 32, "ada", "Laptop", new_pair().public, IPv4Address("172.20.0.2"), NOW, NOW + timedelta(9)
)


@given(pool=POOLS, offsets=st.sets(st.integers(0, 40)))
def test_a_free_address_is_in_the_pool_and_nobodys(pool: IPv4Network, offsets: set[int]):
    taken = {pool.network_address + offset for offset in offsets}
    found = free_address(pool, taken)
    if found is None:
        assert {one for one in pool.hosts() if one != gateway_address(pool)} <= taken
    else:
        assert found not in taken
        assert found in pool
        assert is_for_a_device(found, pool)


@pytest.mark.parametrize("address", ["172.20.0.0", "172.20.0.1", "172.20.0.7", "172.20.0.8", "10.0.0.2"])
def test_network_gateway_broadcast_and_foreign_addresses_are_no_devices(address: str):
    assert not is_for_a_device(IPv4Address(address), IPv4Network("172.20.0.0/29"))


def test_keys_are_new_each_time_and_have_one_text():
    pairs = [new_pair() for _ in range(3)]
    texts = {text for pair in pairs for text in (pair.public, pair.private)} | {new_preshared()}
    assert len(texts) == 7
    assert all(map(is_key, texts))
    assert pairs[0].private not in repr(pairs[0])


@given(st.binary(min_size=32, max_size=32).filter(lambda raw: sum(raw) > 1))
def test_any_32_bytes_are_a_key(raw: bytes):
    assert is_key(b64encode(raw).decode())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(None, id="no text"),
        pytest.param("A" * 43 + "=", id="the key of nobody"),
        pytest.param("AQ" + "A" * 41 + "=", id="a point of small order"),
        pytest.param("a" * 42 + "b=", id="another text of the same bytes"),
        pytest.param(LAPTOP.public_key + "\n", id="a line break"),
        pytest.param(" " + LAPTOP.public_key[1:], id="a blank"),
        pytest.param("é" * 43 + "=", id="other letters"),
        pytest.param(b64encode(bytes(range(31))).decode(), id="31 bytes"),
    ],
)
def test_what_is_no_key_is_refused(text: object):
    assert not is_key(text)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param("  Мій   ноутбук ", "Мій ноутбук", id="blanks are put in order"),
        pytest.param("ThinkPad (T14) №2", "ThinkPad (T14) №2", id="signs"),
        pytest.param("Й", "Й", id="a letter in two parts is one letter"),
        pytest.param("", None, id="nothing"),
        pytest.param("   ", None, id="blanks alone"),
        pytest.param("a" * 41, None, id="too long"),
        pytest.param("a\u202eb", None, id="a sign that turns the line round"),
        pytest.param("a\x00b", None, id="a zero"),
        pytest.param("a\u200bb", None, id="a hidden blank"),
    ],
)
def test_a_name_of_a_device_is_what_people_see(typed: str, kept: str | None):
    assert tidy(typed) == kept


def own(count: int, **changes: object) -> list[Device]:
    return [replace(LAPTOP, id=f"{n:032}", label=f"Device {n}", **changes) for n in range(count)]


@pytest.mark.parametrize(
    ("has", "label", "key", "expected"),
    [
        pytest.param([], "Laptop", new_pair().public, None, id="the first one"),
        pytest.param([], None, new_pair().public, NotEnrolled.LABEL, id="no name"),
        pytest.param([], "Laptop", "x", NotEnrolled.KEY, id="no key"),
        pytest.param(own(1), "DEVICE 0", new_pair().public, NotEnrolled.LABEL_TAKEN, id="a name twice"),
        pytest.param(own(1, revoked_at=NOW), "Device 0", new_pair().public, None, id="a revoked one's name"),
        pytest.param(own(2), "Laptop", new_pair().public, None, id="one less than may be"),
        pytest.param(own(3), "Laptop", new_pair().public, NotEnrolled.TOO_MANY, id="as many as may be"),
        pytest.param(
            own(3, until=NOW), "Laptop", new_pair().public, None, id="those past their time do not count"
        ),
        pytest.param(
            own(12, revoked_at=NOW), "Laptop", new_pair().public, NotEnrolled.TOO_OFTEN, id="too often"
        ),
    ],
)
def test_why_a_person_gets_no_other_device(has, label, key, expected):
    assert why_not(has, label, key, most=3, now=NOW) is expected


def test_every_reason_has_its_words():
    assert WHY_NOT.keys() == set(NotEnrolled)


def material(access: Access) -> SimpleNamespace:
    return SimpleNamespace(id=access.value, access=access, courses=("or",), tier=tier_of(access))


STUDENT, STRANGER = Person("ada", studies=frozenset({"or"})), Person("eve")


@pytest.mark.parametrize(
    ("person", "access", "scenario", "expected"),
    [
        pytest.param(STUDENT, Access.PRIVATE, 3, True, id="private material of the own course needs the VPN"),
        pytest.param(STUDENT, Access.LICENSED, 3, True, id="licensed material, too"),
        pytest.param(STUDENT, Access.OPEN, 3, False, id="open material does not"),
        pytest.param(STRANGER, Access.PRIVATE, 3, False, id="another course's material is no reason"),
        pytest.param(Person("boss", admin=True), Access.PRIVATE, 3, True, id="an admin"),
        pytest.param(STUDENT, Access.PRIVATE, 1, False, id="no private tier, no VPN"),
        pytest.param(STUDENT, Access.PRIVATE, 2, False, id="the public entrance leads there"),
        pytest.param(
            STRANGER, Access.OPEN, 4, True, id="where all is behind the VPN, whoever signs in needs it"
        ),
    ],
)
def test_who_may_have_a_device(person: Person, access: Access, scenario: int, expected: bool):
    assert may_use_vpn(person, [material(access)], decide, Scenario(scenario)) is expected


def test_without_materials_nobody_needs_the_vpn():
    assert Tier.PRIVATE  # the tier is there; nothing runs on it
    assert not may_use_vpn(Person("boss", admin=True), [], decide, Scenario.PUBLIC_PRIVATE_VPN)


def test_the_file_of_a_device_holds_what_wireguard_needs():
    pair, shared = new_pair(), new_preshared()
    section = GatewaySection(**GATEWAY | {"dns": "172.20.0.1", "routes": ["172.20.0.1/32", "172.21.0.0/24"]})
    text = device_conf(replace(LAPTOP, preshared_key=shared), section, pair.private)
    assert text.splitlines() == [
        "[Interface]",
        f"PrivateKey = {pair.private}",
        "Address = 172.20.0.2/32",
        "DNS = 172.20.0.1",
        "",
        "[Peer]",
        f"PublicKey = {GATEWAY['public_key']}",
        f"PresharedKey = {shared}",
        "Endpoint = vpn.example.edu:51820",
        "AllowedIPs = 172.20.0.1/32, 172.21.0.0/24",
        "PersistentKeepalive = 25",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"pool": "172.20.0.0/30"},
        {"pool": "8.8.0.0/20"},
        {"endpoint": "vpn.example.edu"},
        {"endpoint": "vpn.example.edu:70000"},
        {"endpoint": "vpn.example.edu:51820\nPostUp = evil"},
        {"public_key": "short"},
        {"routes": []},
        {"dns": "a.example"},
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused(wrong: dict[str, object]):
    with pytest.raises(ValidationError):
        GatewaySection(**GATEWAY | wrong)
