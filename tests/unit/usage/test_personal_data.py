"""Every stored column has its class of personal data, and docs/personal-data.md says the same."""

from __future__ import annotations

import re
from pathlib import Path

from maximalab_hub.export.formats import TABLES
from maximalab_hub.store.models import Base
from maximalab_hub.store.personal import CLASSES, Personal

PAGE = Path(__file__).parents[3] / "docs" / "personal-data.md"


def test_every_column_has_a_class_and_no_class_is_left_over():
    stored = {table.name: {column.name for column in table.columns} for table in Base.metadata.sorted_tables}
    assert {table: set(columns) for table, columns in CLASSES.items()} == stored


def test_the_page_says_the_same():
    sections = re.split(r"^## `(\w+)`$", PAGE.read_text(), flags=re.MULTILINE)[1:]
    said = {
        table: dict(re.findall(r"^\| `(\w+)` \| ([a-z ]+) \|$", text, re.MULTILINE))
        for table, text in zip(sections[::2], sections[1::2], strict=True)
    }
    assert said == {
        table: {name: one.value for name, one in columns.items()} for table, columns in CLASSES.items()
    }


def test_no_account_name_is_a_column_of_an_export():
    naming = {name for columns in CLASSES.values() for name, one in columns.items() if one is Personal.NAMES}
    exported = {column.name for table in TABLES.values() for column in table.columns}
    assert {"user", "made_by"} == naming
    assert not naming & exported
