"""Devices in the store: no address and no key is given twice, whoever comes, goes and comes again, also at once."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from maximalab_hub import migrations
from maximalab_hub.store.engine import open_engine, reading
from maximalab_hub.vpn.addresses import is_for_a_device
from maximalab_hub.vpn.devices import CHANGES, KEPT_AFTER, Device, NotEnrolled, NotEnrolledError
from maximalab_hub.vpn.keys import new_pair
from maximalab_hub.vpn.models import VpnBase
from maximalab_hub.vpn.section import GatewaySection
from maximalab_hub.vpn.store import Devices, _all
from sqlalchemy import Engine

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
MOST = 2


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


def devices_in(engine: Engine, clock: Clock, pool: str = "172.20.0.0/28") -> Devices:
    section = GatewaySection(
        pool=pool,
        endpoint="vpn.example.edu:51820",
        public_key=new_pair().public,
        routes=["172.20.0.1/32"],
        devices_per_person=MOST,
        expires_days=20,
    )
    return Devices(engine, section, clock)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def devices(store_url: str, clock: Clock):
    engine = open_engine(store_url)
    yield devices_in(engine, clock)
    engine.dispose()


def test_the_migration_makes_exactly_the_table_of_the_model(devices: Devices):
    assert devices.in_force() == []
    assert migrations.current(devices.engine, migrations.VPN) == migrations.newest(migrations.VPN)
    with reading(devices.engine) as connection:
        assert compare_metadata(migrations.context_of(connection, migrations.VPN), VpnBase.metadata) == []


def test_two_stores_may_share_a_database(devices: Devices):
    migrations.upgrade(devices.engine)
    assert devices.in_force() == []
    assert migrations.current(devices.engine) == migrations.newest()


def test_what_is_enrolled_is_read_back_and_what_is_revoked_is_not(devices: Devices):
    made = devices.enrol("ada", "Laptop", new_pair().public, preshared=new_pair().public)
    devices.enrol("bob", "Laptop", new_pair().public)
    assert devices.of("ada") == [made]
    assert devices.revoke("bob", made.id) == [], "nobody revokes another's device"
    assert devices.revoke("ada", made.id) == [made]
    assert devices.revoke("ada", made.id) == []
    assert [device.user for device in devices.in_force()] == ["bob"]
    with reading(devices.engine) as connection:
        assert _all(connection, "ada")[0].preshared_key is None


def test_a_device_ends_in_time(devices: Devices, clock: Clock):
    devices.enrol("ada", "Laptop", new_pair().public)
    clock.now += timedelta(days=20)
    assert devices.in_force() == devices.of("ada") == []


def test_a_key_that_was_revoked_stays_out_as_long_as_it_is_remembered(devices: Devices, clock: Clock):
    key = new_pair().public
    devices.enrol("ada", "Laptop", key)
    devices.revoke("ada")
    for name in ("ada", "bob"):
        with pytest.raises(NotEnrolledError) as refused:
            devices.enrol(name, "Laptop", key)
        assert refused.value.reason is NotEnrolled.KEY_KNOWN
    clock.now += KEPT_AFTER
    assert devices.enrol("ada", "Laptop", key).public_key == key


def test_a_full_pool_is_told(store_url: str, clock: Clock):
    devices = devices_in(open_engine(store_url), clock, "172.20.0.0/29")
    for number in range(5):
        devices.enrol(f"person-{number}", "Laptop", new_pair().public)
    with pytest.raises(NotEnrolledError) as refused:
        devices.enrol("late", "Laptop", new_pair().public)
    assert refused.value.reason is NotEnrolled.POOL_FULL
    devices.engine.dispose()


def test_those_who_enrol_at_once_get_addresses_of_their_own(store_url: str, clock: Clock):
    """Two processes, each with an engine of its own, and several people in each."""
    stores = [devices_in(open_engine(store_url), clock) for _ in range(2)]
    with ThreadPoolExecutor(6) as hands:
        made = list(
            hands.map(
                lambda n: stores[n % 2].enrol(f"person-{n}", "Laptop", new_pair().public).address, range(12)
            )
        )
    assert len(set(made)) == 12
    for one in stores:
        one.engine.dispose()


class EnrolAndRevoke(RuleBasedStateMachine):
    """People come and go; somebody who is removed altogether is revoked with all devices."""

    people = st.sampled_from([f"person-{number}" for number in range(5)])
    current = Bundle("current")

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        engine = open_engine(f"sqlite:///{Path(self.folder.name) / 'devices.sqlite'}")
        self.devices = devices_in(engine, self.clock)
        self.given: list[Device] = []
        self.ended: dict[str, datetime] = {}

    def living(self) -> list[Device]:
        return [one for one in self.given if one.id not in self.ended and one.until > self.clock.now]

    @rule(target=current, user=people, label=st.sampled_from(["Laptop", "Phone", "Tablet"]))
    def enrol(self, user: str, label: str):
        try:
            made = self.devices.enrol(user, label, new_pair().public)
        except NotEnrolledError as refused:
            self.was_for_a_reason(refused.reason, user, label)
            return ("nobody", "")
        assert is_for_a_device(made.address, self.devices.section.pool)
        assert made.address not in {one.address for one in self.remembered()}
        self.given.append(made)
        return (user, made.id)

    def was_for_a_reason(self, reason: NotEnrolled, user: str, label: str):
        mine = [one for one in self.living() if one.user == user]
        if reason is NotEnrolled.TOO_MANY:
            assert len(mine) == MOST
        elif reason is NotEnrolled.LABEL_TAKEN:
            assert label in {one.label for one in mine}
        else:
            assert reason in {NotEnrolled.POOL_FULL, NotEnrolled.TOO_OFTEN}
            assert len(self.remembered()) >= min(13, MOST * CHANGES)

    def remembered(self) -> list[Device]:
        """Those that are let in, or ended so lately that their address is not given away."""
        ends = [(one, min(self.ended.get(one.id, one.until), one.until)) for one in self.given]
        return [one for one, end in ends if self.clock.now - end < KEPT_AFTER]

    @rule(device=consumes(current))
    def revoke(self, device: tuple[str, str]):
        for one in self.devices.revoke(*device):
            self.ended[one.id] = self.clock.now

    @rule(user=people)
    def remove_the_person(self, user: str):
        for one in self.devices.revoke(user):
            self.ended[one.id] = self.clock.now
        assert self.devices.of(user) == []

    @rule(days=st.integers(1, 25))
    def wait(self, days: int):
        self.clock.now += timedelta(days=days)

    @invariant()
    def who_is_let_in_is_whom_we_know(self):
        now = self.devices.in_force()
        assert {one.id for one in now} == {one.id for one in self.living()}
        assert len({one.address for one in now}) == len({one.public_key for one in now}) == len(now)

    def teardown(self):
        self.devices.engine.dispose()
        self.folder.cleanup()


TestEnrolAndRevoke = EnrolAndRevoke.TestCase
TestEnrolAndRevoke.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
