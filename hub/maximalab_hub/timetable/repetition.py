"""What may repeat in a calendar, and how many lessons that can make before any is made. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from math import prod
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from icalendar import vRecur

from maximalab_hub.timetable.lesson import MOST_LESSONS, TimetableError, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Entry: TypeAlias = Any
"""A VEVENT; the library types a property as any of thirty classes, and `calendarfile` makes sure of those used."""

MOST_A_DAY: Final = 8
"""Times of day that one rule may name: the lessons of a group's fullest day."""
LINE: Final = 120
"""Characters of a rule that an error quotes."""
_TOO_OFTEN: Final = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_DAYS: Final = {"WEEKLY": 7, "MONTHLY": 28, "YEARLY": 365}
_DATES: Final = ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO")
_TIMES: Final = ("BYHOUR", "BYMINUTE", "BYSECOND")


def rules_of(event: Entry) -> Iterator[Any]:
    """Give the event's rules, each of which can be read and makes no more lessons of a day than a day has."""
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if not isinstance(rule, vRecur) or "FREQ" not in rule:
            raise TimetableError("RRULE cannot be read; write it as FREQ=WEEKLY;COUNT=15", Trouble.NO_RULE)
        _check(rule)
        yield rule


def _check(rule: Any) -> None:  # noqa: ANN401  see `Entry`
    if any(int(every) < 1 for every in rule.get("INTERVAL", [])):
        raise TimetableError("RRULE's INTERVAL is a whole number from 1 on", Trouble.NO_RULE, said(rule))
    if _TOO_OFTEN & {str(word).upper() for word in rule.get("FREQ", [])}:
        raise TimetableError(
            "RRULE repeats within the day; a lesson repeats daily at most", Trouble.TOO_OFTEN
        )
    if _times_a_day(rule) > MOST_A_DAY:
        words = said(rule)
        msg = f"{words} makes {_times_a_day(rule)} lessons of a day; at most {MOST_A_DAY} are taken"
        raise TimetableError(f"{msg}: shorten its BYHOUR, BYMINUTE and BYSECOND", Trouble.TOO_DENSE, words)


def check_number(events: Iterable[Entry], since: datetime, until: datetime) -> None:
    """Refuse events that would make more than `MOST_LESSONS` between two moments, before the first is made.

    What is reckoned is never less than what the rules make, and for those that calendars write hardly more.
    """
    expected = sum(most_of(event, since, until) for event in events)
    if expected > MOST_LESSONS:
        msg = (
            f"the repetitions make up to {expected} lessons, at most {MOST_LESSONS} are taken: split the file"
        )
        raise TimetableError(msg, Trouble.TOO_MANY)


def most_of(event: Entry, since: datetime, until: datetime) -> int:
    """Say how many times an event can take place between two moments, at the most."""
    return 1 + sum(_by(rule, _moment(event["DTSTART"].dt), since, until) for rule in rules_of(event))


def _by(rule: Any, start: datetime, since: datetime, until: datetime) -> int:  # noqa: ANN401  see `Entry`
    ends = [_moment(one) for one in rule.get("UNTIL", [])]
    days = (min([until, *ends]) - max(since, start)).days + 2
    if days <= 0:
        return 0
    frequency, every = str(rule["FREQ"][0]).upper(), max(int(rule.get("INTERVAL", [1])[0]), 1)
    periods = days // (_DAYS.get(frequency, 1) * every) + 2
    times = min(periods * _days_of_a(frequency, rule), days) * _times_a_day(rule)
    chosen = len(rule.get("BYSETPOS", [])) * periods or times
    return int(min([times, chosen, *rule.get("COUNT", [])]))


def _days_of_a(frequency: str, rule: Any) -> int:  # noqa: ANN401  see `Entry`
    """Say how many days of a week, a month or a year a rule can name."""
    number = {part: len(rule.get(part, [])) for part in ("BYDAY", *_DATES)}
    weekdays = max(number["BYDAY"], 1)
    if frequency == "WEEKLY":
        return weekdays
    if number["BYDAY"] and not all(str(day)[0] in "+-123456789" for day in rule["BYDAY"]):
        weekdays *= 5 if number["BYMONTH"] or frequency == "MONTHLY" else 53
    months = 12 if frequency == "YEARLY" and number["BYMONTHDAY"] and not number["BYMONTH"] else 1
    weeks = 7 if number["BYWEEKNO"] and not number["BYDAY"] else 1
    return weekdays * months * weeks * prod(max(number[part], 1) for part in _DATES)


def _times_a_day(rule: Any) -> int:  # noqa: ANN401  see `Entry`
    return prod(max(len(rule.get(part, [])), 1) for part in _TIMES)


def said(rule: Any) -> str:  # noqa: ANN401  see `Entry`
    """Quote a rule, not longer than a line of a page."""
    words = rule.to_ical().decode()
    return words if len(words) <= LINE else f"{words[: LINE - 1]}…"


def _moment(at: date | datetime) -> datetime:
    if isinstance(at, datetime):
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return datetime.combine(at, time.min, UTC)
