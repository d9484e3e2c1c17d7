"""Keeping devices: each step is one transaction, so that no address and no key is ever given twice."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Address
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, text, update

from maximalab_hub import migrations
from maximalab_hub.store.engine import open_engine, reading, writing
from maximalab_hub.vpn.addresses import free_address
from maximalab_hub.vpn.devices import Device, NotEnrolled, NotEnrolledError, tidy, why_not
from maximalab_hub.vpn.models import DeviceRow

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from maximalab_hub.settings import Settings
    from maximalab_hub.vpn.section import GatewaySection

_LOCK = 7_306_641_906
"""Any number of our own: PostgreSQL's advisory lock under which devices are enrolled."""


def open_devices(settings: Settings, clock: Callable[[], datetime]) -> Devices | None:
    """Give the lab's store of devices; None where the settings have no `[gateway]`. Raises `StoreUrlError`."""
    gateway = settings.gateway
    if gateway is None:
        return None
    url = gateway.db_url or f"sqlite:///{settings.lab.state_dir / 'devices.sqlite'}"
    return Devices(open_engine(url, "gateway.db_url"), gateway, clock)


@dataclass
class Devices:
    """All devices of the lab. Every call may block, and may raise `StoreAwayError`; then nothing has changed."""

    engine: Engine
    section: GatewaySection
    clock: Callable[[], datetime]
    _made: bool = False
    _making: Lock = field(default_factory=Lock)

    def enrol(self, user: str, label: str, public_key: str, *, preshared: str | None = None) -> Device:
        """Let in one more device of the person. Raises `NotEnrolledError`."""
        self._make()
        now, name = self.clock(), tidy(label)
        with writing(self.engine) as connection:
            _take_turn(connection)
            known = _forget(connection, _all(connection), now)
            own = [device for device in known if device.user == user]
            refused = why_not(own, name, public_key, most=self.section.devices_per_person, now=now)
            if refused is None and any(device.public_key == public_key for device in known):
                refused = NotEnrolled.KEY_KNOWN
            address = free_address(self.section.pool, {device.address for device in known})
            if refused is None and address is None:
                refused = NotEnrolled.POOL_FULL
            if refused is not None or name is None or address is None:
                raise NotEnrolledError(refused or NotEnrolled.LABEL)
            until = now + timedelta(days=self.section.expires_days)
            device = Device(
                secrets.token_hex(16), user, name, public_key, address, now, until, preshared_key=preshared
            )
            connection.execute(insert(DeviceRow).values(**_row(device)))
        return device

    def revoke(self, user: str, device_id: str | None = None) -> list[Device]:
        """Let a device of the person in no more, or all of them; gives those to which that happened."""
        self._make()
        now = self.clock()
        with writing(self.engine) as connection:
            _take_turn(connection)
            gone = [
                device
                for device in _all(connection, user)
                if device.is_in_force(now) and device_id in {None, device.id}
            ]
            for device in gone:
                connection.execute(
                    update(DeviceRow)
                    .where(DeviceRow.id == device.id)
                    # A preshared key opens nothing any more: there is no reason to keep it.
                    .values(revoked_at=now, preshared_key=None)
                )
        return gone

    def of(self, user: str) -> list[Device]:
        """List a person's devices that are in force, the oldest first."""
        return [device for device in self._read(user) if device.is_in_force(self.clock())]

    def in_force(self) -> list[Device]:
        """List everybody's devices that are neither revoked nor past their time."""
        return [device for device in self._read() if device.is_in_force(self.clock())]

    def _read(self, user: str | None = None) -> list[Device]:
        self._make()
        with reading(self.engine) as connection:
            return _all(connection, user)

    def _make(self) -> None:
        """Bring the table to the newest version before its first use: there may be no store yet."""
        with self._making:
            if not self._made:
                migrations.upgrade(self.engine, migrations.VPN)
                self._made = True


def _take_turn(connection: Connection) -> None:
    """Wait for others who enrol. SQLite has its write lock from the beginning."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _all(connection: Connection, user: str | None = None) -> list[Device]:
    wanted = select(*DeviceRow.__table__.c).order_by(DeviceRow.created_at, DeviceRow.id)
    if user is not None:
        wanted = wanted.where(DeviceRow.user == user)
    rows = connection.execute(wanted).mappings()
    return [Device(**{**row, "address": IPv4Address(row["address"])}) for row in rows]


def _forget(connection: Connection, known: list[Device], now: datetime) -> list[Device]:
    """Delete what ended long ago; give the others."""
    old = [device.id for device in known if device.is_forgotten(now)]
    if old:
        connection.execute(delete(DeviceRow).where(DeviceRow.id.in_(old)))
    return [device for device in known if device.id not in old]


def _row(device: Device) -> dict[str, object]:
    return {name: getattr(device, name) for name in device.__slots__} | {"address": str(device.address)}
