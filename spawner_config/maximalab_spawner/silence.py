"""For how long nothing has been heard of a server, and when that is too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Silence:
    """Counts from the first look that told nothing. `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: float | None = None

    def heard(self) -> None:
        """Note that something is known again."""
        self._since = None

    def begins(self) -> bool:
        """Note that a look told nothing; say whether it is the first such look."""
        if self._since is not None:
            return False
        self._since = self._clock()
        return True

    @property
    def is_broken(self) -> bool:
        """Whether the last look told something."""
        return self._since is None

    def lasts(self, grace: float) -> bool:
        """Say whether nothing has been heard for `grace` seconds or longer."""
        return self._since is not None and self._clock() - self._since >= grace
