"""A class of two groups whose work is compared: everybody runs cells in class, and some more at home."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from maximalab_hub.compare import Happening, Parameters, Timetables
from maximalab_hub.comparison.report import Choices
from maximalab_hub.privacy import pseudonyms_of
from maximalab_hub.setting import Enrolment
from maximalab_hub.timetable import Lesson

KYIV = ZoneInfo("Europe/Kyiv")
NINE = datetime(2026, 10, 19, 9, tzinfo=UTC)  # a Monday, noon in Kyiv
OR = "operations-research"
START = datetime(2026, 9, 1, tzinfo=UTC)
FIRST = [f"a-{n:02}" for n in range(12)]
SECOND = [f"b-{n:02}" for n in range(11)]
LESSONS = tuple(
    Lesson(NINE + timedelta(hours=start), NINE + timedelta(hours=start, minutes=90), OR, group)
    for start, group in ((0, "OR-1"), (0, "OR-2"))
)
TIMETABLES = Timetables(
    LESSONS,
    {user: (Enrolment(OR, "OR-1", START),) for user in FIRST}
    | {user: (Enrolment(OR, "OR-2", START),) for user in SECOND},
)
PSEUDONYMS = pseudonyms_of("lab-study", "k" * 64)
CHOICES = Choices(Parameters(), KYIV, PSEUDONYMS, with_grid=False)


def run(user: str, minute: float, outcome: str = "ok", material: str | None = "simplex") -> Happening:
    return Happening(
        user, "run", NINE + timedelta(minutes=minute), OR, timedelta(seconds=30), outcome, material
    )


def a_class(people: list[str], at_home: int) -> list[Happening]:
    """Ten runs in class, and at home more for those further down the list."""
    return [run(user, minute) for user in people for minute in range(10)] + [
        run(user, 600 + minute, "error")
        for place, user in enumerate(people)
        for minute in range(at_home + place % 5)
    ]


EVERYBODY = a_class(FIRST, 5) + a_class(SECOND, 20)
