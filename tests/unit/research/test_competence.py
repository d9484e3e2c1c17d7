"""Levels of competence: the table as it is typed or pasted, and its test."""

from __future__ import annotations

import pytest
from maximalab_hub.competence import Levels, compared, read_levels
from maximalab_hub.stats import ChiSquare, MarginalHomogeneity
from maximalab_hub.typed import Fault, TypedError
from scipy.stats import chi2_contingency

TABLE = ";low;medium;high\nbefore;12;30;8\nafter;5;28;17"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TABLE, id="semicolons"),
        pytest.param(TABLE.replace(";", "\t") + "\n", id="pasted from a spreadsheet"),
        pytest.param(TABLE.replace(";", ","), id="saved by a spreadsheet, with commas"),
        pytest.param(TABLE.replace("\n", "\r\n\r\n").replace(";", " ; "), id="with space around"),
    ],
)
def test_a_table_is_read_as_it_is_typed_or_pasted(text: str):
    assert read_levels(text) == Levels(
        ("low", "medium", "high"), ("before", "after"), ((12, 30, 8), (5, 28, 17))
    )


def test_levels_are_compared_by_pearsons_test():
    found = compared(read_levels(TABLE))
    statistic, p, dof, _ = chi2_contingency([[12, 30, 8], [5, 28, 17]], correction=False)
    assert (found.dof, found.n) == (dof, 100)
    assert (found.statistic, found.p_value) == (pytest.approx(statistic), pytest.approx(p))
    assert found.suits


def test_shares_are_of_the_row():
    assert read_levels(TABLE).shares()[0] == (0.24, 0.6, 0.16)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("", Fault.ROWS, id="nothing"),
        pytest.param(";low;high\na;1;2", Fault.ROWS, id="one row compares with nothing"),
        pytest.param(";low;Low\na;1;2\nb;1;2", Fault.TWICE, id="two levels of one name"),
        pytest.param(";low;high\na;1;2\na;1;2", Fault.TWICE, id="two groups of one name"),
        pytest.param(";low\na;1\nb;2", Fault.LEVELS, id="one level"),
        pytest.param(";low;\na;1;2\nb;2;3", Fault.LEVELS, id="a level without a name"),
        pytest.param(";low;high\na;1\nb;1;2", Fault.COUNTS, id="a count is missing"),
        pytest.param(";low;high\n;1;2\nb;1;2", Fault.COUNTS, id="a row without a name"),
        pytest.param(";low;high\na;1;2.5\nb;1;2", Fault.WHOLE, id="half a person"),
        pytest.param(";low;high\na;1;-2\nb;1;2", Fault.WHOLE, id="fewer than nobody"),
        pytest.param(";low;high\na;1;²\nb;1;2", Fault.WHOLE, id="a digit that is none"),
        pytest.param(";low;high\na;0;0\nb;1;2", Fault.NOBODY, id="a row of nobody"),
        pytest.param(";low;high\na;0;1\nb;0;2", Fault.NOBODY, id="a level of nobody"),
        pytest.param("low high\na 1 2\nb 1 2", Fault.LEVELS, id="blanks between cells"),
    ],
)
def test_what_is_no_table_is_named(text: str, fault: Fault):
    with pytest.raises(TypedError) as error:
        read_levels(text)
    assert error.value.fault is fault


def test_a_level_that_nobody_has_is_named():
    with pytest.raises(TypedError) as error:
        read_levels(";low;high\na;0;1\nb;0;2")
    assert error.value.part == "low"


SQUARE = ";low;medium;high\nlow;5;12;6\nmedium;1;8;9\nhigh;0;0;4"


def test_the_same_people_before_and_after_are_compared_one_by_one():
    table = read_levels(SQUARE, same_people=True)
    found = compared(table, same_people=True)
    assert isinstance(found, MarginalHomogeneity)
    assert (found.n, found.rose, found.fell, found.dof) == (45, 27, 1, 2)
    assert isinstance(compared(table), ChiSquare), "lines named like levels of other people are groups"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(";a;b\na;0;0\nb;0;0", Fault.NOBODY, id="nobody at all"),
        pytest.param(";a;b\na;1;2\nb;3;999999", Fault.MANY, id="more than are ranked"),
        pytest.param(";a;b\nx;0;0\ny;1;2", Fault.NOBODY, id="moments need people, and each level, too"),
    ],
)
def test_what_is_no_table_of_before_and_after_is_named(text: str, fault: Fault):
    with pytest.raises(TypedError) as error:
        read_levels(text, same_people=True)
    assert error.value.fault is fault


def test_levels_that_nobody_has_are_no_fault_of_before_and_after():
    table = read_levels(";a;b;c\na;4;3;0\nb;0;2;0\nc;0;0;0", same_people=True)
    assert table.shares()[2] == (0, 0, 0)
    assert compared(table, same_people=True).dof == 1
