"""Small cells stay unseen, and nobody can work them out from what is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from comparedclass import CHOICES, EVERYBODY, FIRST, KYIV, LESSONS, OR, SECOND, START, TIMETABLES, a_class
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.comparison.report import report
from maximalab_hub.comparison.rhythm import rhythm
from maximalab_hub.comparison.suppression import LeftOut, hidden, left_out
from maximalab_hub.comparison.writing import files
from maximalab_hub.setting import Enrolment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param([], LeftOut(0, 0), id="everybody agreed"),
        pytest.param([70] * 9, LeftOut(None, None), id="a few people are not counted"),
        pytest.param([70] * 10, LeftOut(10, 700), id="as many as may be shown"),
        pytest.param([70] * 13 + [89], LeftOut(10, 900), id="one more day of one of them changes nothing"),
    ],
)
def test_of_people_who_did_not_agree_only_about_how_many_is_told(events: list[int], expected: LeftOut):
    assert left_out(events, 10) == expected


def test_where_four_people_may_be_shown_four_are_not_told_to_be_nobody():
    assert left_out([100] * 4, 3) == LeftOut(3, 400)


PEOPLE = st.frozensets(st.sampled_from([f"p{n}" for n in range(30)]), max_size=25)
TABLES = st.dictionaries(st.sampled_from("abcdefgh"), PEOPLE, max_size=8)
LEAST = st.integers(2, 12)


def everybody_in(cells: Mapping[str, AbstractSet[str]]) -> frozenset[str]:
    return frozenset().union(*cells.values())


@given(TABLES, LEAST)
def test_every_small_cell_hides_and_no_cell_with_nobody(cells: dict[str, frozenset[str]], least: int) -> None:
    unseen = hidden(cells, least)
    assert {key for key, who in cells.items() if 0 < len(who) < least} <= unseen
    assert all(cells[key] for key in unseen)


@given(TABLES, LEAST)
def test_no_hidden_cell_follows_from_the_sum_and_the_shown_ones(
    cells: dict[str, frozenset[str]], least: int
) -> None:
    """What is left of the sum is that of several cells, and of enough people; or else nothing at all is shown."""
    unseen = hidden(cells, least)
    if not unseen:
        return
    together = everybody_in({key: cells[key] for key in unseen})
    if {key for key, who in cells.items() if who} == unseen:
        return
    assert len(unseen) >= 2
    assert len(together) >= least
    # With numbers: another table with other hidden cells has the same sum and the same shown cells.
    first, second = sorted(unseen)[:2]
    values = {key: 1 + len(who) for key, who in cells.items()}
    other = values | {first: values[first] + 1, second: values[second] - 1}
    shown = cells.keys() - unseen
    assert sum(values.values()) == sum(other.values())
    assert {key: values[key] for key in shown} == {key: other[key] for key in shown}


@given(TABLES, LEAST)
def test_no_more_hides_than_is_needed(cells: dict[str, frozenset[str]], least: int) -> None:
    """Without the last one that was taken along, the rest would not be enough."""
    unseen = hidden(cells, least)
    taken = sorted(
        (key for key in unseen if len(cells[key]) >= least), key=lambda key: (len(cells[key]), key)
    )
    if taken:
        before = unseen - {taken[-1]}
        assert len(before) < 2 or len(everybody_in({key: cells[key] for key in before})) < least
    assert all(len(cells[one]) <= len(cells[other]) for one, other in pairwise(taken))


@given(TABLES, LEAST)
def test_a_table_without_small_cells_is_shown_wholly(cells: dict[str, frozenset[str]], least: int) -> None:
    large = {key: who for key, who in cells.items() if len(who) >= least}
    assert hidden(large, least) == frozenset()


def test_an_hour_that_hides_takes_another_along() -> None:
    """All runs are known from the list of people: a single hidden hour would be the rest."""
    late = [replace(one, at=one.at + timedelta(hours=5)) for one in EVERYBODY]
    lonely = [replace(EVERYBODY[0], at=EVERYBODY[0].at + timedelta(hours=9))]
    week = rhythm([*EVERYBODY, *late, *lonely], LESSONS, KYIV, 10)
    assert sum(hour.runs is None for hour in week) >= 2
    assert sum(hour.runs is None for hour in rhythm([*EVERYBODY, *late], LESSONS, KYIV, 10)) == 0


def test_a_material_that_hides_takes_another_along() -> None:
    parts = [*EVERYBODY]
    few = [replace(one, material="matrix-game") for one in a_class(FIRST[:4], 5)]
    other = [replace(one, material="transport") for one in a_class(FIRST, 5)]
    rows = {row.name: row.people for row in report([*parts, *few, *other], TIMETABLES, CHOICES).materials}
    assert rows["matrix-game"] is None
    assert rows["transport"] is None
    assert len(rows) == 3
    assert sum(people is not None for people in rows.values()) == 1


def test_the_list_of_people_and_the_tests_tell_of_no_group_that_hides() -> None:
    third = SECOND[:4]
    enrolments = TIMETABLES.enrolments | {user: (Enrolment(OR, "OR-3", START),) for user in third}
    made = report(EVERYBODY, replace(TIMETABLES, enrolments=enrolments), CHOICES)
    shown = [row.name for row in made.groups if row.people is not None]
    assert made.people is not None
    assert {group for one in made.people for group in one.groups} == set(shown)
    assert {name for one in made.unpaired for name in (one.first, one.second)} <= set(shown)
    hides = {f"{OR}/{group}" for group in ("OR-1", "OR-2", "OR-3")} - set(shown)
    assert f"{OR}/OR-3" in hides
    assert not [name for name in hides if name.encode() in files(made, {})["people.csv"]]


def test_the_few_who_are_in_several_groups_are_not_told_by_the_list() -> None:
    both = {**TIMETABLES.enrolments, FIRST[0]: (Enrolment(OR, "OR-1", START), Enrolment(OR, "OR-2", START))}
    made = report(EVERYBODY, replace(TIMETABLES, enrolments=both), CHOICES)
    assert made.in_several_groups is None
    assert made.people is not None
    assert max(len(one.groups) for one in made.people) == 1
