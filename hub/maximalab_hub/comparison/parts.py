"""A part of the events, as a file's row group or some rows of a database give it, in order of people. Pure."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maximalab_hub.events import Source
from maximalab_hub.setting_arrays import Coded, coded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

READ: Final = ("user", "kind", "at", "course", "duration_ms", "outcome", "material", "source")
"""The store's columns that comparisons need."""
_TO_MICROS: Final = 1000


class Part(NamedTuple):
    """Some events, in stretches of one person each; no person has two."""

    users: Coded
    """Of each stretch; the list is that of the people asked for, where they are given."""
    lengths: NDArray[np.int64]
    at: NDArray[np.int64]
    lasted: NDArray[np.int64]
    texts: Mapping[str, Coded]
    """`course`, `material`, and `what`: kind, outcome and whether it is local, together.

    Small numbers, so that little memory is touched.
    """

    def in_order(self, order: NDArray[np.int64]) -> Part:
        """Take these events of all, in this order; the stretches are those of before."""
        texts = {name: Coded(one.places[order], one.values) for name, one in self.texts.items()}
        return self._replace(at=self.at[order], lasted=self.lasted[order], texts=texts)


class People:
    """People in order of name, to be found in columns."""

    def __init__(self, people: Collection[str]) -> None:
        self.names = sorted(people)
        self._array = pa.array(self.names, pa.string())

    def places(self, column: Any) -> Coded:  # noqa: ANN401
        """Give their places, -1 for whoever is not among them."""
        whole = column.combine_chunks()
        made = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
        found = pc.fill_null(pc.index_in(made.dictionary, self._array), -1).to_numpy()
        return Coded(np.append(found, np.int32(-1))[made.indices.to_numpy()], self.names)


def part_of(table: Any, kinds: Collection[str], people: People | None) -> Part:  # noqa: ANN401  pyarrow has no types
    """Take what is of these kinds, and of these people where they are given; one person's events stay as they are."""
    kind, outcome, course, material = (
        coded(table.column(name), np.int32) for name in ("kind", "outcome", "course", "material")
    )
    column = table.column("user")
    user = coded(column, np.int32) if people is None else people.places(column)
    kept = _among(kind, kinds) if people is None else _among(kind, kinds) & (user.places >= 0)
    lasted = table.column("duration_ms")
    whole = pc.fill_null(lasted.cast(pa.int64()), 0).to_numpy()
    texts = {
        "course": course,
        "material": material,
        "what": _together(kind, outcome, _local(table.column("source"))),
    }
    every = Part(
        Coded(np.empty(0, np.int32), user.values),
        np.empty(0, np.int64),
        table.column("at").cast(pa.int64()).to_numpy(),
        whole if pa.types.is_duration(lasted.type) else whole * _TO_MICROS,
        {name: Coded(_narrow(one), one.values) for name, one in texts.items()},
    )
    return _by_person(every, user.places, np.flatnonzero(kept))


def by_number(numbers: NDArray[Any]) -> NDArray[np.int64]:
    """Give the order of numbers from zero on, equal ones in theirs."""
    few = not len(numbers) or numbers.max() <= np.iinfo(np.int16).max
    # Of few bits by counting: at once.
    return np.argsort(numbers.astype(np.int16) if few else numbers, kind="stable")


def _by_person(part: Part, user: NDArray[np.int32], those: NDArray[np.int64]) -> Part:
    mine = user[those]
    first = _stretches(mine)
    if len(np.unique(mine[first])) < len(first):
        order = by_number(mine)
        those, mine = those[order], mine[order]
        first = _stretches(mine)
    users = Coded(mine[first], part.users.values)
    return part.in_order(those)._replace(users=users, lengths=np.diff(first, append=len(mine)))


def _stretches(user: NDArray[Any]) -> NDArray[np.int64]:
    begins = np.ones(len(user), bool)
    np.not_equal(user[1:], user[:-1], out=begins[1:])
    return np.flatnonzero(begins)


def _among(column: Coded, those: Collection[str]) -> NDArray[np.bool_]:
    marks = np.array([value in those for value in column.values] or [False])
    return np.ones(len(column.places), bool) if marks.all() else np.asarray(marks[column.places])


def _together(kind: Coded, outcome: Coded, local: Coded) -> Coded:
    values = list(product(kind.values, outcome.values, local.values))
    places = kind.places * len(outcome.values) + outcome.places
    return Coded(places if len(local.values) == 1 else places * len(local.values) + local.places, values)


def _local(column: Any) -> Coded:  # noqa: ANN401
    """Say of each event whether the person's own program told of it; in most labs of none, which costs nothing then."""
    source = coded(column, np.int32)
    if Source.CLIENT not in source.values:
        return Coded(source.places, [False])
    return Coded(source.places == source.values.index(Source.CLIENT), [False, True])


def _narrow(column: Coded) -> NDArray[Any]:
    return column.places.astype(np.min_scalar_type(len(column.values)))
