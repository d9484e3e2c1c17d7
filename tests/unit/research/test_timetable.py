"""A timetable file becomes lessons, or says what is wrong with it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import maximalab_hub
import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, vRecur
from maximalab_hub.timetable import Lesson, TimetableError, read_timetable, version_of
from maximalab_hub.timetable.repetition import most_of
from maximalab_hub.timetable.seeking import occurrences

SINCE, UNTIL = datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
EXAMPLE = Path(maximalab_hub.__file__).parent / "examples" / "timetable.ics"
OURS = ["X-MAXIMALAB-COURSE:operations-research", "X-MAXIMALAB-GROUP:OR-1"]
DAYS, HOURS = "MO,TU,WE,TH,FR,SA,SU", "BYHOUR=8,9,10,11,12,13,14,15"
MORNING = ["DTSTART;TZID=Europe/Kyiv:20260907T083000", "DTEND;TZID=Europe/Kyiv:20260907T100500"]


def calendar(*events: list[str]) -> bytes:
    body = [
        line for event in events for line in ("BEGIN:VEVENT", "UID:a@b", "SUMMARY:OR", *event, "END:VEVENT")
    ]
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//t//", *body, "END:VCALENDAR", ""]
    ).encode()


def lessons(*events: list[str]) -> tuple[Lesson, ...]:
    return read_timetable(calendar(*events), since=SINCE, until=UNTIL).lessons


def test_a_weekly_lesson_keeps_its_wall_clock_time_when_summer_time_ends():
    found = lessons([*OURS, *MORNING, "RRULE:FREQ=WEEKLY;COUNT=10"])
    assert len(found) == 10
    assert {lesson.starts_at.strftime("%H:%M") for lesson in found if lesson.starts_at.month < 10} == {
        "05:30"
    }
    assert {lesson.starts_at.strftime("%H:%M") for lesson in found if lesson.starts_at.month > 10} == {
        "06:30"
    }
    assert all(lesson.ends_at - lesson.starts_at == timedelta(minutes=95) for lesson in found)


def test_a_moved_lesson_is_where_it_was_moved_and_a_dropped_one_is_nowhere():
    series = [*OURS, *MORNING, "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;TZID=Europe/Kyiv:20260914T083000"]
    moved = [
        *OURS,
        "RECURRENCE-ID;TZID=Europe/Kyiv:20260921T083000",
        "DTSTART;TZID=Europe/Kyiv:20260922T120000",
        "DTEND;TZID=Europe/Kyiv:20260922T133500",
    ]
    assert [lesson.starts_at.isoformat() for lesson in lessons(series, moved)] == [
        "2026-09-07T05:30:00+00:00",
        "2026-09-22T09:00:00+00:00",
    ]


def test_a_cancelled_lesson_is_kept_and_marked():
    [lesson] = lessons([*OURS, *MORNING, "STATUS:CANCELLED"])
    assert lesson.cancelled


def test_of_two_entries_for_one_meeting_the_one_that_takes_place_counts():
    for order in ([OURS, [*OURS, "STATUS:CANCELLED"]], [[*OURS, "STATUS:CANCELLED"], OURS]):
        events = [[*event, *MORNING, f"X-N:{place}"] for place, event in enumerate(order)]
        content = calendar(*events).replace(b"UID:a@b", b"UID:first@b", 1)
        [lesson] = read_timetable(content, since=SINCE, until=UNTIL).lessons
        assert not lesson.cancelled


@pytest.mark.parametrize(
    "owner",
    [
        pytest.param(OURS, id="by our own properties"),
        pytest.param(["CATEGORIES:course:operations-research,group:OR-1"], id="by one line of categories"),
        pytest.param(["CATEGORIES:course:operations-research", "CATEGORIES:group:OR-1"], id="by two lines"),
        pytest.param([*OURS, "CATEGORIES:course:other,group:X"], id="our own properties win over categories"),
    ],
)
def test_a_lesson_names_its_course_and_group(owner):
    [lesson] = lessons([*owner, *MORNING])
    assert (lesson.course, lesson.group) == ("operations-research", "OR-1")


def test_holidays_and_other_appointments_are_counted_and_left_out():
    content = calendar([*OURS, "DTSTART;VALUE=DATE:20261224"], MORNING)
    found = read_timetable(content.replace(b"UID:a@b", b"UID:first@b", 1), since=SINCE, until=UNTIL)
    assert (found.lessons, found.all_day, found.others) == ((), 1, 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "no iCalendar file", id="an empty file"),
        pytest.param(b"name,time\r\n1,2\r\n", "no iCalendar file", id="a CSV file"),
        pytest.param(calendar([*OURS, "DTSTART:yesterday"]), "DTSTART", id="a start that is no time"),
        pytest.param(
            calendar([*OURS, "DTSTART;TZID=Nowhere:20260907T083000", "DTEND;TZID=Nowhere:20260907T100500"]),
            "has no time zone",
            id="a time zone that does not exist",
        ),
        pytest.param(
            calendar([*OURS, *MORNING, "RRULE:FREQ=NEVER"]), "cannot be read|RRULE", id="no such repetition"
        ),
        pytest.param(b"\xff\xfe\x00", "not in UTF-8", id="not a text"),
        pytest.param(
            calendar([OURS[0], "X-MAXIMALAB-GROUP:ОР-1", *MORNING]).decode().encode("cp1251"),
            "not in UTF-8",
            id="letters of Windows, which would make one group of ОР-1 and МН-1",
        ),
        pytest.param(
            calendar([OURS[0], "X-MAXIMALAB-GROUP:OR\u200b-1", *MORNING]),
            "sign that nobody sees",
            id="a group that only looks like another",
        ),
        pytest.param(
            calendar([*OURS, *MORNING, "RRULE:FREQ=WEEKLY;COUNT=5", "EXDATE:garbage"]),
            "EXDATE",
            id="an exception that is no date",
        ),
        pytest.param(
            calendar([*OURS, "DTSTART:20260907T083000", "DTEND:20260907T100500"]),
            "has no time zone",
            id="a floating time is refused, not guessed",
        ),
        pytest.param(
            calendar([OURS[0], *MORNING]), "X-MAXIMALAB-GROUP is missing", id="a course without a group"
        ),
        pytest.param(
            calendar([OURS[1], *MORNING]), "X-MAXIMALAB-COURSE is missing", id="a group without a course"
        ),
        pytest.param(calendar(OURS), "DTSTART is missing", id="no time at all"),
        pytest.param(
            calendar([*OURS, MORNING[0], "DTEND;TZID=Europe/Kyiv:20260907T080000"]),
            "ends after it starts",
            id="ends before it starts",
        ),
        pytest.param(
            calendar([*OURS, MORNING[0], "DTEND;TZID=Europe/Kyiv:20260917T080000"]),
            "12 hours",
            id="lasts ten days",
        ),
        pytest.param(
            calendar([*OURS, *MORNING, "RRULE:FREQ=SECONDLY"]),
            "within the day",
            id="a repetition that would never end",
        ),
        pytest.param(
            calendar([*OURS, *MORNING, "RRULE:FREQ=DAILY;BYMINUTE=" + ",".join(map(str, range(60)))]),
            r"FREQ=DAILY;BYMINUTE=0,1,.* makes 60 lessons of a day",
            id="a lesson of every minute, by its rule",
        ),
        pytest.param(
            calendar([*OURS, *MORNING, "RRULE:COUNT=3"]),
            "write it as FREQ=WEEKLY",
            id="a rule that does not say how often",
        ),
        *(
            pytest.param(
                calendar([*OURS, *MORNING, f"RRULE:FREQ=DAILY;{part}"]),
                "names no day that there is",
                id=f"a rule that is sought for ever: {part}",
            )
            for part in (
                "BYMONTH=2;BYMONTHDAY=30,-30",
                "BYMONTH=1;BYYEARDAY=32",
                "BYSETPOS=2",
                "INTERVAL=7;BYDAY=TU",
                "BYDAY=MO,TU;BYMONTH=2;BYMONTHDAY=30;COUNT=3",
            )
        ),
        *(
            pytest.param(
                calendar([*OURS, *MORNING, f"RRULE:{rule}"]),
                "names no day that there is",
                id=f"sought for ever: {rule}",
            )
            for rule in (
                "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
                "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6;UNTIL=20261224T000000Z",
                "FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=1,2,3,4,5,6,7;BYSETPOS=2",
            )
        ),
        pytest.param(
            calendar(
                *[[*OURS, MORNING[0].replace("2026", "0026"), "DURATION:PT95M", "RRULE:FREQ=DAILY"]] * 2
            ),
            "takes more than 1000000 steps",
            id="two lessons a day since the first century",
        ),
        pytest.param(
            calendar(
                *[
                    [
                        *OURS,
                        MORNING[0].replace("2026", "1960"),
                        "DURATION:PT45M",
                        f"RRULE:FREQ=WEEKLY;BYDAY={DAYS};{HOURS};UNTIL=20200101T000000Z",
                    ]
                ]
                * 9
            ),
            "takes more than 1000000 steps",
            id="days full of lessons, for decades, and none of this term",
        ),
        pytest.param(
            calendar([*OURS, *MORNING, "RRULE:FREQ=WEEKLY;INTERVAL=0"]),
            "whole number from 1",
            id="every 0 weeks",
        ),
        *(
            pytest.param(
                calendar([*OURS, *MORNING, f"RRULE:{rule}"]),
                "cannot be read",
                id=f"days that no year has: {rule}",
            )
            for rule in ("FREQ=YEARLY;BYMONTH=2;BYDAY=60MO", "FREQ=MONTHLY;BYMONTH=0;BYDAY=99MO")
        ),
        pytest.param(calendar([*OURS, *MORNING, MORNING[0]]), "write it once", id="two starts"),
        pytest.param(
            calendar([*OURS, "DTSTART;VALUE=PERIOD:20260907T083000Z/PT1H"]),
            "write it once",
            id="a start that is a period",
        ),
        pytest.param(
            calendar([*OURS, "DTSTART;VALUE=TIME:083000"]), "write it once", id="a start without a day"
        ),
        pytest.param(
            calendar(*[[*OURS, *MORNING, "RRULE:FREQ=DAILY"]] * 700),
            "at most 100000 are taken",
            id="more lessons than a university has, before the first is made",
        ),
        pytest.param(calendar([*OURS, *MORNING]) + b" " * 4_000_000, "split it", id="a huge file"),
        pytest.param(
            calendar(["X-MAXIMALAB-COURSE:" + "c" * 65, OURS[1], *MORNING]),
            "64 characters",
            id="an endless course name",
        ),
    ],
)
def test_a_file_that_cannot_be_a_timetable_says_why(content, said):
    with pytest.raises(TimetableError, match=said):
        read_timetable(content, since=SINCE, until=UNTIL)


@pytest.mark.parametrize(
    ("rule", "made"),
    [
        ("FREQ=YEARLY;INTERVAL=100;COUNT=1", 1),
        ("FREQ=YEARLY;INTERVAL=100;UNTIL=20270101T000000Z", 1),
        ("FREQ=WEEKLY;INTERVAL=5000;COUNT=1", 1),
        ("FREQ=DAILY;INTERVAL=99999", 1),
        ("FREQ=DAILY;UNTIL=20200101T000000Z", 0),
    ],
)
def test_a_rule_that_hardly_comes_again_is_none_that_never_comes(rule, made):
    assert len(lessons([*OURS, *MORNING, f"RRULE:{rule}"])) == made


def test_series_that_ended_years_ago_count_for_what_they_were():
    old = [*OURS, MORNING[0].replace("2026", "2016"), "DURATION:PT95M"]
    series = [[*old, "RRULE:FREQ=WEEKLY;UNTIL=20161224T000000Z"]] * 1000 + [
        [*old, "RRULE:FREQ=DAILY;COUNT=90"]
    ] * 200
    before, _, last = calendar(*series, [*OURS, *MORNING, "RRULE:FREQ=WEEKLY;COUNT=15"]).rpartition(b"a@b")
    found = read_timetable(before + b"of-this-term" + last, since=SINCE, until=UNTIL)
    assert len(found.lessons) == 15


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYHOUR=8,10;BYMINUTE=30",
        "FREQ=DAILY;INTERVAL=3;COUNT=20",
        "FREQ=WEEKLY;BYDAY=MO,WE,FR;INTERVAL=2",
        "FREQ=WEEKLY;UNTIL=20261001T000000Z",
        "FREQ=MONTHLY;BYDAY=TU",
        "FREQ=MONTHLY;BYDAY=-1FR,1MO",
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYMONTHDAY=7",
        "FREQ=YEARLY;BYWEEKNO=40,41",
        "FREQ=YEARLY;BYMONTH=10;BYDAY=SU",
        "FREQ=YEARLY;BYYEARDAY=-1",
        "FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1",
    ],
)
def test_a_rule_makes_no_more_than_is_reckoned_beforehand_and_not_far_less(rule):
    event = [*OURS, *MORNING, f"RRULE:{rule}"]
    made = len(lessons(event))
    [entry] = Calendar.from_ical(calendar(event)).walk("VEVENT")
    assert made <= most_of(entry, SINCE, UNTIL) <= 3 * made + 12


PARTS = st.fixed_dictionaries(
    {"FREQ": st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])},
    optional={
        "INTERVAL": st.integers(1, 30),
        "BYMONTH": st.integers(1, 12),
        "BYMONTHDAY": st.integers(-31, 31).filter(bool),
        "BYDAY": st.sampled_from(["MO", "SU", "TU,FR", "1MO", "-1WE", "5TH"]),
        "BYSETPOS": st.sampled_from([1, -1, 2]),
    },
)


@settings(max_examples=60, deadline=None)
@given(PARTS, st.dates(date(2020, 1, 1), date(2026, 9, 1)))
def test_a_rules_next_day_is_the_one_that_is_found_without_moving_it_by_centuries(parts, day):
    rule = ";".join(f"{part}={value}" for part, value in parts.items())
    start, later = datetime.combine(day, time(8, 30)), datetime.combine(date(2026, 12, 24), time())
    found = next((one for one in occurrences(vRecur.from_ical(rule), start, later) if one > later), None)
    if found is not None and found.year < 2100:
        assert found == rrulestr(rule, dtstart=start).after(later)


DAYS_THERE_ARE = [date(2024, 1, 1) + timedelta(days=n) for n in range(28 * 366)]


@given(st.integers(1, 12), st.integers(-31, 31).filter(bool), st.sampled_from(["MO", "TU", "WE"]))
def test_a_rule_of_month_and_day_comes_again_just_if_there_is_such_a_day(month, day, weekday):
    def is_meant(one: date) -> bool:
        after = one + timedelta(days=-day if day < 0 else 1 - day)
        return one.month == month and after.day == 1 and (day < 0) == (after.month != month)

    rule = vRecur.from_ical(f"FREQ=DAILY;BYMONTH={month};BYMONTHDAY={day};BYDAY={weekday};COUNT=1")
    start = datetime.combine(DAYS_THERE_ARE[0], time())
    found = next(occurrences(rule, start, start), None)
    assert (found is not None) == any(map(is_meant, DAYS_THERE_ARE))


def test_the_example_has_both_groups_in_every_week():
    found = read_timetable(EXAMPLE.read_bytes(), since=SINCE, until=SINCE + timedelta(weeks=4))
    assert found.courses == {"operations-research"}
    assert [sum(lesson.group == group for lesson in found.lessons) for group in ("OR-1", "OR-2")] == [8, 8]
    assert found.others == 0


def test_a_timetable_is_named_by_its_content_not_by_its_order():
    found = read_timetable(EXAMPLE.read_bytes(), since=SINCE, until=UNTIL).lessons
    assert version_of(found) == version_of(reversed(found)) != version_of(found[1:])
    assert version_of([]) == "none"


def test_a_group_is_the_same_however_its_letters_are_put_together():
    found = read_timetable(
        calendar([OURS[0], "X-MAXIMALAB-GROUP:ОР-И\u0306  1", *MORNING]), since=SINCE, until=UNTIL
    )
    assert {one.group for one in found.lessons} == {"ОР-Й 1"}


def test_an_event_is_named_to_people_by_what_their_calendar_shows():
    with pytest.raises(TimetableError) as refused:
        read_timetable(
            calendar([*OURS, "DTSTART:20260907T083000", "DTEND:20260907T100500"]),
            since=SINCE,
            until=UNTIL,
        )
    assert refused.value.where == "OR, a@b, 2026-09-07 08:30"
