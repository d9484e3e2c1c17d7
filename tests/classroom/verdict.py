"""Whether the store holds every answered run exactly once, and says so itself. Plain values in, sentences out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from labrun import RunningLab
from maximalab_hub.completeness import Completeness, completeness
from maximalab_hub.settings import load_settings
from maximalab_hub.store.engine import open_engine
from maximalab_hub.store.research import Selection, snapshot
from storedusage import Stored, stored


@dataclass(frozen=True)
class Verdict:
    """What became of a lesson's runs. `faults` are sentences; none means that nothing was lost or counted twice."""

    answered: int
    faults: tuple[str, ...]
    completeness: Completeness


def faults(answered: Mapping[str, str], runs: Collection[Stored]) -> list[str]:
    """Compare the outcomes that the students saw with the runs in the store, both by cell."""
    counted = Counter(run.cell_id for run in runs)
    outcomes = {run.cell_id: run.outcome for run in runs}
    return [
        *(f"{cell} was answered and is not in the store" for cell in answered if not counted[cell]),
        *(f"{cell} is in the store {n} times" for cell, n in counted.items() if n > 1),
        *(f"{cell} is in the store, and nobody ran it" for cell in counted if cell not in answered),
        *(
            f"{cell} was {seen} for the student, {outcomes[cell]} in the store"
            for cell, seen in answered.items()
            if counted[cell] and outcomes[cell] != seen
        ),
    ]


def runs_of(lab: RunningLab, names: Collection[str]) -> list[Stored]:
    """Read the runs of these people."""
    return [run for name in names for run in stored(lab, name, "run")]


def judge(lab: RunningLab, answered: Mapping[str, str], names: Collection[str], began: datetime) -> Verdict:
    """Look into the store of a lab whose lesson is over, and ask it how complete it is since `began`."""
    found = faults(answered, runs_of(lab, names))
    engine = open_engine(load_settings(lab.state / "maximalab.toml").usage.db_url)
    try:
        with snapshot(engine) as connection:
            whole = completeness(connection, names, Selection(since=began, until=datetime.now(UTC)))
    finally:
        engine.dispose()
    if whole.missing or whole.starts_with_gaps:
        found.append(f"the store itself misses events: {whole}")
    return Verdict(len(answered), tuple(found), whole)
