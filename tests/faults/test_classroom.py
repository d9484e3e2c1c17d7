"""Promise 3 for a class: every run of simulated students is in the store exactly once, whatever the service suffers.

`./lab classroom` holds the same lesson with thirty students and an outage of ten minutes.
"""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1]))

from classroom.lesson import Lesson, hold
from classroom.verdict import faults
from storedusage import Stored

OUTCOMES = st.sampled_from(["ok", "error"])
ANSWERED = st.dictionaries(st.text("ab1", min_size=1, max_size=3), OUTCOMES, min_size=1)


def run(cell: str, outcome: str) -> Stored:
    return Stored("id", "boot", 0, "run", datetime(2026, 9, 1, tzinfo=UTC), "server", None, cell, outcome)


@pytest.mark.small_disk
def test_every_run_of_a_class_is_stored_once_whatever_the_service_suffers(tmp_path: Path):
    said: list[str] = []
    verdict = hold(Lesson(students=3, outage=5.0, pause=0.5), tmp_path, said.append)
    assert verdict.faults == (), said
    assert verdict.answered >= 3 * 8
    assert verdict.completeness.missing == 0
    assert verdict.completeness.starts >= 4, "three servers and the hub"


@given(ANSWERED)
def test_a_store_that_holds_each_run_once_is_without_fault(answered: dict[str, str]):
    assert faults(answered, [run(*one) for one in answered.items()]) == []


@given(ANSWERED, st.data())
def test_a_run_that_is_lost_doubled_or_changed_is_named(answered: dict[str, str], data: st.DataObject):
    runs = [run(*one) for one in answered.items()]
    hurt = data.draw(st.sampled_from(runs))
    others = [one for one in runs if one is not hurt]
    other = run(hurt.cell_id, "error" if hurt.outcome == "ok" else "ok")
    for told, word in (
        (others, "is not in the store"),
        ([*runs, hurt], "2 times"),
        ([*others, other], f"{other.outcome} in the store"),
    ):
        found = faults(answered, told)
        assert len(found) == 1
        assert found[0].startswith(f"{hurt.cell_id} ")
        assert word in found[0]


@given(ANSWERED)
def test_a_run_that_nobody_ran_is_named(answered: dict[str, str]):
    invented = [run("nobody's", "ok")]
    found = faults(answered, [*(run(*one) for one in answered.items()), *invented])
    assert Counter(found) == {"nobody's is in the store, and nobody ran it": 1}
