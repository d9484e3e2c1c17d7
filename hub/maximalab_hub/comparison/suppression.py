"""Which cells of a table stay unseen so that nobody can work out a small one from the rest. Pure.

A cell about fewer people than may be shown hides. Where the sum of all cells is known, as runs are from the list of
people, one hidden cell alone could be subtracted; so could a few hidden ones together, if all of them are about the
same few people. Cells are therefore hidden, the smallest first, until at least two are and together they are about
as many people as may be shown, or nothing is left to see (complementary suppression: Hundepool et al. 2012, chapter 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Mapping
    from collections.abc import Set as AbstractSet

Key = TypeVar("Key", bound="Hashable")
Row = TypeVar("Row", bound="Hashable")
Column = TypeVar("Column", bound="Hashable")
LEAST_CELLS: Final = 2
PEOPLE_TO: Final = 5
EVENTS_TO: Final = 100


@dataclass(frozen=True, slots=True)
class LeftOut:
    """About how many people did not agree, and how many events they have; `None` for fewer people than may be shown."""

    people: int | None
    """To the next lower multiple of `PEOPLE_TO`, or of how many may be shown where that is less."""
    events: int | None
    """To the next lower multiple of `EVENTS_TO`."""


def left_out(events_of_each: Collection[int], least: int) -> LeftOut:
    """Tell about people who agreed to nothing, by the events of each, no more than a reader needs to judge a sample.

    Exact counts would tell, by the difference of two periods a day apart, what one of them did on that day.
    """
    people = len(events_of_each)
    if 0 < people < least:
        return LeftOut(None, None)
    to = min(PEOPLE_TO, least)  # else few people who may be shown would be nobody
    return LeftOut(people - people % to, sum(events_of_each) // EVENTS_TO * EVENTS_TO)


def hidden(
    people: Mapping[Key, AbstractSet[str]], least: int, anyway: AbstractSet[Key] = frozenset()
) -> frozenset[Key]:
    """Say which cells hide, by who is in each of them. Cells with nobody are no secret, and help to hide nothing.

    Those in `anyway` hide, whoever is in them.
    """
    inside = {key: who for key, who in people.items() if who}
    hide = {key for key, who in inside.items() if len(who) < least or key in anyway}
    together: set[str] = set().union(*(inside[key] for key in hide))
    for key in sorted(inside.keys() - hide, key=lambda one: (len(inside[one]), str(one))):
        if not hide or (len(hide) >= LEAST_CELLS and len(together) >= least):
            break
        hide.add(key)
        together |= inside[key]
    return frozenset(hide)


def hidden_across(
    people: Mapping[tuple[Row, Column], AbstractSet[str]],
    least: int,
    anyway: AbstractSet[tuple[Row, Column]] = frozenset(),
) -> frozenset[tuple[Row, Column]]:
    """Say which cells of a table hide of which both the rows' and the columns' sums are known.

    What hides for its row's sake may be worked out from its column, and the other way about: both are looked at until
    nothing more hides.
    """
    lines: dict[tuple[int, object], dict[tuple[Row, Column], AbstractSet[str]]] = {}
    for key, who in people.items():
        for side in (0, 1):
            lines.setdefault((side, key[side]), {})[key] = who
    hide: frozenset[tuple[Row, Column]] = frozenset(anyway)
    while True:
        more = hide.union(*(hidden(line, least, hide) for line in lines.values()))
        if more == hide:
            return hide
        hide = more


def covered(people: Mapping[Key, AbstractSet[str]], hide: AbstractSet[Key], least: int) -> bool:
    """Say whether nothing that hides follows from the sum of all cells and from those that are shown."""
    inside = {key: who for key, who in people.items() if who}
    mine = inside.keys() & hide
    together: set[str] = set().union(*(inside[key] for key in mine))
    return len(mine) in {0, len(inside)} or (len(mine) >= LEAST_CELLS and len(together) >= least)
