"""Derived tables of an export: a person's sessions, and a person's weeks. Pure.

Both are made of what shows a person at work (runs, notebooks opened and saved), by the same functions as the
comparison, so that whoever adds up an export finds the comparison's figures.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

from maximalab_hub.compare import FAILED, Happening, Parameters, Timetables, active_time, by_person, ran
from maximalab_hub.comparison.figures import Part, figures
from maximalab_hub.comparison.suppression import hidden
from maximalab_hub.export.columns import Column, Table
from maximalab_hub.sessions import Activity, sessions
from maximalab_hub.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from maximalab_hub.privacy import Pseudonyms

SEPARATOR: Final = ";"
"""Between the names in one field; no course, group or material may have it in its id."""


@dataclass(frozen=True, slots=True)
class WorkSession:
    """One session of one person, under a pseudonym."""

    session_id: str
    person: str
    starts_at: datetime
    ends_at: datetime
    events: int
    runs: int
    errors: int
    active: Mapping[Setting, timedelta]
    courses: tuple[str, ...]
    materials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkWeek:
    """One week of one person, under a pseudonym."""

    person: str
    week: str
    begins: str
    groups: tuple[str, ...]
    whole: Part
    by_setting: Mapping[Setting, Part]


def sessions_of(
    happenings: Iterable[Happening], timetables: Timetables, parameters: Parameters, names: Pseudonyms
) -> list[WorkSession]:
    """Give one person's sessions, in order."""
    mine = next(iter(by_person(happenings).values()), [])
    cut = sessions((Activity(one.at, one.lasted) for one in mine), parameters.gap, parameters.idle_after)
    rest, found = iter(mine), []
    for session in cut:
        part = [next(rest) for _ in range(session.events)]
        runs = [one for one in part if ran(one)]
        found.append(
            WorkSession(
                session_id=names.session_id(part[0].user, session.span.start),
                person=names.of(part[0].user),
                starts_at=session.span.start,
                ends_at=session.span.end,
                events=session.events,
                runs=len(runs),
                errors=sum(one.outcome in FAILED for one in runs),
                active=active_time(part, timetables.under(parameters.rule), parameters.idle_after),
                courses=_named(one.course for one in part),
                materials=_named(one.material for one in part),
            )
        )
    return found


def weeks_of(  # noqa: PLR0913, PLR0917  what happened, by which rules, and how it may be told
    happenings: Iterable[Happening],
    timetables: Timetables,
    parameters: Parameters,
    zone: ZoneInfo,
    names: Pseudonyms,
    told: AbstractSet[str],
) -> Iterator[WorkWeek]:
    """Give one person's weeks (Monday to Sunday in `zone`), in order; of groups only those in `told`.

    An event counts in the week in which it begins; a run over midnight of Sunday is not divided.
    """
    mine = next(iter(by_person(happenings).values()), [])
    for (year, week), part in groupby(mine, key=lambda one: _week(one.at, zone)):
        events = list(part)
        [found] = figures(events, timetables, parameters, zone)
        monday = events[0].at.astimezone(zone).date()
        monday -= timedelta(days=monday.weekday())
        yield WorkWeek(
            person=names.of(found.user),
            week=f"{year}-W{week:02}",
            begins=monday.isoformat(),
            groups=tuple(group for group in found.groups if group in told),
            whole=found.whole,
            by_setting=found.by_setting,
        )


def groups_to_tell(groups_of: Mapping[str, AbstractSet[str]], least: int) -> Mapping[str, AbstractSet[str]]:
    """Say of which people the groups may be named, and which: of those whose like are at least `least` people.

    People are alike who are in the same groups: of the one person in two groups, both together tell who it is. Who
    hides is a group of people as well (`suppression.hidden`).
    """
    alike: dict[frozenset[str], set[str]] = defaultdict(set)
    for user, groups in groups_of.items():
        alike[frozenset(groups)].add(user)
    unseen = hidden({SEPARATOR.join(sorted(groups)): people for groups, people in alike.items()}, least)
    return {
        user: groups for user, groups in groups_of.items() if SEPARATOR.join(sorted(groups)) not in unseen
    }


def _week(at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    year, week, _ = at.astimezone(zone).isocalendar()
    return year, week


def _named(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name}))


def _ms(length: timedelta) -> int:
    return length // timedelta(milliseconds=1)


def _joined(names: Sequence[str]) -> str | None:
    return SEPARATOR.join(names) or None


def _active(setting: Setting) -> Column[WorkSession]:
    about = f"Time on task within it, {setting.value}; split at the borders of the lessons."
    return Column(
        f"{setting.value}_active_ms", "integer", lambda s: _ms(s.active[setting]), about, unit="millisecond"
    )


SESSIONS: Final[Table[WorkSession]] = Table(
    "sessions",
    "One line a session, ordered by person and time: a stretch of one person's work without a long gap.",
    (
        Column("session_id", "text", lambda s: s.session_id, "The session's id within this study."),
        Column("person", "text", lambda s: s.person, "The person's pseudonym within this study."),
        Column("starts_at", "time", lambda s: s.starts_at, "The first event's time."),
        Column("ends_at", "time", lambda s: s.ends_at, "The end of what the last event is credited with."),
        Column("events", "integer", lambda s: s.events, "Runs, and notebooks opened and saved."),
        Column("runs", "integer", lambda s: s.runs, "Runs, without cells that were queued and never ran."),
        Column("errors", "integer", lambda s: s.errors, "Runs that ended with an error or a dead kernel."),
        *(_active(setting) for setting in Setting),
        Column("courses", "text", lambda s: _joined(s.courses), "The courses worked on, with ; between."),
        Column("materials", "text", lambda s: _joined(s.materials), "The materials, with ; between."),
    ),
)


def _part(week: WorkWeek, setting: Setting | None) -> Part:
    return week.whole if setting is None else week.by_setting[setting]


def _figures_in(setting: Setting | None) -> tuple[Column[WorkWeek], ...]:
    where = "all" if setting is None else setting.value
    of = "in all settings together" if setting is None else where
    return (
        Column(f"{where}_runs", "integer", lambda w: _part(w, setting).runs, f"Runs, {of}."),
        Column(
            f"{where}_errors", "integer", lambda w: _part(w, setting).errors, f"Runs with an error, {of}."
        ),
        Column(
            f"{where}_active_ms",
            "integer",
            lambda w: _ms(_part(w, setting).active),
            f"Time on task, {of}.",
            unit="millisecond",
        ),
        Column(
            f"{where}_sessions",
            "integer",
            lambda w: _part(w, setting).sessions,
            f"Sessions cut from the week's events, {of}, alone: the settings' may add up to more than all.",
        ),
        Column(f"{where}_days", "integer", lambda w: _part(w, setting).days, f"Different days, {of}."),
    )


WEEKS: Final[Table[WorkWeek]] = Table(
    "student_weeks",
    "One line a person and week with any work, ordered by person and week; weeks without work have none.",
    (
        Column("person", "text", lambda w: w.person, "The person's pseudonym within this study."),
        Column("week", "text", lambda w: w.week, "The week after ISO 8601, in the lab's time zone."),
        Column("week_begins", "text", lambda w: w.begins, "Its Monday, YYYY-MM-DD."),
        Column(
            "groups",
            "text",
            lambda w: _joined(w.groups),
            "The person's groups in the courses worked on, course/group, with ; between; left out where too few"
            " people who agreed are in the same groups.",
        ),
        *(column for setting in (None, *Setting) for column in _figures_in(setting)),
    ),
)
