"""The store of devices: one table, apart from the usage store, so that neither side can read the other's.

It holds personal data of the operational kind: who has which device, since when and until when. Rows of devices
that ended are deleted after `devices.KEPT_AFTER`. No private key, no address of a home, no time of use is kept.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  SQLAlchemy reads it at run time

from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from maximalab_hub.store.models import UtcTime


class VpnBase(DeclarativeBase):
    """All tables of the store of devices."""


class DeviceRow(VpnBase):
    """One device: see `devices.Device`."""

    __tablename__ = "vpn_device"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user: Mapped[str] = mapped_column(String(255), index=True)
    label: Mapped[str] = mapped_column(String(40))
    public_key: Mapped[str] = mapped_column(String(44), unique=True)
    address: Mapped[str] = mapped_column(String(15), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    until: Mapped[datetime] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    preshared_key: Mapped[str | None] = mapped_column(String(44))
    """The one secret that the gateway needs, too; None unless the settings ask for it."""
