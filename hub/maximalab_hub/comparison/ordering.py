"""Puts parts of the work together, each person's after the other's, and each person's in order of time.

Files and databases give events by time, or by day and person, so that most of the order is there already: the
stretches of one person in the parts go to their places at once. What is still out of order of time is sorted, and
nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from maximalab_hub.at_once import at_once
from maximalab_hub.comparison.parts import Part, by_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from maximalab_hub.setting_arrays import Coded

TEXTS: Final = ("course", "material", "what")


class Together:
    """All events of some parts; `lists` say what the numbers of `user` and of the texts mean."""

    def __init__(self, parts: Iterable[Part], people: Sequence[str] | None) -> None:
        self._numbers: dict[str, dict[Any, int]] = {name: {} for name in ("user", *TEXTS)}
        self._people = people
        numbered = [(one, *self._numbered(one)) for one in parts]
        self.lists = {name: list(numbers) for name, numbers in self._numbers.items()}
        if people is not None:
            self.lists["user"] = list(people)
        lengths = np.concatenate([np.empty(0, np.int64), *(one.lengths for one, _, _ in numbered)])
        owners = np.concatenate([np.empty(0, np.int32), *(owners for _, owners, _ in numbered)])
        order = by_number(owners)
        begins = np.empty(len(order), np.int64)
        begins[order] = np.cumsum(lengths[order]) - lengths[order]
        self.user = np.repeat(owners[order], lengths[order])
        self.at, self.lasted = (np.empty(len(self.user), np.int64) for _ in range(2))
        self.texts = {name: np.empty(len(self.user), _width(self.lists[name])) for name in TEXTS}
        for _ in at_once(lambda one: self._place(*one), _each(numbered, begins)):
            pass
        self._settle()

    def _numbered(self, part: Part) -> tuple[NDArray[np.int32], Mapping[str, NDArray[np.int32]]]:
        """Number a part's people and texts as they come, the same in every part."""
        owners = part.users.places
        if self._people is None:
            owners = _numbers(part.users, self._numbers["user"])[owners]
        return owners, {name: _numbers(part.texts[name], self._numbers[name]) for name in TEXTS}

    def _place(self, part: Part, numbers: Mapping[str, NDArray[np.int32]], begins: NDArray[np.int64]) -> None:
        places = np.repeat(begins - (np.cumsum(part.lengths) - part.lengths), part.lengths)
        places += np.arange(len(places))
        self.at[places], self.lasted[places] = part.at, part.lasted
        for name, made in self.texts.items():
            made[places] = numbers[name].astype(made.dtype)[part.texts[name].places]

    def _settle(self) -> None:
        """Sort who is out of order of time, and one person's events at one moment as `compare.by_person` does."""
        user, at = self.user, self.at
        late = np.flatnonzero(at[1:] <= at[:-1])
        late = late[user[late] == user[late + 1]]
        if not len(late):
            return
        falling = np.zeros(len(self.lists["user"]), bool)
        falling[user[late[at[late] > at[late + 1]]]] = True
        out = falling[user] if falling.any() else np.zeros(len(user), bool)
        out[late] = out[late + 1] = True
        those = np.flatnonzero(out)
        order = those[np.lexsort((*self._keys(those), at[those], user[those]))]
        for values in (at, self.lasted, *self.texts.values()):
            values[those] = values[order]

    def _keys(self, those: NDArray[np.int64]) -> list[NDArray[Any]]:
        """Give what says which of events at one moment is first, the last word first."""
        kinds, outcomes, _ = zip(*self.lists["what"], strict=True)
        what = self.texts["what"][those]
        material, course = (
            _ranks(self.lists[name])[self.texts[name][those]] for name in ("material", "course")
        )
        return [material, _ranks(outcomes)[what], self.lasted[those], _ranks(kinds)[what], course]


def _numbers(column: Coded, numbers: dict[Any, int]) -> NDArray[np.int32]:
    return np.array([numbers.setdefault(value, len(numbers)) for value in column.values] or [0], np.int32)


def _width(values: Sequence[Any]) -> type[np.signedinteger[Any]]:
    return np.int16 if len(values) <= np.iinfo(np.int16).max else np.int32


def _each(
    numbered: list[tuple[Part, NDArray[np.int32], Mapping[str, NDArray[np.int32]]]], begins: NDArray[np.int64]
) -> Iterator[tuple[Part, Mapping[str, NDArray[np.int32]], NDArray[np.int64]]]:
    """Give each part, and where its stretches go; none is kept, so that nothing is held twice for long."""
    numbered.reverse()
    done = 0
    while numbered:
        part, owners, numbers = numbered.pop()
        yield part, numbers, begins[done : done + len(owners)]
        done += len(owners)


def _ranks(values: Sequence[Any]) -> NDArray[np.int64]:
    """Give each value's place in order; nothing counts as an empty text."""
    ordered = {value: place for place, value in enumerate(sorted({value or "" for value in values}))}
    return np.array([ordered[value or ""] for value in values] or [0])
