"""When the gateway asked last: an empty file whose time says it, for `maximalab doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from maximalab_hub.settings import Settings


def seen_file(settings: Settings) -> Path:
    """Say where the time is kept."""
    return settings.lab.state_dir / "vpn-gateway-asked"


def note_that_the_gateway_asked(settings: Settings) -> None:
    """Note that it asks now."""
    seen_file(settings).touch(mode=0o600)
