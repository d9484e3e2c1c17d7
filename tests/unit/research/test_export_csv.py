"""T19: an export opens as text, and re-reads to the same values."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.export.columns import COLUMNS, EVENTS, Observation, codebook, moment
from maximalab_hub.export.csv import guarded, read_csv, unguarded, write_csv

NOON = datetime(2026, 10, 19, 12, 0, 0, 120, tzinfo=UTC)
PLAIN = Observation(
    "id", "p", "run", NOON, NOON, "in_class", "server", notebook="simplex/a.ipynb", duration_ms=12
)
EVIL = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "＝1",
    '"quoted"',
    "a,b;c",
    "two\r\nlines",
    "'already",
    "''",
    "",
    " ",
    "' OR 1=1 --",
    "{{7*7}}",
    "<img onerror=alert(1)>",
    "іспит 1.ipynb",
    "\ufeffbom",
]


def written(*observations: Observation) -> bytes:
    return b"".join(write_csv(observations, COLUMNS))


@pytest.mark.parametrize("text", EVIL)
def test_t19_evil_names_open_as_text_and_reread_to_the_same_values(text):
    content = written(replace(PLAIN, notebook=text, course=text, error_name=text))
    [fields] = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    assert not fields["notebook"].lstrip().startswith(("=", "+", "-", "@", "＝"))
    assert not fields["notebook"].startswith(("\t", "\r", "\n"))
    [row] = read_csv(content)
    assert (row["notebook"], row["course"], row["error_name"]) == (text, text, text)


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts)
def test_t19_the_guard_can_always_be_undone(text):
    assert unguarded(guarded(text)) == text


@given(
    st.lists(
        st.builds(
            Observation,
            texts,
            texts,
            texts,
            *[
                st.datetimes(
                    min_value=datetime(2000, 1, 1),  # noqa: DTZ001  Hypothesis wants it so
                    timezones=st.just(UTC),
                )
            ]
            * 2,
            texts,
            texts,
            notebook=st.none() | texts,
            kernel=st.none() | texts,
            duration_ms=st.none() | st.integers(0, 2**40),
        ),
        max_size=5,
    )
)
def test_t19_whatever_was_written_reads_back(observations):
    rows = read_csv(written(*observations))
    assert rows == [{column.name: column.value(one) for column in COLUMNS} for one in observations]


def test_missing_and_empty_are_different():
    rows = read_csv(written(replace(PLAIN, notebook=None), replace(PLAIN, notebook="")))
    assert [row["notebook"] for row in rows] == [None, ""]


def test_lines_end_as_rfc_4180_says_and_a_time_has_one_form():
    content = written(PLAIN)
    assert content.count(b"\r\n") == 2
    assert b"2026-10-19T12:00:00.000120Z" in content
    assert moment(NOON.astimezone(timezone(timedelta(hours=3)))) == "2026-10-19T12:00:00.000120Z"


def test_a_long_export_comes_in_parts_of_the_same_bytes():
    many = [replace(PLAIN, event_id=str(n)) for n in range(1200)]
    parts = list(write_csv(many, COLUMNS))
    assert len(parts) == 3
    assert b"".join(parts) == written(*many)
    assert len(read_csv(b"".join(parts))) == 1200


def test_a_file_that_is_not_ours_is_refused():
    with pytest.raises(ValueError, match="unknown columns: name"):
        read_csv(b"name\r\nx\r\n")


def test_every_column_is_described_and_nothing_personal_is_among_them():
    [table] = codebook([EVENTS])["tables"]
    described = [field["name"] for field in table["fields"]]
    assert described == [column.name for column in COLUMNS]
    assert not {"user", "server", "detail", "boot_id"} & set(described)
    assert all(field["description"] for field in table["fields"])
