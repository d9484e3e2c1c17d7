"""Where work ran: each person's work in the cloud beside the same person's work on a computer of their own. Pure.

Local is what the person's own program reported (`source` is `client`): no server of the lab's is known of it (decision
42). Whoever worked in both is compared with themselves; whoever worked in one only, with those of the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from maximalab_hub.comparison.findings import beside, between

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from maximalab_hub.comparison.figures import Part, PersonFigures
    from maximalab_hub.comparison.findings import Finding
    from maximalab_hub.comparison.work import Work
    from maximalab_hub.privacy import Pseudonyms


class Place(StrEnum):
    """A side of a comparison by where work ran."""

    CLOUD = "cloud"
    """Work on the lab's servers, of people who worked in both."""
    LOCAL = "local"
    """Work on their own computers, of the same people."""
    CLOUD_ONLY = "cloud_only"
    """People who worked on the lab's servers only."""
    LOCAL_ONLY = "local_only"
    """People who worked on their own computers only."""


@dataclass(frozen=True, slots=True)
class InBoth:
    """A person who worked in both places; each part is reckoned from the events of its place alone."""

    user: str
    cloud: Part
    local: Part


@dataclass(frozen=True, slots=True)
class ByPlace:
    """People by where they worked, each list ordered by name."""

    both: Sequence[InBoth]
    cloud_only: Sequence[PersonFigures]
    local_only: Sequence[PersonFigures]


@dataclass(frozen=True, slots=True)
class Places:
    """What a report says of where work ran."""

    reported: bool
    """Whether anybody's own computer told of any work."""
    people: tuple[InBoth, ...] | None
    """Who worked in both, under pseudonyms and ordered by them; `None` for fewer than may be shown."""
    paired: tuple[Finding, ...]
    """The cloud against one's own computer, of those who worked in both; empty where nobody did."""
    unpaired: tuple[Finding, ...]
    """Those of the cloud only against those of their own computers only; empty where either are too few."""
    in_one_only: int | None
    """People who are in no pair, having worked in one place only; `None` for a few."""


def by_place(
    work: Work, people: Sequence[PersonFigures], reckoned: Callable[[Work], Sequence[PersonFigures]]
) -> ByPlace:
    """Sort people, whose figures of all their work are there, by where they worked.

    `reckoned` gives the figures of a part of the work; it is asked about those who worked in both only.
    """
    at_own, at_labs = (_had(work, those) for those in (work.local, ~work.local))
    parts = work.only((at_own & at_labs)[work.user])
    clouds, locals_ = (
        reckoned(parts.only(those)) if len(parts) else () for those in (~parts.local, parts.local)
    )
    both = [InBoth(one.user, one.whole, own.whole) for one, own in zip(clouds, locals_, strict=True)]
    cloud_only, local_only = (
        frozenset(work.users[place] for place in np.flatnonzero(had).tolist())
        for had in (at_labs & ~at_own, at_own & ~at_labs)
    )
    return ByPlace(
        both,
        [one for one in people if one.user in cloud_only],
        [one for one in people if one.user in local_only],
    )


def compare_places(found: ByPlace, names: Pseudonyms, smallest: int, *, seed: int, resamples: int) -> Places:
    """Compare the cloud with people's own computers; `names` hide who it is."""
    sides = (Place.CLOUD, Place.LOCAL)
    pairs = [(one.cloud, one.local) for one in found.both]
    cohorts: dict[str, Sequence[PersonFigures]] = {
        Place.CLOUD_ONLY: found.cloud_only,
        Place.LOCAL_ONLY: found.local_only,
    }
    named = sorted((InBoth(names.of(one.user), one.cloud, one.local) for one in found.both), key=_user)
    single = len(found.cloud_only) + len(found.local_only)
    return Places(
        reported=bool(found.both or found.local_only),
        people=tuple(named) if len(named) >= smallest else None,
        paired=beside(sides, pairs, smallest, seed=seed, resamples=resamples) if pairs else (),
        unpaired=between(cohorts, smallest),
        in_one_only=single if single == 0 or single >= smallest else None,
    )


def _had(work: Work, those: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say of each person whether any of those events is theirs."""
    return np.bincount(work.user[those], minlength=len(work.users)) > 0


def _user(one: InBoth) -> str:
    return one.user
