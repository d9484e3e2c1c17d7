"""An interval of confidence, and the one door to SciPy's distributions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value lies, at a confidence of `level`; in the unit of the value that it belongs to."""

    low: float
    high: float
    level: float = 0.95


def scipy_stats() -> Any:  # noqa: ANN401  SciPy ships no annotations
    """Give `scipy.stats`. It takes most of a second to import; only who tests pays for it."""
    from scipy import stats  # type: ignore[import-untyped]  # noqa: PLC0415

    return stats


@lru_cache(maxsize=1024)
def t_quantile(share: float, dof: int) -> float:
    """Give the value below which this share of Student's t lies. Many tests ask of groups of the same sizes."""
    return float(scipy_stats().t.ppf(share, dof))


def normal_above(z: float) -> float:
    """Give the probability of more than `z` under the normal curve: SciPy's function, without what surrounds it."""
    from scipy import special  # noqa: PLC0415  see `scipy_stats`

    return float(special.ndtr(-z))


def tail_of(level: float) -> float:
    """Give the probability above an interval of this level.

    Raises `ValueError` where `level` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; give a confidence between 0 and 1, such as 0.95")
    return (1 - level) / 2
