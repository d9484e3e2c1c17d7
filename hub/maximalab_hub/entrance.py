"""Which entrance a request came through, as its proxy says.

Each entrance's proxy sets one header and overwrites a client's own. The answer decides what a page *says*;
what keeps private material off the public entrance is that the public proxy has no route to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_spawner.tiers import Entrance

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER = "X-MaximaLab-Entrance"


def entrance_of(headers: Mapping[str, str]) -> Entrance:
    """Read the entrance from `headers`; a missing or odd value is taken as the strictest, the public one."""
    try:
        return Entrance(headers.get(HEADER, ""))
    except ValueError:
        return Entrance.PUBLIC
