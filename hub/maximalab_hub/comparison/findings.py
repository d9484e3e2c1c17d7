"""The tests of a comparison: which figure of whom against which, with effect, interval and assumptions. Pure.

The person is the unit. All tests of a family (all figures in class against out of class; all figures of all pairs
of groups; those of `places`) are adjusted together by Holm's method.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from math import fsum
from statistics import median
from typing import TYPE_CHECKING, assert_never

from maximalab_hub.compare import LEAST_PAIRS
from maximalab_hub.setting import Setting
from maximalab_hub.stats import MannWhitney, Wilcoxon, holm, mann_whitney, wilcoxon_paired

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from maximalab_hub.comparison.figures import Part, PersonFigures

SKEWED = 1.0
"""From this skewness of the differences on, Wilcoxon's test is about more than a shift (Bulmer 1979: "highly")."""


MOST_SHOWN = 400
"""Findings of a family that a page or a terminal shows: all of 12 groups. Files hold every one."""


class Measure(StrEnum):
    """What is compared."""

    RUNS = "runs"
    MINUTES = "active_minutes"
    SESSIONS = "sessions"
    ERRORS = "error_share"
    DAYS = "days"
    SHARE_OUT = "share_out_of_class"


IN_PART = tuple(one for one in Measure if one is not Measure.SHARE_OUT)
"""What a single setting has a figure for."""


class Reason(StrEnum):
    """Why there is no test."""

    FEW_PEOPLE = "too_few_people"
    """Fewer than may be shown."""
    FEW_DIFFER = "too_few_differ"
    """So few differ that no test could tell."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure of some people against the same people's other figure, or other people's."""

    measure: Measure
    first: str
    second: str
    n_first: int | None
    """People; `None` where there are too few to show. Of pairs both are the same."""
    n_second: int | None
    medians: tuple[float, float] | None = None
    result: Wilcoxon | MannWhitney | None = None
    adjusted: float | None = None
    """p after Holm's correction over the family."""
    skewed: bool = False
    """Of pairs: whether the differences are too lopsided to read the test as one of a shift."""
    reason: Reason | None = None


def value_of(part: Part, measure: Measure) -> float | None:
    """Give a part's figure; the share out of class belongs to a person, and no part has it."""
    match measure:
        case Measure.RUNS:
            return part.runs
        case Measure.MINUTES:
            return part.minutes
        case Measure.SESSIONS:
            return part.sessions
        case Measure.ERRORS:
            return part.error_share
        case Measure.DAYS:
            return part.days
        case Measure.SHARE_OUT:
            return None
        case _:
            assert_never(measure)


def person_value(person: PersonFigures, measure: Measure) -> float | None:
    """Give a person's figure over all settings."""
    return person.share_out if measure is Measure.SHARE_OUT else value_of(person.whole, measure)


def in_and_out(
    people: Iterable[PersonFigures], smallest: int, *, seed: int, resamples: int
) -> tuple[Finding, ...]:
    """Compare each person's work in class with their own work out of class."""
    sides = (Setting.IN_CLASS, Setting.OUT_OF_CLASS)
    pairs = [(one.by_setting[sides[0]], one.by_setting[sides[1]]) for one in people if one.placed]
    return beside(sides, pairs, smallest, seed=seed, resamples=resamples)


def beside(
    sides: tuple[StrEnum, StrEnum],
    pairs: Sequence[tuple[Part, Part]],
    smallest: int,
    *,
    seed: int,
    resamples: int,
) -> tuple[Finding, ...]:
    """Compare two parts of each person's work, in everything; `sides` name them."""
    tests = (
        _paired(Finding(measure, *sides, None, None), pairs, smallest, seed, resamples) for measure in IN_PART
    )
    return _adjusted(tests)


def apart(
    one: Sequence[PersonFigures], other: Sequence[PersonFigures]
) -> tuple[list[PersonFigures], list[PersonFigures], int]:
    """Leave out who is in both, so that two samples share nobody; say how many that are."""
    both = {person.user for person in one} & {person.user for person in other}
    first, second = ([person for person in people if person.user not in both] for people in (one, other))
    return first, second, len(both)


def between(cohorts: Mapping[str, Sequence[PersonFigures]], smallest: int) -> tuple[Finding, ...]:
    """Compare every two of the cohorts, which share nobody, in everything; at least two have to be large enough."""
    large = sorted(name for name, people in cohorts.items() if len(people) >= smallest)
    values = {
        (name, measure): [value for one in cohorts[name] if (value := person_value(one, measure)) is not None]
        for name in large
        for measure in Measure
    }
    return _adjusted(
        _independent(values, first, second, measure, smallest)
        for first, second in combinations(large, 2)
        for measure in Measure
    )


def foremost(findings: Sequence[Finding], most: int) -> tuple[Finding, ...]:
    """Keep so many for a reader, in their order: those with the smallest adjusted p, what was not tested last."""
    order = sorted(range(len(findings)), key=lambda place: (_adjusted_or_more(findings[place]), place))
    return tuple(findings[place] for place in sorted(order[:most]))


def _adjusted_or_more(one: Finding) -> float:
    return 2.0 if one.adjusted is None else one.adjusted


def _paired(
    bare: Finding, parts: Sequence[tuple[Part, Part]], smallest: int, seed: int, resamples: int
) -> Finding:
    pairs = [
        (one, other)
        for one, other in ((value_of(x, bare.measure), value_of(y, bare.measure)) for x, y in parts)
        if one is not None and other is not None
    ]
    n = len(pairs)
    if n < smallest:
        return replace(bare, reason=Reason.FEW_PEOPLE)
    x, y = [one for one, _ in pairs], [other for _, other in pairs]
    seen = replace(bare, n_first=n, n_second=n, medians=(median(x), median(y)))
    if sum(one != other for one, other in pairs) < LEAST_PAIRS:
        return replace(seen, reason=Reason.FEW_DIFFER)
    skewed = abs(_skewness([one - other for one, other in pairs])) >= SKEWED
    return replace(seen, result=wilcoxon_paired(x, y, seed=seed, resamples=resamples), skewed=skewed)


def _independent(
    values: Mapping[tuple[str, Measure], Sequence[float]],
    first: str,
    second: str,
    measure: Measure,
    smallest: int,
) -> Finding:
    x, y = values[first, measure], values[second, measure]
    if min(len(x), len(y)) < smallest:
        return Finding(measure, first, second, None, None, reason=Reason.FEW_PEOPLE)
    return Finding(measure, first, second, len(x), len(y), (median(x), median(y)), mann_whitney(x, y))


def _adjusted(tests: Iterable[Finding]) -> tuple[Finding, ...]:
    every = list(tests)
    p_values = iter(holm([one.result.p_value for one in every if one.result]))
    return tuple(replace(one, adjusted=next(p_values)) if one.result else one for one in every)


def _skewness(values: Sequence[float]) -> float:
    mean = fsum(values) / len(values)
    second = fsum((one - mean) ** 2 for one in values) / len(values)
    third = fsum((one - mean) ** 3 for one in values) / len(values)
    return third / second**1.5 if second else 0.0
