"""What people did, as arrays: millions of events of which comparisons need a few small numbers each.

Only what shows a person at work is kept (`compare.AT_WORK`), in the order of `compare.by_person`: by person, then
time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maximalab_hub.compare import AT_WORK, FAILED, Happening
from maximalab_hub.events import Kind, Outcome
from maximalab_hub.setting_arrays import Coded, coded
from maximalab_hub.store.arrow import TIME

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

READ: Final = ("user", "kind", "at", "course", "duration_ms", "outcome", "material")
"""The store's columns that comparisons need."""
_TEXTS: Final = ("user", "kind", "course", "outcome", "material")
_TO_MICROS: Final = 1000


@dataclass(frozen=True, slots=True)
class Work:
    """Events, one place an array each; the lists say what the places in them mean."""

    users: Sequence[str]
    courses: Sequence[str | None]
    materials: Sequence[str | None]
    user: NDArray[np.int32]
    at: NDArray[np.int64]
    """Microseconds since 1970."""
    lasted: NDArray[np.int64]
    """Microseconds."""
    course: NDArray[np.int32]
    material: NDArray[np.int32]
    ran: NDArray[np.bool_]
    """Whether it is a run that was not aborted (`compare.ran`)."""
    failed: NDArray[np.bool_]
    """Whether it is a run that ended with an error."""

    def __len__(self) -> int:
        """How many events there are."""
        return len(self.user)

    def only(self, those: NDArray[np.bool_]) -> Work:
        """Leave the others out; the lists stay as they are."""
        names = ("user", "at", "lasted", "course", "material", "ran", "failed")
        return replace(self, **{name: getattr(self, name)[those] for name in names})

    def of_material(self, material: str) -> Work:
        """Keep what was done in one material."""
        if material not in self.materials:
            return self.only(np.zeros(len(self), bool))
        return self.only(self.material == self.materials.index(material))


def work_in(
    tables: Iterable[Any], people: Collection[str] | None = None, kinds: Collection[str] = AT_WORK
) -> Work:
    """Read tables with the columns `READ`; of these people and kinds alone where they are given.

    The order of events does not matter; quickest is that of time, or of day and person.
    """
    places: dict[str, dict[Any, int]] = {name: {} for name in _TEXTS}
    chosen = {"kind": AT_WORK.intersection(kinds), "user": people}
    parts = [_part(table, places, chosen) for table in tables]
    if not parts:
        parts = [_part(pa.table({name: _empty(name) for name in READ}), places, {})]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in READ}
    del parts
    lists = {name: list(of) for name, of in places.items()}
    order = _order(joined, lists)
    sorted_ = joined if order is None else {name: values[order] for name, values in joined.items()}
    ran = _marked(sorted_["kind"], lists["kind"], {Kind.RUN})
    ran &= ~_marked(sorted_["outcome"], lists["outcome"], {Outcome.ABORTED})
    return Work(
        users=lists["user"],
        courses=lists["course"],
        materials=lists["material"],
        user=sorted_["user"],
        at=sorted_["at"],
        lasted=sorted_["duration_ms"],
        course=sorted_["course"],
        material=sorted_["material"],
        ran=ran,
        failed=ran & _marked(sorted_["outcome"], lists["outcome"], FAILED),
    )


def work_of(happenings: Iterable[Happening] | Work) -> Work:
    """Take what comes one by one."""
    if isinstance(happenings, Work):
        return happenings
    rows = [
        (one.user, one.kind, one.at, one.course, one.lasted, one.outcome, one.material) for one in happenings
    ]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(READ)
    types = {"at": TIME, "duration_ms": pa.duration("us")}
    return work_in(
        [
            pa.table(
                {
                    name: pa.array(values, types.get(name, pa.string()))
                    for name, values in zip(READ, columns, strict=True)
                }
            )
        ]
    )


def _part(
    table: Any,  # noqa: ANN401
    places: dict[str, dict[Any, int]],
    chosen: Mapping[str, Collection[str] | None],
) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {
        name: _placed(coded(table.column(name)), places[name], chosen.get(name)) for name in _TEXTS
    }
    found["at"] = table.column("at").cast(pa.int64()).to_numpy()
    lasted = table.column("duration_ms")
    whole = pc.fill_null(lasted.cast(pa.int64()), 0).to_numpy()
    found["duration_ms"] = whole if pa.types.is_duration(lasted.type) else whole * _TO_MICROS
    kept = (found["user"] >= 0) & (found["kind"] >= 0)
    return found if kept.all() else {name: values[kept] for name, values in found.items()}


def _placed(column: Coded, places: dict[Any, int], chosen: Collection[str] | None) -> NDArray[np.int32]:
    """Number values as they come, the same in every table; what is not chosen is -1, and is named nowhere."""
    numbers = [
        places.setdefault(value, len(places)) if chosen is None or value in chosen else -1
        for value in column.values
    ]
    return np.asarray(np.array(numbers or [0], np.int32)[column.places])


def _marked(column: NDArray[np.int32], values: Sequence[Any], those: Iterable[str]) -> NDArray[np.bool_]:
    wanted = set(those)
    marks = np.array([value in wanted for value in values] or [False])
    return np.asarray(marks[column])


def _order(joined: dict[str, NDArray[Any]], lists: dict[str, list[Any]]) -> NDArray[np.int64] | None:
    """Say in which order the events are a person's after the other's, and each person's in order of time."""
    user, at = joined["user"], joined["at"]
    few = len(lists["user"]) <= np.iinfo(np.int16).max
    order = np.argsort(
        user.astype(np.int16) if few else user, kind="stable"
    )  # of few bits by counting: at once
    if _falls(user[order], at[order]):
        order = np.lexsort((at, user))
    same = (np.diff(at[order]) == 0) & (np.diff(user[order]) == 0)
    if same.any():
        _settle(order, same, joined, lists)
    return order


def _falls(user: NDArray[np.int32], at: NDArray[np.int64]) -> bool:
    return bool(((np.diff(at) < 0) & (np.diff(user) == 0)).any())


def _settle(
    order: NDArray[np.int64],
    same: NDArray[np.bool_],
    joined: dict[str, NDArray[Any]],
    lists: dict[str, list[Any]],
) -> None:
    """Put events of one person at one moment in the order of `compare.by_person`."""
    tied = np.append(same, False) | np.insert(same, 0, False)
    those = order[tied]
    ranks = [
        joined["duration_ms"] if name == "duration_ms" else _ranks(lists[name])[joined[name][those]]
        for name in ("material", "outcome", "kind", "course")
    ]
    material, outcome, kind, course = ranks
    keys = (
        material,
        outcome,
        joined["duration_ms"][those],
        kind,
        course,
        joined["at"][those],
        joined["user"][those],
    )
    order[tied] = those[np.lexsort(keys)]


def _ranks(values: Sequence[Any]) -> NDArray[np.int64]:
    """Give each value's place in order; nothing counts as an empty text."""
    ordered = {value: place for place, value in enumerate(sorted({value or "" for value in values}))}
    return np.array([ordered[value or ""] for value in values] or [0])


def _empty(name: str) -> Any:  # noqa: ANN401
    return pa.array([], TIME if name == "at" else pa.int64() if name == "duration_ms" else pa.string())
