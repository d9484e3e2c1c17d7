"""Checks of the VPN: whether the store of devices answers, and whether the gateway asks for them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from maximalab_hub.doctor.finding import Finding, not_checked, ok, wrong
from maximalab_hub.store.engine import StoreAwayError, StoreUrlError
from maximalab_hub.vpn.seen import seen_file
from maximalab_hub.vpn.store import open_devices

if TYPE_CHECKING:
    from maximalab_hub.settings import Settings

LONGEST_SILENCE: Final = 120.0
"""Seconds; the gateway asks every other second."""


def gateway(settings: Settings) -> Finding:
    """Check that devices can be read, and that the gateway has asked for them lately."""
    try:
        devices = open_devices(settings, lambda: datetime.now(UTC))
        if devices is None:
            return not_checked("the settings have no section [gateway]")
        count = len(devices.in_force())
    except (StoreUrlError, StoreAwayError) as error:
        return wrong(f"the store of devices: {error}", "Check gateway.db_url, the disk and the database")
    try:
        silent = time.time() - seen_file(settings).stat().st_mtime
    except FileNotFoundError:
        return wrong("the gateway has never asked the hub", "Set it up: docs/vpn.md")
    if silent > LONGEST_SILENCE:
        remedy = "See the log of `maximalab vpn gateway`: revoked devices may still be in"
        return wrong(f"the gateway has not asked for {silent:.0f} s", remedy)
    return ok(f"{count} devices; the gateway asked {silent:.0f} s ago")
