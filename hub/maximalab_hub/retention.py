"""What grows too old to be kept, and from when on. Pure; `maximalab_hub.store.retaining` removes it."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from maximalab_hub.events import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from maximalab_hub.settings_sections import RetentionSection


class Keep(StrEnum):
    """Classes of records, each kept for a time of its own."""

    EVENTS = "events"
    """Events about work, with what the hub saw of servers, and groups that people left."""
    SIGN_INS = "sign_ins"
    LOOKS = "looks"
    """Who looked at and exported records, under the account name."""
    EXPORT_LOG = "export_log"
    """The same in the chained log, under pseudonyms."""


SIGN_INS: Final = frozenset({Kind.LOGIN, Kind.LOGIN_REFUSED})
LOOKS: Final = frozenset({Kind.LOOK, Kind.EXPORT})
KINDS: Final[Mapping[Keep, frozenset[Kind]]] = {
    Keep.SIGN_INS: SIGN_INS,
    Keep.LOOKS: LOOKS,
    Keep.EVENTS: frozenset(Kind) - SIGN_INS - LOOKS,
}
"""Which events belong to which class; each kind to exactly one."""


def cutoffs(section: RetentionSection, now: datetime) -> dict[Keep, datetime]:
    """Say of each class before which moment its records go; a class that is kept for ever is not named."""
    days = {one: getattr(section, f"{one.value}_days") for one in Keep}
    return {one: now - timedelta(days=count) for one, count in days.items() if count}
