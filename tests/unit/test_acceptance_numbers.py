"""Each fault of the acceptance list on access, containers, recovery and load has a test that bears its number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
NUMBERS = [*range(1, 14), *range(21, 26)]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_fault_has_a_test(number: int):
    name = re.compile(rf"def test_t0?{number}_")
    assert any(name.search(file.read_text(encoding="utf-8")) for file in TESTS.rglob("test_*.py"))
