"""Each fault of the acceptance list on access, containers, recovery and load has a test that bears its number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
NUMBERS = [*range(1, 14), *range(21, 26)]
BOTH_WAYS = [*range(1, 14), *range(21, 25)]
"""Those that are tried on the paper's figure, with plain engines and with Swarms."""


def has_a_test_in(number: int, file: Path) -> bool:
    return re.search(rf"def test_t0?{number}_", file.read_text(encoding="utf-8")) is not None


def has_a_test(number: int, folder: Path) -> bool:
    return any(has_a_test_in(number, file) for file in folder.rglob("test_*.py"))


@pytest.mark.parametrize("number", NUMBERS)
def test_a_fault_has_a_test(number: int):
    assert has_a_test(number, TESTS)


@pytest.mark.parametrize("folder", ["bed", "swarm"])
@pytest.mark.parametrize("number", BOTH_WAYS)
def test_it_is_tried_on_the_bed_and_in_a_swarm(number: int, folder: str):
    assert has_a_test(number, TESTS / folder)


def test_the_table_of_the_docs_names_each_test_that_bears_a_number():
    page = (TESTS.parent / "docs/test-bed.md").read_text(encoding="utf-8")
    table = page.partition("## Who tries what")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| T(\d+) \|(.*)$", table, re.MULTILINE))
    for number in BOTH_WAYS:
        for folder in ("bed", "swarm"):
            files = [one for one in (TESTS / folder).glob("test_*.py") if has_a_test_in(number, one)]
            missing = [
                f"{folder}/{one.stem}" for one in files if f"`{folder}/{one.stem}`" not in rows[str(number)]
            ]
            assert missing == [], f"T{number}: docs/test-bed.md"
