"""Work in class beside work out of class: the first comparison by setting.

Pure. Takes what happened, the timetable and the enrolments; gives figures that say how they were made.
Figures about fewer persons than `Parameters.smallest_group` are not given at all.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING

from maximalab_hub.events import Kind, Outcome
from maximalab_hub.sessions import GAP, IDLE_AFTER, Activity, active_spans
from maximalab_hub.setting import RULE_VERSION, Enrolment, Rule, Schedule, Setting, Span, schedule_of
from maximalab_hub.stats import Wilcoxon, wilcoxon_paired
from maximalab_hub.timetable.lesson import Lesson, version_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

AT_WORK = frozenset({Kind.RUN, Kind.NOTEBOOK_OPEN, Kind.NOTEBOOK_SAVE})
"""Kinds of event that show a person at work."""
FAILED = frozenset({Outcome.ERROR, Outcome.DEAD})
"""Outcomes that count as errors; a run that the person interrupted is no error."""
LEAST_RUNS = 5
"""Runs that a person needs in a setting before a share of errors says anything about that person."""
LEAST_PAIRS = 6
"""With fewer people who differ the exact two-sided test cannot reach p < 0.05 at all: 2 / 2**5 = 0.0625."""


@dataclass(frozen=True, slots=True)
class TooFew:
    """No test: too few people differ between the settings for any test to tell."""

    n: int
    n_nonzero: int


@dataclass(frozen=True, slots=True)
class Happening:
    """What the comparison needs of one event. `at` is its start."""

    user: str
    kind: str
    at: datetime
    course: str | None = None
    lasted: timedelta = timedelta(0)
    outcome: str | None = None
    material: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Parameters:
    """All choices that move the result; shown with it."""

    rule: Rule = field(default_factory=Rule)
    gap: timedelta = GAP
    idle_after: timedelta = IDLE_AFTER
    smallest_group: int = 10


_SILENT = Schedule()


@dataclass(frozen=True, slots=True)
class Timetables:
    """Lessons and enrolments; asked for a person's schedule in a course."""

    lessons: tuple[Lesson, ...]
    enrolments: Mapping[str, tuple[Enrolment, ...]]
    rule: Rule = field(default_factory=Rule)
    numbers: Mapping[str, int] = field(default_factory=dict)
    """Which version of each course's timetable this is, to be cited."""
    _made: dict[tuple[str, tuple[Enrolment, ...]], Schedule] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _by_group: dict[tuple[str, str], list[Lesson]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _of: dict[tuple[str, str], Schedule] = field(default_factory=dict, init=False, repr=False, compare=False)

    def under(self, rule: Rule) -> Timetables:
        """Give the same under another rule; itself, with all that it has reckoned, where the rule is the same."""
        return self if rule == self.rule else Timetables(self.lessons, self.enrolments, rule, self.numbers)

    def schedule(self, user: str, course: str | None) -> Schedule:
        """Give the person's schedule; somebody without enrolments has one that is silent."""
        enrolments = self.enrolments.get(user, ())
        if course is None or not enrolments:
            return _SILENT
        found = self._of.get((user, course))
        if found is None:
            found = self._of[user, course] = self._shared(course, enrolments)
        return found

    def _shared(self, course: str, enrolments: tuple[Enrolment, ...]) -> Schedule:
        """Let people with the same enrolments share a schedule, so that a class is reckoned once."""
        key = (course, enrolments)
        if key not in self._made:
            # Of hundreds of groups' lessons only the person's own: the rest would be looked through in vain, each time.
            mine = [lesson for one in enrolments for lesson in self._lessons_of(one.course, one.group)]
            self._made[key] = schedule_of(course, mine, enrolments, self.rule)
        return self._made[key]

    def _lessons_of(self, course: str, group: str) -> Sequence[Lesson]:
        if not self._by_group:
            for lesson in self.lessons:
                self._by_group.setdefault((lesson.course, lesson.group), []).append(lesson)
        return self._by_group.get((course, group), ())

    def setting_of(self, user: str, course: str | None, at: datetime) -> Setting:
        """Say in which setting an event of this person happened."""
        return self.schedule(user, course).setting_of(at)

    @property
    def version(self) -> str:
        """By which rule and timetable settings are reckoned, as `setting-1+934128d5c1e4 (logic 2, or 7)`.

        The rule, the content of the timetable, and the version of each course's that has one.
        """
        cited = ", ".join(f"{course} {number}" for course, number in sorted(self.numbers.items()))
        return f"{RULE_VERSION}+{version_of(self.lessons)}" + (f" ({cited})" if cited else "")


@dataclass(frozen=True, slots=True)
class Figures:
    """One setting, of at least `smallest_group` persons."""

    people: int
    runs: int
    error_share: float | None
    """Of all runs, 0 to 1; `None` without runs."""
    median_run_ms: float | None
    active_minutes: float
    """Time on task of all these persons together."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result. A setting without figures has fewer persons than may be shown, perhaps none."""

    by_setting: Mapping[Setting, Figures | None]
    errors: Wilcoxon | TooFew | None
    """Each person's share of errors, in class against out of class; `None` for too few persons."""
    parameters: Parameters
    version: str


def compare(happenings: Iterable[Happening], timetables: Timetables, parameters: Parameters) -> Comparison:
    """Compare the settings. The order of what happened does not matter."""
    timetables = timetables.under(parameters.rule)
    people = by_person(happenings)
    runs: dict[Setting, dict[str, list[Happening]]] = {setting: defaultdict(list) for setting in Setting}
    active: dict[Setting, dict[str, timedelta]] = {setting: {} for setting in Setting}
    for user, mine in people.items():
        for one in mine:
            if ran(one):
                runs[timetables.setting_of(user, one.course, one.at)][user].append(one)
        for setting, length in active_time(mine, timetables, parameters.idle_after).items():
            if length:
                active[setting][user] = length
    figures = {one: _figures(runs[one], active[one], parameters.smallest_group) for one in Setting}
    errors = paired_errors(*(_error_shares(runs[one]) for one in (Setting.IN_CLASS, Setting.OUT_OF_CLASS)))
    shown = errors if errors.n >= parameters.smallest_group else None
    return Comparison(figures, shown, parameters, timetables.version)


def active_time(
    mine: Sequence[Happening], timetables: Timetables, idle_after: timedelta = IDLE_AFTER
) -> dict[Setting, timedelta]:
    """Share out one person's time on task by setting.

    A minute spent on two courses counts once, for the later one.
    `mine` must be in order of time.
    """
    total = dict.fromkeys(Setting, timedelta(0))
    stretches = [(course, list(part)) for course, part in groupby(mine, key=lambda one: one.course)]
    for place, (course, part) in enumerate(stretches):
        spans = active_spans((Activity(one.at, one.lasted) for one in part), idle_after)
        following = stretches[place + 1][1][0].at if place + 1 < len(stretches) else None
        schedule = timetables.schedule(part[0].user, course)
        for span in spans:
            clipped = (
                span if following is None else Span(span.start, max(span.start, min(span.end, following)))
            )
            for setting, length in schedule.split(clipped).items():
                total[setting] += length
    return total


def by_person(happenings: Iterable[Happening]) -> dict[str, list[Happening]]:
    """Give what shows each person at work, in order of time."""
    people: dict[str, list[Happening]] = defaultdict(list)
    for one in happenings:
        if one.kind in AT_WORK:
            people[one.user].append(one)
    for mine in people.values():
        mine.sort(
            key=lambda one: (
                one.at,
                one.course or "",
                one.kind,
                one.lasted,
                one.outcome or "",
                one.material or "",
            )
        )
    return people


def ran(one: Happening) -> bool:
    """Tell runs from the rest; a cell queued behind a failed one is aborted, and never ran."""
    return one.kind == Kind.RUN and one.outcome != Outcome.ABORTED


def _figures(
    runs: Mapping[str, Sequence[Happening]], active: Mapping[str, timedelta], smallest: int
) -> Figures | None:
    people = runs.keys() | active.keys()
    if len(people) < smallest:
        return None
    every = [run for mine in runs.values() for run in mine]
    return Figures(
        people=len(people),
        runs=len(every),
        error_share=_error_share(every) if every else None,
        median_run_ms=median(run.lasted / timedelta(milliseconds=1) for run in every) if every else None,
        active_minutes=sum(active.values(), timedelta(0)) / timedelta(minutes=1),
    )


def _error_share(runs: Sequence[Happening]) -> float:
    return sum(run.outcome in FAILED for run in runs) / len(runs)


def _error_shares(runs: Mapping[str, Sequence[Happening]]) -> Mapping[str, float]:
    return {user: _error_share(mine) for user, mine in runs.items() if len(mine) >= LEAST_RUNS}


def paired_errors(inside: Mapping[str, float], outside: Mapping[str, float]) -> Wilcoxon | TooFew:
    """Test the shares of errors, in class and out of class, of those who have both."""
    both = sorted(inside.keys() & outside.keys())
    shares = [[of[user] for user in both] for of in (inside, outside)]
    differ = sum(one != other for one, other in zip(*shares, strict=True))
    return wilcoxon_paired(*shares, resamples=0) if differ >= LEAST_PAIRS else TooFew(len(both), differ)
