"""A person's device in the VPN, and the rules of enrolling one. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from maximalab_hub.vpn.keys import is_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Address

LONGEST_LABEL: Final = 40
KEPT_AFTER: Final = timedelta(days=30)
"""How long a device that has ended is remembered: so long nobody else gets its address, and its key stays out."""
CHANGES: Final = 4
"""How many times the devices that a person may have may come and go within `KEPT_AFTER`: no one empties the pool."""


class NotEnrolled(StrEnum):
    """Why a device was not enrolled. Each has words on the page and in the command."""

    LABEL = "label"
    LABEL_TAKEN = "label_taken"
    KEY = "key"
    KEY_KNOWN = "key_known"
    TOO_MANY = "too_many"
    TOO_OFTEN = "too_often"
    POOL_FULL = "pool_full"


class NotEnrolledError(Exception):
    """A device was not enrolled, and nothing changed."""

    def __init__(self, reason: NotEnrolled) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Device:
    """One device of one person. No private key: nobody here has it."""

    id: str
    user: str
    label: str
    public_key: str
    address: IPv4Address
    created_at: datetime
    until: datetime
    revoked_at: datetime | None = None
    preshared_key: str | None = field(default=None, repr=False)

    def ended_at(self, now: datetime) -> datetime | None:
        """Say when the device was let in for the last time; None while it is let in."""
        if self.revoked_at is not None:
            return min(self.revoked_at, self.until)
        return self.until if self.until <= now else None

    def is_in_force(self, now: datetime) -> bool:
        """Say whether the device is neither revoked nor past its time."""
        return self.ended_at(now) is None

    def is_forgotten(self, now: datetime) -> bool:
        """Say whether the device ended so long ago that it is to be deleted."""
        ended = self.ended_at(now)
        return ended is not None and now - ended >= KEPT_AFTER


def tidy(label: str) -> str | None:
    """Give a device's name as it is kept, or None where it is none: empty, too long, or with hidden characters."""
    plain = " ".join(unicodedata.normalize("NFC", label).split())
    shown = all(letter == " " or unicodedata.category(letter)[0] in "LMNPS" for letter in plain)
    return plain if plain and len(plain) <= LONGEST_LABEL and shown else None


def why_not(
    own: Sequence[Device], label: str | None, public_key: str, *, most: int, now: datetime
) -> NotEnrolled | None:
    """Say why a person with these devices (ended ones that are remembered among them) gets no other; None: may."""
    current = [device for device in own if device.is_in_force(now)]
    if label is None:
        return NotEnrolled.LABEL
    if not is_key(public_key):
        return NotEnrolled.KEY
    if any(device.label.casefold() == label.casefold() for device in current):
        return NotEnrolled.LABEL_TAKEN
    if len(current) >= most:
        return NotEnrolled.TOO_MANY
    if len(own) >= most * CHANGES:
        return NotEnrolled.TOO_OFTEN
    return None
