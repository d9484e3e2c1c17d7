"""Consent to a study: one decision after another, the newest counts, none means no.

Agreement is to one version of a text. When the text changes, its version grows, and everybody is asked anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person decided about a study, having read one version of its text."""

    user: str
    agreed: bool
    decided_at: datetime
    version: int = 1
    place: int = 0
    """Its place in the record: of two decisions at one moment the later recorded counts."""


def latest(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Give each person's decision that counts, whatever the order in which they come."""
    newest: dict[str, Decision] = {}
    for decision in decisions:
        known = newest.get(decision.user)
        if known is None or (known.decided_at, known.place) < (decision.decided_at, decision.place):
            newest[decision.user] = decision
    return newest


def agreed(decisions: Iterable[Decision], version: int) -> frozenset[str]:
    """Give the persons whose records a study may use now, under this version of its text."""
    return frozenset(
        user
        for user, decision in latest(decisions).items()
        if decision.agreed and decision.version == version
    )
