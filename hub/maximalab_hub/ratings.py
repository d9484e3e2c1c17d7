"""Expert ratings of a material: averages, agreement, total, and whether printed averages can be true. Pure.

An expert gives each criterion a whole score, usually 0 (no), 1 (low), 2 (good) or 3 (excellent). The total is the
mean of the criteria's averages, by their weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from statistics import median, stdev
from typing import TYPE_CHECKING, Final, TypeVar

from maximalab_hub.stats import FleissKappa, Grim, Icc, KendallW, fleiss_kappa, grim, icc, kendall_w
from maximalab_hub.typed import Fault, TypedError, refuse_twice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Result = TypeVar("Result")
LEAST_EXPERTS: Final = 3
"""With fewer answers an average would tell what one person answered."""
MOST_CRITERIA: Final = 20
MOST_SCORE: Final = 10


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is rated, in both languages, and how much it counts."""

    uk: str
    en: str
    weight: Fraction

    def name(self, language: str) -> str:
        """Give the name in a language."""
        return self.en if language == "en" else self.uk


@dataclass(frozen=True, slots=True)
class Standing:
    """What the experts together gave to one criterion."""

    criterion: Criterion
    mean: Fraction
    median: float
    deviation: float
    """Sample standard deviation."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the experts agree; a measure is missing where these scores do not define it."""

    icc: Icc | None
    """Two-way random, of the experts' mean: ICC(2,k)."""
    kappa: FleissKappa | None
    kendall: KendallW | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of a panel."""

    experts: int
    standings: tuple[Standing, ...]
    total: Fraction
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class Printed:
    """One printed average, and whether whole scores of so many experts can have it."""

    name: str
    text: str
    weight: Fraction
    check: Grim


@dataclass(frozen=True, slots=True)
class Checked:
    """Printed averages, checked and put together."""

    experts: int
    averages: tuple[Printed, ...]
    total: Fraction
    decimals: int
    """As many as the coarsest printed average has: the total cannot be known better."""

    @property
    def printed_total(self) -> str:
        """Give the total, rounded (halves away from zero) to `decimals`."""
        return rounded(self.total, self.decimals)


def summary(criteria: Sequence[Criterion], answers: Sequence[Sequence[int]]) -> Summary | None:
    """Put answers together, a row for each expert, a column for each criterion; `None` for too few experts."""
    if len(answers) < LEAST_EXPERTS:
        return None
    columns = list(zip(*answers, strict=True))
    standings = tuple(
        Standing(one, Fraction(sum(column), len(column)), median(column), stdev(column))
        for one, column in zip(criteria, columns, strict=True)
    )
    total = weighted([one.mean for one in standings], [one.weight for one in criteria])
    return Summary(len(answers), standings, total, agreement(columns))


def agreement(columns: Sequence[Sequence[int]]) -> Agreement:
    """Reckon how far the experts agree; a row for each criterion, a column for each expert."""
    scores = sorted({score for row in columns for score in row})
    counts = [[row.count(score) for score in scores] for row in columns]
    return Agreement(
        _defined(lambda: icc(columns)),
        _defined(lambda: fleiss_kappa(counts)),
        _defined(lambda: kendall_w(columns)),
    )


def weighted(means: Sequence[Fraction], weights: Sequence[Fraction]) -> Fraction:
    """Give the mean of means by their weights, exactly."""
    return sum((m * w for m, w in zip(means, weights, strict=True)), Fraction(0)) / sum(weights)


def rounded(value: Fraction, decimals: int) -> str:
    """Write a fraction with so many decimals, halves away from zero."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return str(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def check(text: str, experts: int) -> Checked:
    """Read printed averages, a line each (`name | average | weight`, the weight may be left out), and check them.

    Raises `TypedError`.
    """
    averages = tuple(_printed(line, experts) for line in _lines(text))
    total = weighted([Fraction(one.text) for one in averages], [one.weight for one in averages])
    return Checked(experts, averages, total, min(one.check.decimals for one in averages))


def read_criteria(text: str) -> tuple[Criterion, ...]:
    """Read criteria, a line each: `Ukrainian | English | weight`; the weight may be left out. Raises `TypedError`."""
    found = []
    for line in _lines(text):
        parts = [part.strip() for part in line.split("|")]
        if len(parts) not in {2, 3} or not all(parts):
            raise TypedError(Fault.CRITERION, line)
        found.append(Criterion(parts[0][:200], parts[1][:200], _weight(parts[2:])))
    for language in ("uk", "en"):
        refuse_twice(one.name(language) for one in found)
    return tuple(found)


def _printed(line: str, experts: int) -> Printed:
    parts = [part.strip() for part in line.split("|")]
    if len(parts) not in {2, 3} or not all(parts):
        raise TypedError(Fault.AVERAGE, line)
    text = parts[1].replace(",", ".")
    try:
        found = grim(text, experts)
        Fraction(text)
    except ValueError as error:
        raise TypedError(Fault.NUMBER, parts[1]) from error
    return Printed(parts[0][:200], text, _weight(parts[2:]), found)


def _lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or len(lines) > MOST_CRITERIA:
        raise TypedError(Fault.LINES)
    return lines


def _weight(written: Sequence[str]) -> Fraction:
    if not written:
        return Fraction(1)
    try:
        weight = Fraction(written[0].replace(",", "."))
    except (ValueError, ZeroDivisionError) as error:
        raise TypedError(Fault.WEIGHT, written[0]) from error
    if not 0 < weight <= 1000:  # noqa: PLR2004  beyond, somebody has typed a year
        raise TypedError(Fault.WEIGHT, written[0])
    return weight


def _defined(reckon: Callable[[], Result]) -> Result | None:
    """Give a measure, or nothing where all scores are alike and it has no value."""
    try:
        return reckon()
    except ValueError:
        return None
