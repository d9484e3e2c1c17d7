"""Several tests at once: keeping the risk of a false alarm for the family as small as for one test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_hub.stats.numbers import finite

if TYPE_CHECKING:
    from collections.abc import Iterable


def holm(p_values: Iterable[float]) -> tuple[float, ...]:
    """Adjust the p-values of a family of tests by Holm's step-down method, in the order in which they are given.

    An adjusted value is compared with the level itself (0.05): it is the smallest level at which the whole
    family's error rate allows this one to be rejected. Never below the value given, never above 1; right under
    any dependence between the tests. An empty family gives an empty answer.

    Source: Holm (1979), "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6, 65-70.
    Raises `ValueError` where a value is no probability.
    """
    given = finite("p_values", p_values)
    for place, p in enumerate(given):
        if not 0 <= p <= 1:
            raise ValueError(f"p_values[{place}] is {p}; a p-value lies between 0 and 1")
    adjusted = [0.0] * len(given)
    largest = 0.0
    for step, place in enumerate(sorted(range(len(given)), key=given.__getitem__)):
        largest = max(largest, min(1.0, (len(given) - step) * given[place]))
        adjusted[place] = largest
    return tuple(adjusted)
