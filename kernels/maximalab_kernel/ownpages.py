"""Help on the functions that the kernel adds to Maxima, of which Maxima's manual knows nothing: pure."""

from __future__ import annotations

from typing import NamedTuple

from maximalab_kernel import manualpage
from maximalab_kernel.words import say

ANIMATION = "own_page_animation"


class OwnPage(NamedTuple):
    """One function: how it is called, what it does, an example."""

    signatures: tuple[str, ...]
    key: str
    example: str


OWN_PAGES: dict[str, OwnPage] = {
    "interact": OwnPage(
        (
            "interact(expr, [n, from, to])", "interact(expr, [n, from, to, step, first])",
            "interact(expr, [n, [a, b, c]])",
        ),
        "own_page_interact",
        "interact(plot2d(sin(n*x), [x, 0, 6]), [n, 1, 10])",
    ),
    "with_slider": OwnPage(
        ("with_slider(n, [1, 2, 3], expr, [x, from, to])",), ANIMATION, "with_slider(n, [1, 2, 3], sin(n*x), [x, 0, 6])"
    ),
    "with_slider_draw": OwnPage(
        ("with_slider_draw(n, [1, 2, 3], figures, …)",), ANIMATION,
        "with_slider_draw(n, [1, 2], explicit(x^n, x, 0, 1))",
    ),
    "with_slider_draw3d": OwnPage(
        ("with_slider_draw3d(n, [1, 2, 3], figures, …)",), ANIMATION,
        "with_slider_draw3d(n, [1, 2], explicit(x^n*y, x, 0, 1, y, 0, 1))",
    ),
}  # fmt: skip


def said(name: str) -> str:
    """What the function does, and an example, as a page of the manual has them."""
    page = OWN_PAGES[name]
    return f"{say(page.key)}\n\n     {page.example};"


def data_of(name: str) -> dict[str, str]:
    """The page as an answer to who asks at the name; empty for a name that is none of ours."""
    if name not in OWN_PAGES:
        return {}
    heading, signatures = say("own_page"), list(OWN_PAGES[name].signatures)
    return {
        "text/plain": manualpage.plain(heading, signatures, said(name)),
        "text/markdown": manualpage.markdown(heading, signatures, said(name)),
    }
