"""gnuplot's palettes as lists of colours: `defined (…)`, `rgbformulae r,g,b`, `gray`."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = 16
"""Colours that a palette is told in."""

DEFINED = re.compile(r"([-\d.eE+]+)\s+[\"'](#[0-9a-fA-F]{6})[\"']")
FORMULAE = re.compile(r"rgbformulae\s+(-?\d+)\s*,\s*(-?\d+)\s*,\s*(-?\d+)")

PALETTE_FORMULAE: tuple[Callable[[float], float], ...] = (
    lambda _: 0.0, lambda _: 0.5, lambda _: 1.0, lambda x: x, lambda x: x**2, lambda x: x**3, lambda x: x**4,
    math.sqrt, lambda x: x**0.25, lambda x: math.sin(math.pi * x / 2), lambda x: math.cos(math.pi * x / 2),
    lambda x: abs(x - 0.5), lambda x: (2 * x - 1) ** 2, lambda x: math.sin(math.pi * x),
    lambda x: abs(math.cos(math.pi * x)), lambda x: math.sin(2 * math.pi * x),
    lambda x: math.cos(2 * math.pi * x), lambda x: abs(math.sin(2 * math.pi * x)),
    lambda x: abs(math.cos(2 * math.pi * x)), lambda x: abs(math.sin(4 * math.pi * x)),
    lambda x: abs(math.cos(4 * math.pi * x)), lambda x: 3 * x, lambda x: 3 * x - 1, lambda x: 3 * x - 2,
    lambda x: abs(3 * x - 1), lambda x: abs(3 * x - 2), lambda x: (3 * x - 1) / 2, lambda x: (3 * x - 2) / 2,
    lambda x: abs((3 * x - 1) / 2), lambda x: abs((3 * x - 2) / 2), lambda x: x / 0.32 - 0.78125,
    lambda x: 2 * x - 0.84, lambda x: 4 * x if x < 0.25 else max(-2 * x + 1.84, x / 0.08 - 11.5) if x > 0.42 else 1.0,  # noqa: PLR2004
    lambda x: abs(2 * x - 0.5), lambda x: 2 * x, lambda x: 2 * x - 0.5, lambda x: 2 * x - 1,
)  # fmt: skip
"""What gnuplot's `show palette rgbformulae` lists, by number; x goes from 0 to 1."""


def mixed(parts: tuple[float, float, float]) -> str:
    """A colour of red, green and blue, each from 0 to 1."""
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, part))):02x}" for part in parts)


def formula(number: int, x: float) -> float:
    """The value of gnuplot's formula `number` at `x`; a negative number runs backwards."""
    return PALETTE_FORMULAE[abs(number) % len(PALETTE_FORMULAE)](x if number >= 0 else 1 - x)


def between(stops: list[tuple[float, str]], x: float) -> str:
    """The colour at `x` between the nearest two stops."""
    below = max((stop for stop in stops if stop[0] <= x), default=stops[0])
    above = min((stop for stop in stops if stop[0] >= x), default=stops[-1])
    share = 0.0 if above[0] == below[0] else (x - below[0]) / (above[0] - below[0])
    pairs = [(int(below[1][i : i + 2], 16), int(above[1][i : i + 2], 16)) for i in (1, 3, 5)]
    red, green, blue = (((1 - share) * low + share * high) / 255 for low, high in pairs)
    return mixed((red, green, blue))


def sampled(palette: str) -> list[str]:
    """Evenly spaced colours of a palette in gnuplot's words; of an unknown one gnuplot's default."""
    places = [step / (STEPS - 1) for step in range(STEPS)]
    stops = sorted((float(at), color.lower()) for at, color in DEFINED.findall(palette))
    if len(stops) > 1 and stops[-1][0] > stops[0][0]:
        first, width = stops[0][0], stops[-1][0] - stops[0][0]
        return [between(stops, first + width * x) for x in places]
    if palette.startswith("gray"):
        return [mixed((x, x, x)) for x in places]
    match = FORMULAE.search(palette)
    red, green, blue = (int(match[1]), int(match[2]), int(match[3])) if match else (7, 5, 15)
    return [mixed((formula(red, x), formula(green, x), formula(blue, x))) for x in places]
