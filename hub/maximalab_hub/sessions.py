"""Sessions and active time of one person, from the moments at which something happened.

Pure. Two thresholds, both parameters (docs/decisions/0006-setting-and-sessions.md): a silence of `gap` ends
a session; a silence counts as work only where it is no longer than `idle_after`. Published results move
strongly with both (Kovanović et al. 2015), so that every report names them and shows how its figures change
with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from maximalab_hub.setting import Schedule, Setting, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GAP = timedelta(minutes=30)
IDLE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, order=True)
class Activity:
    """Something that a person did: when it began (aware) and how long it lasted."""

    at: datetime
    lasted: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Session:
    """A stretch of one person's activity without a long gap."""

    span: Span
    events: int
    active: timedelta
    """Time on task within it; never more than its length."""


def sessions(
    times: Iterable[Activity | datetime], gap: timedelta = GAP, idle_after: timedelta = IDLE_AFTER
) -> list[Session]:
    """Cut what one person did, in any order, into sessions: a silence of `gap` or more ends one.

    `times` are aware moments, or activities, which also say how long something lasted: a run is credited with its
    own duration up to `idle_after`, for a program left running over night is no work. The gap counts from the end
    of what was credited. 30 minutes are a convention, no finding: Drlík and Munk (2012) compare 15, 30 and 60 and
    find that it matters.

    Raises `ValueError` where `gap` is not above zero, `idle_after` below zero, or a moment has no time zone.
    """
    if gap <= timedelta(0):
        raise ValueError(f"gap is {gap}; give the silence that ends a session, such as 30 minutes")
    if idle_after < timedelta(0):
        raise ValueError(f"idle_after is {idle_after}; give 0 or more")
    activities = sorted(one if isinstance(one, Activity) else Activity(one) for one in times)
    for one in activities:
        if one.at.tzinfo is None:
            raise ValueError(f"times: {one.at} has no time zone; give aware moments, as in UTC")
    return [_session(part, idle_after) for part in _parts(activities, gap, idle_after)]


def active_spans(activities: Iterable[Activity], idle_after: timedelta = IDLE_AFTER) -> list[Span]:
    """Say when one person was at work: runs, and silences of up to `idle_after`; no credit after the last.

    The spans are ordered and disjoint.
    """
    result: list[Span] = []
    for activity in sorted(activities):
        span = _credited(activity, idle_after)
        if result and span.start - result[-1].end <= idle_after:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return [span for span in result if span.length]


def active_seconds(activities: Iterable[Activity], idle_after: timedelta = IDLE_AFTER) -> float:
    """Time on task of one person, in seconds: the length of `active_spans`."""
    return sum((span.length for span in active_spans(activities, idle_after)), timedelta(0)).total_seconds()


def active_by_setting(
    activities: Iterable[Activity], schedule: Schedule, idle_after: timedelta = IDLE_AFTER
) -> Mapping[Setting, timedelta]:
    """Share out the time on task at the borders of the lessons. The parts add up to the whole exactly."""
    total = dict.fromkeys(Setting, timedelta(0))
    for span in active_spans(activities, idle_after):
        for setting, length in schedule.split(span).items():
            total[setting] += length
    return total


def _parts(ordered: list[Activity], gap: timedelta, idle_after: timedelta) -> list[list[Activity]]:
    parts: list[list[Activity]] = []
    busy_until: datetime | None = None
    for activity in ordered:
        end = _credited(activity, idle_after).end
        if busy_until is None or activity.at - busy_until >= gap:
            parts.append([])
            busy_until = end
        parts[-1].append(activity)
        busy_until = max(busy_until, end)
    return parts


def _session(part: list[Activity], idle_after: timedelta) -> Session:
    end = max(_credited(activity, idle_after).end for activity in part)
    active = sum((span.length for span in active_spans(part, idle_after)), timedelta(0))
    return Session(Span(part[0].at, end), len(part), active)


def _credited(activity: Activity, idle_after: timedelta) -> Span:
    return Span(activity.at, activity.at + max(min(activity.lasted, idle_after), timedelta(0)))
