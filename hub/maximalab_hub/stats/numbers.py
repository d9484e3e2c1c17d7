"""What the functions accept, and what they say where it is something else."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def finite(name: str, values: Iterable[float]) -> list[float]:
    """Give the values as floats. Raises `ValueError` where one is no finite number."""
    result = [float(value) for value in values]
    for place, value in enumerate(result):
        if not isfinite(value):
            raise ValueError(
                f"{name}[{place}] is {value}; every value must be finite: leave missing ones out"
            )
    return result


def table_of(name: str, rows: Iterable[Iterable[float]], *, least: tuple[int, int]) -> list[list[float]]:
    """Give a table of floats with at least so many rows and columns.

    Raises `ValueError` where it is smaller, ragged, or holds what is no finite number.
    """
    table = [finite(f"{name}[{place}]", row) for place, row in enumerate(rows)]
    widths = {len(row) for row in table}
    if len(widths) > 1:
        raise ValueError(
            f"{name} has rows of {sorted(widths)} values; every row must have as many as the others"
        )
    width = widths.pop() if widths else 0
    if len(table) < least[0] or width < least[1]:
        raise ValueError(
            f"{name} has {len(table)} rows and {width} columns; at least {least[0]} and {least[1]} are needed"
        )
    return table


def counts_of(name: str, rows: Iterable[Iterable[float]], *, least: tuple[int, int]) -> list[list[float]]:
    """Give a table of counts. Raises `ValueError` where a value is negative or no whole number."""
    table = table_of(name, rows, least=least)
    for place, row in enumerate(table):
        for column, value in enumerate(row):
            if value < 0 or value != int(value):
                raise ValueError(
                    f"{name}[{place}][{column}] is {value:g}; give counts: whole numbers from 0 on, no shares"
                )
    return table


def ranks(values: Sequence[float]) -> list[float]:
    """Rank from 1 up; equal values share the mean of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    result = [0.0] * len(values)
    for group in _equal(order, values):
        mean = (group[0] + group[-1]) / 2 + 1
        for place in group:
            result[order[place]] = mean
    return result


def ties(values: Iterable[float]) -> list[int]:
    """Say how often each value stands there that stands there more than once."""
    seen: dict[float, int] = {}
    for value in values:
        seen[value] = seen.get(value, 0) + 1
    return [times for times in seen.values() if times > 1]


def _equal(order: Sequence[int], values: Sequence[float]) -> Iterable[list[int]]:
    group: list[int] = []
    for place, index in enumerate(order):
        if group and values[order[group[0]]] != values[index]:
            yield group
            group = []
        group.append(place)
    if group:
        yield group
