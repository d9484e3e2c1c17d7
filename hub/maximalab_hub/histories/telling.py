"""What happens in each sitting: a server starts, notebooks open, cells run and fail, and all of it is reported.

`blocks` streams a history as Arrow tables of `store.arrow.SCHEMA`, one for each group and week, so that a history
of any length needs the memory of one group's week. The same plan gives the same tables.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from maximalab_hub.events import Kind, Outcome, Source
from maximalab_hub.histories import ids
from maximalab_hub.histories.cast import habits_of
from maximalab_hub.histories.cells import cells_of
from maximalab_hub.histories.runs import KINDS, OUTCOMES, runs_of
from maximalab_hub.histories.sittings import MICRO, Sittings, sittings_of
from maximalab_hub.store.arrow import SCHEMA, TIME, encoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from maximalab_hub.histories.cast import Group, Plan
    from maximalab_hub.histories.runs import Happenings

ERRORS: Final = ("MaximaError", "SyntaxError", "KeyboardInterrupt")
LANGUAGES: Final = ("uk", "en")
_KIND: Final = {kind: place for place, kind in enumerate(KINDS)}
_BY_THE_HUB: Final = np.array([kind in {Kind.SERVER_START, Kind.SERVER_STOP} for kind in KINDS])
_IN_NOTEBOOK: Final = np.array([kind in {Kind.NOTEBOOK_OPEN, Kind.NOTEBOOK_SAVE, Kind.RUN} for kind in KINDS])
_OF_KERNEL: Final = np.array([kind == Kind.RUN or kind.value.startswith("kernel") for kind in KINDS])
_AN_HOUR: Final = 3600 * MICRO
_A_YEAR: Final = 365 * 24 * _AN_HOUR


@dataclass(slots=True)
class _Hub:
    """The one sender that tells of all servers: its start, and how many events it has numbered."""

    boot: str
    numbered: int = 0


def blocks(plan: Plan) -> Iterator[Any]:
    """Give the history, a table for each week and group with any work, in order of weeks."""
    root = np.random.SeedSequence(plan.seed)
    first = np.random.default_rng(root)
    hub = _Hub(ids.uuid4s(1, first)[0].as_py())
    traits = [habits_of(len(group.students), first) for group in plan.groups]
    weeks = -(-(plan.until - plan.begin) // timedelta(weeks=1))
    for week in range(weeks):
        for place, (group, habits) in enumerate(zip(plan.groups, traits, strict=True)):
            chance = np.random.default_rng([plan.seed, place, week])
            some = sittings_of(plan, group, habits, week, chance)
            if len(some):
                yield _told(plan, group, some, hub, chance)


def sizes(plan: Plan) -> Counter[str]:
    """Count each person's events, by telling the whole history."""
    counted: Counter[str] = Counter()
    for block in blocks(plan):
        counted.update(
            {one["values"]: one["counts"] for one in block.column("user").value_counts().to_pylist()}
        )
    return counted


def _told(plan: Plan, group: Group, some: Sittings, hub: _Hub, chance: np.random.Generator) -> Any:  # noqa: ANN401
    happened = runs_of(some, plan.faults, chance)
    by_hub = _BY_THE_HUB[happened.kind]
    boots, seq = _numbered(happened.sitting, by_hub, hub, len(some), chance)
    arrived = by_hub | (chance.random(len(by_hub)) >= plan.faults.lost)
    reported, at, received, clamped = _times(plan, some, happened, by_hub, chance)
    columns = {
        "event_id": ids.uuid7s(happened.at, chance),
        "boot_id": boots,
        "seq": pa.array(seq),
        "kind": encoded(happened.kind, [kind.value for kind in KINDS]),
        "at": at.view(TIME),
        "at_reported": reported,
        "at_clamped": pa.array(clamped),
        "received_at": pa.array(received).view(TIME),
        "user": encoded(some.student[happened.sitting], list(group.students)),
        "source": encoded(by_hub.astype(np.int8), [Source.SERVER.value, Source.HUB.value]),
        "detail": _same(plan.detail, len(by_hub)),
        **_places(group, some, happened, chance),
        **_run_columns(group, some, happened, chance),
    }
    made = pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)
    return made if arrived.all() else made.filter(pa.array(arrived))


def _numbered(
    sitting: NDArray[np.int64],
    by_hub: NDArray[np.bool_],
    hub: _Hub,
    sittings: int,
    chance: np.random.Generator,
) -> tuple[Any, NDArray[np.int64]]:
    """Give each event its sender's start, and its number within it; `sitting` is in order."""
    seq = np.zeros(len(sitting), np.int64)
    own = sitting[~by_hub]
    firsts = np.searchsorted(own, own)
    seq[~by_hub] = np.arange(len(own)) - firsts
    seq[by_hub] = hub.numbered + np.arange(by_hub.sum())
    hub.numbered += int(by_hub.sum())
    senders = pa.concat_arrays([ids.uuid4s(sittings, chance), pa.array([hub.boot])])
    return senders.take(pa.array(np.where(by_hub, sittings, sitting))), seq


def _times(
    plan: Plan, some: Sittings, happened: Happenings, by_hub: NDArray[np.bool_], chance: np.random.Generator
) -> tuple[Any, Any, NDArray[np.int64], NDArray[np.bool_]]:
    """Say what the sender said of the time, what is believed, and when it came."""
    late = np.where(
        chance.random(len(some)) < plan.faults.late, chance.uniform(0.5, 20, len(some)) * _AN_HOUR, 0
    )
    clamped = (chance.random(len(some)) < plan.faults.clock)[happened.sitting] & ~by_hub
    received = happened.at + 3 * MICRO + late.astype(np.int64)[happened.sitting]
    said = np.where(clamped, happened.at + _A_YEAR, happened.at)
    believed = np.where(clamped, received, happened.at)
    return _iso(said), pa.array(believed), received, clamped


def _iso(micros: NDArray[np.int64]) -> Any:  # noqa: ANN401
    """Write moments as senders do, in UTC to the microsecond."""
    text = np.datetime_as_string(micros.view("datetime64[us]"), unit="us")
    whole = np.char.add(text, "+00:00").astype("S32").view(np.uint8).reshape(len(micros), 32)
    offsets = np.arange(0, (len(micros) + 1) * 32, 32, dtype=np.int32)
    return pa.StringArray.from_buffers(
        len(micros), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(whole).reshape(-1))
    )


def _places(
    group: Group, some: Sittings, happened: Happenings, chance: np.random.Generator
) -> dict[str, Any]:
    count = len(happened.kind)
    inside = _IN_NOTEBOOK[happened.kind]
    material = some.material[happened.sitting]
    english = (chance.random(len(some)) < 0.1)[happened.sitting]  # noqa: PLR2004  how many prefer it
    files: list[str | None] = [
        f"{name}/{name}.{language}.ipynb" for name in group.materials for language in LANGUAGES
    ]
    return {
        "server": _same("public-maxima", count),
        "tier": _same("public", count),
        "backend": _same("example", count),
        "entrance": _same("public", count),
        "course": _where(inside, np.zeros(count, np.int64), [group.course]),
        "material": _where(inside, material, list(group.materials)),
        "notebook": _where(inside, material * 2 + english, files),
    }


def _run_columns(
    group: Group, some: Sittings, happened: Happenings, chance: np.random.Generator
) -> dict[str, Any]:
    count, ran = len(happened.kind), happened.kind == _KIND[Kind.RUN]
    failed = ran & (happened.outcome == OUTCOMES.index(Outcome.ERROR))
    which = np.searchsorted([0.6, 0.9], chance.random(count), side="right")
    runs = (ran, failed, some.material[happened.sitting], some.student[happened.sitting])
    return {
        "cell_id": cells_of(group.materials, len(group.students), runs, chance),
        "kernel": _where(_OF_KERNEL[happened.kind], np.zeros(count, np.int64), ["maxima"]),
        "duration_ms": pa.array(happened.duration_ms, mask=~ran),
        "outcome": _where(ran, happened.outcome, [one.value for one in OUTCOMES]),
        "error_name": _where(failed, which, list(ERRORS)),
    }


def _where(those: NDArray[np.bool_], codes: NDArray[np.int64], values: list[str | None]) -> Any:  # noqa: ANN401
    return encoded(np.where(those, codes, len(values)), [*values, None])


def _same(value: str, count: int) -> Any:  # noqa: ANN401
    return encoded(np.zeros(count, np.int8), [value])
