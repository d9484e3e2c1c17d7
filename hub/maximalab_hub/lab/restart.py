"""When a process that died is started again, and when it is given up. Pure."""

from __future__ import annotations

from dataclasses import dataclass

QUICK = 15.0
"""Seconds: who dies sooner after its start than this has failed to start."""
DELAYS = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Seconds of waiting before the first, second, … start after quick deaths; after the last one we give up."""


@dataclass(frozen=True)
class Again:
    """Start it again after `delay` seconds; `failures` quick deaths in a row so far."""

    delay: float
    failures: int


@dataclass(frozen=True)
class GiveUp:
    """It died too often in a row."""

    failures: int


def after_death(lived: float, failures: int) -> Again | GiveUp:
    """Decide about a process that lived for `lived` seconds, after `failures` quick deaths in a row."""
    if lived >= QUICK:
        return Again(DELAYS[0], 0)
    if failures >= len(DELAYS):
        return GiveUp(failures + 1)
    return Again(DELAYS[failures], failures + 1)
