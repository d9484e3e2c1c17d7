"""What people did, as arrays: millions of events of which comparisons need a few small numbers each.

Only what shows a person at work is kept (`compare.AT_WORK`), in the order of `compare.by_person`: by person, then
time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from maximalab_hub.at_once import at_once
from maximalab_hub.compare import AT_WORK, FAILED, Happening
from maximalab_hub.comparison.ordering import Together
from maximalab_hub.comparison.parts import READ, People, part_of
from maximalab_hub.events import Kind, Outcome
from maximalab_hub.store.arrow import TIME

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray


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
    course: NDArray[Any]
    """Places, of as few bits as they need; as `material`."""
    material: NDArray[Any]
    ran: NDArray[np.bool_]
    """Whether it is a run that was not aborted (`compare.ran`)."""
    failed: NDArray[np.bool_]
    """Whether it is a run that ended with an error."""
    local: NDArray[np.bool_]
    """Whether the person's own program told of it, and no server that the hub knows (decision 42)."""

    def __len__(self) -> int:
        """How many events there are."""
        return len(self.user)

    def only(self, those: NDArray[np.bool_]) -> Work:
        """Leave the others out; the lists stay as they are."""
        names = ("user", "at", "lasted", "course", "material", "ran", "failed", "local")
        return replace(self, **{name: getattr(self, name)[those] for name in names})

    def of_material(self, material: str) -> Work:
        """Keep what was done in one material."""
        if material not in self.materials:
            return self.only(np.zeros(len(self), bool))
        return self.only(self.material == self.materials.index(material))


def work_in(
    tables: Iterable[Any], people: Collection[str] | None = None, kinds: Collection[str] = AT_WORK
) -> Work:
    """Read tables with the columns `READ`, or what gives one when called, on another thread.

    Of these people and kinds alone where they are given. The order of events does not matter; quickest is that of
    time, or of day and person.
    """
    chosen = AT_WORK.intersection(kinds)
    everyone = None if people is None else People(people)
    parts = at_once(lambda one: part_of(one() if callable(one) else one, chosen, everyone), tables)
    found = Together(parts, None if everyone is None else everyone.names)
    every = found.lists["what"]
    ran = [kind == Kind.RUN and outcome != Outcome.ABORTED for kind, outcome, _ in every]
    failed = [one and outcome in FAILED for one, (_, outcome, _) in zip(ran, every, strict=True)]
    local = [own for _, _, own in every]
    what = found.texts["what"]
    return Work(
        users=found.lists["user"],
        courses=found.lists["course"],
        materials=found.lists["material"],
        user=found.user,
        at=found.at,
        lasted=found.lasted,
        course=found.texts["course"],
        material=found.texts["material"],
        ran=np.array(ran, bool)[what],
        failed=np.array(failed, bool)[what],
        local=np.array(local, bool)[what],
    )


def work_of(happenings: Iterable[Happening] | Work) -> Work:
    """Take what comes one by one."""
    if isinstance(happenings, Work):
        return happenings
    rows = [
        (one.user, one.kind, one.at, one.course, one.lasted, one.outcome, one.material, one.source)
        for one in happenings
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
