"""What a study may see: the events of those who agreed, under pseudonyms, with their settings.

The one gate between the store and research: pages and exports both come through here, so that consent and
pseudonyms hold for every one of them, and a withdrawal holds from the next look on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from maximalab_hub.compare import AT_WORK, Comparison, Happening, Parameters, Timetables
from maximalab_hub.comparison.by_setting import compare_work
from maximalab_hub.comparison.cells import READ_OF_CELLS, CellRuns, cells_in
from maximalab_hub.comparison.parts import READ
from maximalab_hub.comparison.suppression import LeftOut, left_out
from maximalab_hub.comparison.work import Work, work_in
from maximalab_hub.completeness import Completeness, completeness, completeness_of_course
from maximalab_hub.consent import agreed
from maximalab_hub.events import Kind
from maximalab_hub.export.columns import Observation
from maximalab_hub.privacy import Pseudonyms, pseudonyms_of
from maximalab_hub.secret_files import Secret, read_secret
from maximalab_hub.setting import Rule
from maximalab_hub.store import queries, research, schedules, timetables
from maximalab_hub.store.each import events_of_each
from maximalab_hub.store.research import unordered_tables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sqlalchemy import Connection, Row

    from maximalab_hub.settings import Settings
    from maximalab_hub.store.research import Selection

_FOR_OPERATIONS: Final = {
    Kind.LOGIN_REFUSED,
    Kind.LOOK,
    Kind.EXPORT,
    Kind.EVENTS_DROPPED,
    Kind.RECORDING_END,
    Kind.SERVER_USE,
}
STUDIED: Final = tuple(sorted(set(Kind) - _FOR_OPERATIONS))
"""Kinds of event that are about learning. Who looked is for the audit, what the recorder did for completeness, what
servers used for the admin's costs."""


@dataclass(frozen=True, slots=True)
class Study:
    """A piece of research, as its code needs it."""

    id: str
    consent_version: int
    pseudonyms: Pseudonyms
    parameters: Parameters
    asks_code: bool = False
    """Whether the code of cells is kept of those who agree."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whose events a selection holds, about whose it leaves out for want of consent, and what never arrived."""

    people: int
    events: int
    left_out: LeftOut
    completeness: Completeness


def study_of(settings: Settings) -> Study:
    """Make the study that the settings describe. Raises `SecretError` where its key cannot be read."""
    words = settings.study
    parameters = Parameters(
        rule=Rule(grace=timedelta(minutes=words.grace_minutes)),
        gap=timedelta(minutes=words.session_gap_minutes),
        idle_after=timedelta(minutes=words.idle_after_minutes),
        smallest_group=words.smallest_group,
    )
    key = read_secret(settings.secrets.dir, Secret.PSEUDONYM_KEY)
    return Study(words.id, words.consent_version, pseudonyms_of(words.id, key), parameters, words.asks_code)


def start_of_day(day: date, time_zone: str) -> datetime:
    """Give the moment, in UTC, at which a day begins in the lab's time zone."""
    return datetime.combine(day, time.min, ZoneInfo(time_zone)).astimezone(UTC)


def people_of(connection: Connection, study: Study) -> frozenset[str]:
    """Give the account names of those who agree now. Never shown to anybody."""
    return agreed(research.decisions(connection, study.id), study.consent_version)


def coverage(
    connection: Connection,
    study: Study,
    selection: Selection,
    counted: Mapping[str, int] | None = None,
    *,
    of_course: bool = False,
) -> Coverage:
    """Count who and what is in, who and what is left out, and what never arrived: of the whole lab, or `of_course`.

    Whoever has counted each person's studied events (`research.events_by_user`) gives that: it reads every event.
    """
    people = people_of(connection, study)
    if counted is None:
        counted = research.events_by_user(connection, studied(selection))
    counts = {user: n for user, n in counted.items() if user}
    inside = [n for user, n in counts.items() if user in people]
    outside = [n for user, n in counts.items() if user not in people]
    of_all = completeness_of_course if of_course else completeness
    whole = of_all(connection, people, selection)
    hiding = left_out(outside, study.parameters.smallest_group)
    return Coverage(len(inside), sum(inside), hiding, whole)


def timetables_of(connection: Connection, study: Study) -> Timetables:
    """Give lessons and enrolments under the study's rule."""
    enrolments = schedules.enrolments_by_user(connection)
    numbers = timetables.numbers(connection)
    return Timetables(schedules.lessons(connection), enrolments, study.parameters.rule, numbers)


def observations(connection: Connection, study: Study, selection: Selection) -> Iterator[Observation]:
    """Stream what the study may see, ordered by time and event id; the same store gives the same stream."""
    timetables = timetables_of(connection, study)
    for row in _rows(connection, study, selection):
        yield observed(row, study, timetables)


def last_observations(
    connection: Connection,
    study: Study,
    selection: Selection,
    limit: int,
    timetables: Timetables | None = None,
) -> list[Observation]:
    """Give the newest events of the selection that the study may see, the newest first.

    Whoever has `timetables_of` this state of the store already gives them.
    """
    chosen = studied(selection)
    timetables = timetables or timetables_of(connection, study)
    people = people_of(connection, study)
    rows = queries.last_events(
        connection, limit, chosen.since, chosen.until, course=chosen.course, kinds=chosen.kinds, users=people
    )
    return [observed(row, study, timetables) for row in rows]


def comparison(
    connection: Connection, study: Study, selection: Selection, timetables: Timetables | None = None
) -> Comparison:
    """Compare work in class with work out of class, of those who agreed; `timetables` as above."""
    found = work(connection, study, selection)
    return compare_work(found, timetables or timetables_of(connection, study), study.parameters)


def happenings(connection: Connection, study: Study, selection: Selection) -> Iterator[Happening]:
    """Stream what comparisons need of the events of those who agreed, under their account names."""
    return map(happening, _rows(connection, study, selection))


def work(connection: Connection, study: Study, selection: Selection) -> Work:
    """Give what comparisons need of the work of those who agreed, as arrays."""
    chosen = studied(selection)
    kinds = tuple(kind for kind in chosen.kinds or () if kind in AT_WORK)
    tables = unordered_tables(connection, READ, replace(chosen, kinds=kinds))
    return work_in(tables, people_of(connection, study), kinds)


def cells(connection: Connection, study: Study, selection: Selection) -> CellRuns:
    """Give which cells those who agreed ran, and how the runs ended, as arrays; the selection's kinds play no part."""
    return cells_of_people(connection, people_of(connection, study), selection)


def cells_of_people(connection: Connection, people: Collection[str], selection: Selection) -> CellRuns:
    """Give the same of these people, whom the caller may look at."""
    chosen = replace(selection, kinds=tuple(sorted(AT_WORK)))
    return cells_in(unordered_tables(connection, READ_OF_CELLS, chosen), people)


def studied(selection: Selection) -> Selection:
    """Keep a selection to the kinds that are about learning."""
    kinds = STUDIED if selection.kinds is None else tuple(set(selection.kinds) & set(STUDIED))
    return replace(selection, kinds=kinds)


def observed(row: Row[Any], study: Study, timetables: Timetables) -> Observation:
    """See one event as the study does: no name, no id of the store, no server, no free detail."""
    names = study.pseudonyms
    return Observation(
        event_id=names.event_id(row.event_id),
        person=names.of(row.user),
        kind=row.kind,
        at=row.at,
        received_at=row.received_at,
        setting=timetables.setting_of(row.user, row.course, row.at),
        source=row.source,
        course=row.course,
        material=names.scrub(row.material, row.user),
        notebook=names.scrub(row.notebook, row.user),
        cell_id=names.scrub(row.cell_id, row.user),
        kernel=names.scrub(row.kernel, row.user),
        duration_ms=row.duration_ms,
        outcome=row.outcome,
        error_name=names.scrub(row.error_name, row.user),
        tier=row.tier,
        entrance=row.entrance,
    )


def _rows(connection: Connection, study: Study, selection: Selection) -> Iterator[Row[Any]]:
    people, chosen = people_of(connection, study), studied(selection)
    return (row for row in _between(connection, chosen) if row.user in people)


def rows_of_each(
    connection: Connection, selection: Selection, counts: Mapping[str, int]
) -> Iterator[list[Row[Any]]]:
    """Give all chosen events of person after person, each in order; the caller has made sure that they agreed.

    `counts` names the people, and says how many events each has.
    """
    return (rows for _, rows in events_of_each(connection, studied(selection), counts))


def _between(
    connection: Connection, chosen: Selection, users: Collection[str] | None = None
) -> Iterator[Row[Any]]:
    return queries.events_between(
        connection, chosen.since, chosen.until, course=chosen.course, kinds=chosen.kinds, users=users
    )


def happening(row: Row[Any]) -> Happening:
    """See one event as comparisons do, under the account name."""
    lasted = timedelta(milliseconds=row.duration_ms or 0)
    return Happening(row.user, row.kind, row.at, row.course, lasted, row.outcome, row.material, row.source)
