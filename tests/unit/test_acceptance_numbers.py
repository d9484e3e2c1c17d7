"""Each fault of the acceptance list on access, containers, recovery and load has a test that bears its number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
NUMBERS = [*range(1, 14), *range(21, 26)]
ON_THE_BED = [*range(1, 6), *range(10, 14), *range(21, 25)]
"""Those that need the paper's figure; what one container does or is, tests/docker asks at one engine."""


def has_a_test(number: int, folder: Path) -> bool:
    name = re.compile(rf"def test_t0?{number}_")
    return any(name.search(file.read_text(encoding="utf-8")) for file in folder.rglob("test_*.py"))


@pytest.mark.parametrize("number", NUMBERS)
def test_a_fault_has_a_test(number: int):
    assert has_a_test(number, TESTS)


@pytest.mark.parametrize("number", ON_THE_BED)
def test_it_is_tried_on_the_bed(number: int):
    assert has_a_test(number, TESTS / "bed")
