"""The whole suite is shared out so that no worker is left alone with what takes longest, and no setup is made twice."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from sharing import LONGEST, TOGETHER, ends_of_each, in_order, unit_of

ROOT = Path(__file__).resolve().parents[2]
BED = "tests/bed/test_walk.py::test_a"
NEWCOMER = "tests/docker/test_newcomer.py::test_b[x::y]"
PLAIN = "tests/unit/test_house.py::test_c"


@pytest.mark.parametrize(
    ("nodeid", "unit"),
    [
        pytest.param(PLAIN, "tests/unit/test_house.py", id="a file"),
        pytest.param(NEWCOMER, "tests/docker/test_newcomer.py", id="a file, whatever is in a parameter"),
        pytest.param(BED, "tests/bed/", id="a folder around one setup"),
    ],
)
def test_a_worker_takes(nodeid: str, unit: str):
    assert unit_of(nodeid) == unit


def test_the_longest_begin_and_all_else_stays_as_it_was():
    given = [PLAIN, "tests/bed/test_figure.py::test_d", "tests/hub/test_pages.py::test_e", BED, NEWCOMER]
    items = in_order([SimpleNamespace(nodeid=nodeid) for nodeid in given])
    assert [item.nodeid for item in items] == [NEWCOMER, given[1], BED, PLAIN, given[2]]


def test_of_many_cases_the_first_and_the_last_stay():
    given = ["a::x[1]", "a::x[2]", "a::x[3-[y]]", "a::y", "b::x[1]", "a::x[4]"]
    items = ends_of_each([SimpleNamespace(nodeid=nodeid) for nodeid in given])
    assert [item.nodeid for item in items] == ["a::x[1]", "a::y", "b::x[1]", "a::x[4]"]


def test_each_name_of_the_order_is_there():
    assert [name for name in (*TOGETHER, *LONGEST) if not (ROOT / name).exists()] == []
    assert {name for name in LONGEST if name.endswith("/")} <= set(TOGETHER)
