"""Tables of lessons and of people: what is read, and how every cell that cannot be read is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.timetable.csvfile import MOST_FAULTS, read_lessons, read_people
from maximalab_hub.timetable.lesson import Cell, CellTrouble, TimetableError, Trouble

KYIV = ZoneInfo("Europe/Kyiv")
HEAD = "group;date;begins;ends;last_date;every_weeks;cancelled;note"


def lessons(*lines: str, head: str = HEAD):
    return read_lessons("\n".join([head, *lines]).encode(), "or", KYIV)


def faults(*lines: str, head: str = HEAD):
    with pytest.raises(TimetableError) as refused:
        lessons(*lines, head=head)
    assert refused.value.trouble is Trouble.ROWS
    return [(one.line, one.column, one.value, one.trouble) for one in refused.value.cells]


@pytest.mark.parametrize(
    ("text", "head"),
    [
        pytest.param("OR-1;2026-09-07;8:30;10:05", "group;date;begins;ends", id="semicolons"),
        pytest.param(
            "OR-1,07.09.2026,08:30,10:05", "group,date,begins,ends", id="commas, and days as we write them"
        ),
        pytest.param(
            "2026-09-07\tOR-1\t8.30\t10.05", "дата\tгрупа\tпочаток\tкінець", id="tabs, Ukrainian heads"
        ),
        pytest.param(
            '"OR-1";"2026-09-07";"8:30";"10:05"', "\ufeffGroup;Date;Begins;Ends", id="quoted, with a mark"
        ),
    ],
)
def test_a_table_may_look_as_spreadsheets_make_it(text, head):
    [lesson] = lessons(text, head=head)
    assert (lesson.course, lesson.group) == ("or", "OR-1")
    assert lesson.starts_at == datetime(2026, 9, 7, 5, 30, tzinfo=UTC)
    assert lesson.ends_at - lesson.starts_at == timedelta(minutes=95)


def test_a_lesson_repeats_to_its_last_day_by_the_wall_clock():
    found = lessons("OR-1;2026-10-12;8:30;10:05;2026-11-10;2;no;room 5")
    local = [one.starts_at.astimezone(KYIV) for one in found]
    assert [(one.month, one.day, one.hour, one.minute) for one in local] == [
        (10, 12, 8, 30),
        (10, 26, 8, 30),
        (11, 9, 8, 30),
    ]
    assert len({one.series for one in found}) == 1
    assert {one.note for one in found} == {"room 5"}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        pytest.param(";2026-09-07;8:30;10:05", ("group", "", CellTrouble.EMPTY), id="no group"),
        pytest.param("A;2026-02-30;8:30;10:05", ("date", "2026-02-30", CellTrouble.NO_DAY), id="no such day"),
        pytest.param("A;7 Sep;8:30;10:05", ("date", "7 Sep", CellTrouble.NO_DAY), id="a day in words"),
        pytest.param(
            "A;2026-09-07;25:00;10:05", ("begins", "25:00", CellTrouble.NO_CLOCK), id="no such hour"
        ),
        pytest.param("A;2026-09-07;8:30;", ("ends", "", CellTrouble.EMPTY), id="no end"),
        pytest.param("A;2026-09-07;8:30;8:30", ("ends", "8:30", CellTrouble.ENDS), id="ends as it begins"),
        pytest.param("A;2026-09-07;0:30;23:00", ("ends", "23:00", CellTrouble.ENDS), id="a day long"),
        pytest.param(
            "A;2026-09-07;8:30;10:05;2026-09-01",
            ("last_date", "2026-09-01", CellTrouble.BEFORE),
            id="ends early",
        ),
        pytest.param(
            "A;2026-09-07;8:30;10:05;;5", ("every_weeks", "5", CellTrouble.NO_WEEKS), id="too seldom"
        ),
        pytest.param(
            "A;2026-09-07;8:30;10:05;;;maybe", ("cancelled", "maybe", CellTrouble.NO_ANSWER), id="maybe"
        ),
        pytest.param(
            "A" * 65 + ";2026-09-07;8:30;10:05", ("group", "A" * 65, CellTrouble.TOO_LONG), id="long"
        ),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_by_line_and_column(line, fault):
    assert faults("B;2026-09-07;8:30;10:05", line) == [(3, *fault)]


def test_the_same_lesson_twice_is_named_where_it_comes_again():
    line = "A;2026-09-07;8:30;10:05"
    assert faults(line, "", line) == [(4, "date", "2026-09-07", CellTrouble.TWICE)]


def test_all_faults_come_at_once_up_to_a_limit():
    assert len(faults(*["A;x;y;z"] * 3)) == 9
    assert len(faults(*["A;x;y;z"] * 1000)) == MOST_FAULTS


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        pytest.param(b"", Trouble.NO_ROWS, id="nothing"),
        pytest.param(b"group;date;begins;ends\n", Trouble.NO_ROWS, id="a head alone"),
        pytest.param(b"group;date;begins;ends\n;;;\n\n", Trouble.NO_ROWS, id="a head and blank lines"),
        pytest.param(b"group;date;begins\nA;2026-09-07;8:30\n", Trouble.COLUMNS, id="a column is missing"),
        pytest.param(b"group;date;begins;ends;ends\n", Trouble.COLUMNS, id="a column twice"),
        pytest.param(b"group;date;begins;ends;wish\n", Trouble.COLUMNS, id="an unknown column"),
        pytest.param("група;дата".encode("cp1251"), Trouble.NO_TABLE, id="an old encoding"),
        pytest.param(b'group;date;begins;ends\n"A', Trouble.NOT_CLOSED, id="a quote that does not end"),
        pytest.param(b"x" * 4_000_001, Trouble.TOO_BIG, id="too large"),
    ],
)
def test_what_is_no_table_of_lessons_is_refused_as_a_whole(content, trouble):
    with pytest.raises(TimetableError) as refused:
        read_lessons(content, "or", KYIV)
    assert refused.value.trouble is trouble


def test_people_are_read_with_their_days():
    table = "name;group;from;until\nsam;OR-1;2026-09-01;2026-12-31\nolena;OR-2;1.9.2026;\n"
    sam, olena = read_people(table.encode(), KYIV)
    assert (sam.since, sam.until) == (
        datetime(2026, 8, 31, 21, tzinfo=UTC),
        datetime(2026, 12, 31, 22, tzinfo=UTC),
    )
    assert (olena.user, olena.group, olena.until) == ("olena", "OR-2", None)


def cells_refused(content: bytes, read=read_lessons) -> tuple[Cell, ...]:
    """The cells that are named where the bytes are refused; any other error fails the test."""
    try:
        assert read(content, "or", KYIV) if read is read_lessons else read(content, KYIV)
    except TimetableError as refused:
        return refused.cells
    return ()


@given(st.binary(max_size=300), st.sampled_from([read_lessons, read_people]))
def test_no_bytes_whatever_break_the_reading(content, read):
    cells_refused(content, read)


@given(st.lists(st.lists(st.text(max_size=12), min_size=8, max_size=8), max_size=6))
def test_no_cells_whatever_break_the_reading(rows):
    body = "\n".join(";".join(cell.replace(";", " ").replace('"', " ") for cell in row) for row in rows)
    assert all(one.line >= 2 for one in cells_refused(f"{HEAD}\n{body}".encode()))


def test_a_fault_names_the_column_as_the_file_does():
    found = faults("2026;A;8:30;10:05", head="дата;група;початок;кінець")
    assert found == [(2, "дата", "2026", CellTrouble.NO_DAY)]


def test_columns_that_are_missing_unknown_or_there_again_are_told_apart():
    with pytest.raises(TimetableError) as refused:
        lessons("A;2026-09-07;8:30;10:05", head="group;date;час;Date")
    assert refused.value.trouble is Trouble.COLUMNS
    assert refused.value.cells == (
        Cell(1, "begins", "", CellTrouble.MISSING),
        Cell(1, "ends", "", CellTrouble.MISSING),
        Cell(1, "час", "", CellTrouble.UNKNOWN),
        Cell(1, "date", "", CellTrouble.AGAIN),
        Cell(1, "Date", "", CellTrouble.AGAIN),
    )


def test_times_may_have_the_seconds_that_spreadsheets_write():
    [lesson] = lessons("A;2026-09-07;8:30:00;10:05:00")
    assert lesson.ends_at - lesson.starts_at == timedelta(minutes=95)
    assert faults("A;2026-09-07;8:30:15;10:05")[0][1:] == ("begins", "8:30:15", CellTrouble.NO_CLOCK)


def test_a_group_is_the_same_however_its_letters_are_put_together_and_has_no_sign_that_nobody_sees():
    assert {one.group for one in lessons("ОР-И\u0306  1;2026-09-07;8:30;10:05")} == {"ОР-Й 1"}
    for sign in ("\x00", "\x07", "\u200b"):
        assert faults(f"A{sign}B;2026-09-07;8:30;10:05")[0][1:] == ("group", f"A{sign}B", CellTrouble.UNSEEN)
    [lesson] = lessons("A;2026-09-07;8:30;10:05;;;;ro\x00om")
    assert lesson.note == "room"


def test_a_cell_that_does_not_end_is_found_by_its_line():
    with pytest.raises(TimetableError) as refused:
        lessons("A;2026-09-07;8:30;10:05", 'B;2026-09-08;8:30;10:05;;;;"room')
    assert (refused.value.trouble, refused.value.where) == (Trouble.NOT_CLOSED, "3")
