"""GRIM: whether a printed mean can be the mean of so many whole numbers at all."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import floor
from typing import Final


@dataclass(frozen=True, slots=True)
class Grim:
    """The answer; true in an `if` where the mean is possible."""

    consistent: bool
    """Whether some sum of whole scores, divided and rounded, gives the printed mean."""
    decimals: int
    """To how many decimals the mean was taken as printed."""
    scores: int
    """How many whole numbers the mean is of: people times items."""
    nearest: tuple[float, float]
    """The closest means that are possible: at or below the printed one, and above it."""
    tells: bool
    """False where the scores are so many that every printed mean is possible: then "consistent" says nothing."""

    def __bool__(self) -> bool:
        """Whether the mean is possible."""
        return self.consistent


_LARGEST: Final = Decimal(10) ** 15
"""Beyond, a float does not tell whole numbers apart."""


def grim(mean: str | float | Decimal, n: int, items: int = 1, *, decimals: int | None = None) -> Grim:
    """Ask whether `mean`, as printed, can be the mean of whole numbers from `n` people on `items` items each.

    How exactly a mean was printed matters: "2.20" says more than "2.2". Give it as text, or say `decimals`; of a
    float the shortest way of writing it counts. Half a unit of the last decimal may have been rounded either way.
    A mean that is impossible has many harmless explanations: a score missing, halves allowed, means of means. It
    is a question to the authors, no verdict.

    Source: Brown and Heathers (2017), "The GRIM test", Social Psychological and Personality Science 8, 363-369.
    Raises `ValueError` where `mean` is no number, or `n`, `items` or `decimals` are too small.
    """
    printed = _decimal(mean)
    places = _places(printed) if decimals is None else decimals
    for name, value, least in (("n", n, 1), ("items", items, 1), ("decimals", places, 0)):
        if value < least:
            raise ValueError(f"{name} is {value}; it must be at least {least}")
    scores, exact = n * items, Fraction(printed)
    below = floor(exact * scores)
    room = Fraction(1, 2 * 10**places)
    possible = any(abs(Fraction(total, scores) - exact) <= room for total in (below, below + 1))
    return Grim(possible, places, scores, (below / scores, (below + 1) / scores), scores < 10**places)


def _decimal(mean: str | float | Decimal) -> Decimal:
    try:
        number = Decimal(str(mean).strip().replace(",", "."))
    except InvalidOperation as error:
        raise ValueError(f"mean is {mean!r}; give a number as it is printed, such as '1.86'") from error
    if not number.is_finite() or abs(number) >= _LARGEST:
        raise ValueError(f"mean is {mean!r}; give a finite number of at most 15 digits before the point")
    return number


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
