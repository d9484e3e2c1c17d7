"""A comparison put together: people under pseudonyms, groups, materials, tests, grid and rhythm. Pure.

The same events, timetable and choices give the same report, byte for byte when written (`writing`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from maximalab_hub.comparison.figures import PersonFigures
from maximalab_hub.comparison.findings import Finding, Measure, apart, between, in_and_out, person_value
from maximalab_hub.comparison.grid import Corner, grid
from maximalab_hub.comparison.places import Places, by_place, compare_places
from maximalab_hub.comparison.progress import Begun, progress
from maximalab_hub.comparison.reckoning import figures_of
from maximalab_hub.comparison.rhythm import Hour, rhythm
from maximalab_hub.comparison.suppression import hidden
from maximalab_hub.comparison.work import work_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from zoneinfo import ZoneInfo

    from maximalab_hub.compare import Happening, Parameters, Timetables
    from maximalab_hub.comparison.exercises import Exercise
    from maximalab_hub.comparison.work import Work
    from maximalab_hub.privacy import Pseudonyms

SEED = 20150925
"""Draws every bootstrap of a report; any other would do, but always the same."""
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Choices:
    """What a report is made by, beside the events."""

    parameters: Parameters
    zone: ZoneInfo
    pseudonyms: Pseudonyms
    with_grid: bool = True
    terms: tuple[str, str] = ("first", "second")
    """What to call the chosen period and the other one."""


@dataclass(frozen=True, slots=True)
class Row:
    """A group or a material: how many people, and the median person of them."""

    name: str
    people: int | None
    """`None` where there are fewer than may be shown, or where showing them would tell of another's few."""
    medians: Mapping[Measure, float | None] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All of a comparison."""

    people: tuple[PersonFigures, ...] | None
    """Each under a pseudonym, ordered by it; `None` where there are fewer than may be shown."""
    groups: tuple[Row, ...]
    in_several_groups: int | None
    """People of more than one group, who are in no comparison of groups; `None` for a few."""
    materials: tuple[Row, ...]
    paired: tuple[Finding, ...]
    """In class against out of class."""
    unpaired: tuple[Finding, ...]
    """Each group against each other."""
    terms: tuple[Finding, ...]
    """The chosen period against the other one, of people who are in one of them only."""
    in_both_terms: int | None
    """People who are in both, and so in neither; `None` for a few."""
    places: Places
    """In the cloud against on one's own computer."""
    corners: tuple[Corner, ...]
    week: tuple[Hour, ...]
    progress: tuple[Begun, ...]
    version: str
    parameters: Parameters
    exercises: tuple[Exercise, ...] = ()
    """Cell by cell of each material; for files, as they have to be read apart."""


def report(
    happenings: Iterable[Happening] | Work,
    timetables: Timetables,
    choices: Choices,
    *,
    other: Iterable[Happening] | Work = (),
    track: Callable[[Iterable[Corner]], Iterable[Corner]] = iter,
) -> Report:
    """Compare; `other` holds what happened in another period, to compare with.

    `track` is handed the grid's corners one by one, which take most of the time.
    """
    parameters, zone = choices.parameters, choices.zone
    least = parameters.smallest_group
    work = work_of(happenings)
    people = figures_of(work, timetables, parameters, zone)
    cohorts, several = _cohorts(people)
    unseen = hidden(_who(cohorts), least)
    materials = _by_material(work, timetables, parameters, zone)
    unseen_materials = hidden(_who(materials), least)
    first, second, both = apart(people, figures_of(work_of(other), timetables, parameters, zone))
    places = by_place(work, people, lambda part: figures_of(part, timetables, parameters, zone))
    corners = track(grid(work, timetables, parameters, zone)) if choices.with_grid else ()
    named = sorted(
        (
            PersonFigures(
                choices.pseudonyms.of(one.user),
                _groups_told(one, unseen, several, least),
                one.whole,
                one.by_setting,
            )
            for one in people
        ),
        key=lambda one: one.user,
    )
    return Report(
        people=tuple(named) if len(named) >= least else None,
        groups=_rows(cohorts, unseen, least),
        in_several_groups=_told(several, least),
        materials=_rows(materials, unseen_materials, least),
        paired=in_and_out(people, least, seed=SEED, resamples=RESAMPLES),
        unpaired=between({name: one for name, one in cohorts.items() if name not in unseen}, least),
        terms=between(dict(zip(choices.terms, (first, second), strict=True)), least),
        in_both_terms=_told(both, least),
        places=compare_places(places, choices.pseudonyms, least, seed=SEED, resamples=RESAMPLES),
        corners=tuple(corners),
        week=rhythm(work, timetables.lessons, zone, least),
        progress=progress(work, zone, least, unseen_materials),
        version=timetables.version,
        parameters=parameters,
    )


def _who(cohorts: Mapping[str, Sequence[PersonFigures]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(one.user for one in people) for name, people in cohorts.items()}


def _groups_told(one: PersonFigures, unseen: AbstractSet[str], several: int, least: int) -> tuple[str, ...]:
    """Name a person's groups where that tells of no group that hides, nor of the few who are in several."""
    if len(one.groups) > 1:
        return one.groups if _told(several, least) and unseen.isdisjoint(one.groups) else ()
    return tuple(group for group in one.groups if group not in unseen)


def _told(people: int, least: int) -> int | None:
    return people if people == 0 or people >= least else None


def _cohorts(people: Iterable[PersonFigures]) -> tuple[dict[str, list[PersonFigures]], int]:
    """Sort people into groups; who is in several is in none, so that no two groups share anybody."""
    cohorts: dict[str, list[PersonFigures]] = defaultdict(list)
    several = 0
    for one in people:
        several += len(one.groups) > 1
        if len(one.groups) == 1:
            cohorts[one.groups[0]].append(one)
    return dict(cohorts), several


def _by_material(
    work: Work, timetables: Timetables, parameters: Parameters, zone: ZoneInfo
) -> dict[str, list[PersonFigures]]:
    parts = ((name, work.of_material(name)) for name in sorted(filter(None, work.materials)))
    return {name: figures_of(part, timetables, parameters, zone) for name, part in parts if len(part)}


def _rows(
    cohorts: Mapping[str, Sequence[PersonFigures]], unseen: AbstractSet[str], least: int
) -> tuple[Row, ...]:
    return tuple(
        Row(name, None) if name in unseen else Row(name, len(cohorts[name]), _medians(cohorts[name], least))
        for name in sorted(cohorts)
    )


def _medians(people: Sequence[PersonFigures], least: int) -> dict[Measure, float | None]:
    found: dict[Measure, float | None] = {}
    for measure in Measure:
        values = [value for one in people if (value := person_value(one, measure)) is not None]
        found[measure] = median(values) if len(values) >= least else None
    return found
