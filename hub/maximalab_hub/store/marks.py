"""By what a kept result is told to be out of date: a few numbers, read in some hundredths of a second of any store.

A comparison of a course follows from its events, who agreed, timetables and groups. Nobody has to read them all to see
that they are the same: senders' starts are counted (`store.startcounts`), timetables have versions, consents are only
added. One part of a mark says who may be told of at all: where it differs, nothing that was kept may be shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import add
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, cast, func, select

from maximalab_hub.retention import KINDS, Keep
from maximalab_hub.store import timetables
from maximalab_hub.store.boots import MOST_CHANGED
from maximalab_hub.store.models import (
    ArchivedMonthRow,
    ConsentRow,
    EnrolmentRow,
    ErasedRow,
    EventRow,
    StartChangeRow,
    StartCountRow,
    StartCourseRow,
)
from maximalab_hub.store.research import Selection, conditions
from maximalab_hub.store.startcounts import COLUMNS, EVERYTHING, changes, counted_now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import ColumnElement, Connection

    from maximalab_hub.store.startcounts import Counted

_OF_OTHER_AGES: Final = sorted(
    set().union(*(kinds for keep, kinds in KINDS.items() if keep is not Keep.EVENTS))
)
_SUMMED: Final = (StartCountRow.stored, StartCountRow.numbered, StartCountRow.told)
_NAMES: Final = [column.name for column in COLUMNS]
_PLACES: Final = [_NAMES.index(column.key) for column in _SUMMED]
_FIRST_AT, _ARRIVED_AT, _TOLD_AT = (_NAMES.index(name) for name in ("first_at", "last_received", "told"))
_UNCHANGED: Final = StartCountRow.boot_id.not_in(select(StartChangeRow.boot_id))
_TOLD: Final = StartCountRow.told > 0
"""Of more than looks: to look at a page must not put it out of date."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a result was made of."""

    people: tuple[object, ...]
    """Who may be told of: consents, erasures, groups, what retention and the archive took away."""
    news: tuple[object, ...]
    """What came, and the timetables."""


def mark_of(
    connection: Connection, study: str, selection: Selection, *, of_the_hub: bool = False
) -> Mark | None:
    """Give the mark of what the study may see of the selection; `None` where it would cost more than it saves.

    With `of_the_hub`, what the hub tells counts too: sign-ins, servers, submissions; it knows no course.
    """
    changed = changes(connection, MOST_CHANGED + 1)
    if EVERYTHING in changed or len(changed) > MOST_CHANGED:
        return None
    came = _starts(connection, selection, changed, of_the_hub=of_the_hub)
    return Mark(_people(connection, study, selection), (*timetables.numbers(connection).items(), came))


def _people(connection: Connection, study: str, selection: Selection) -> tuple[object, ...]:
    """Consents are only added, and erased; an erasure notes its moment; retention begins with what is oldest."""
    decided = select(func.count(), func.max(ConsentRow.consent_id)).where(ConsentRow.study == study)
    erased = select(func.count(), func.max(ErasedRow.erased_at))
    files = select(ArchivedMonthRow.month, ArchivedMonthRow.file).order_by(ArchivedMonthRow.month)
    every = Selection(selection.course, None, selection.since, selection.until)
    oldest = select(EventRow.at).where(*conditions(every), EventRow.kind.not_in(_OF_OTHER_AGES))
    asked = (
        decided,
        erased,
        select(func.count(EnrolmentRow.user)),
        files,
        oldest.order_by(EventRow.at).limit(1),
    )
    return tuple(tuple(tuple(row) for row in connection.execute(one)) for one in asked)


def _starts(
    connection: Connection, selection: Selection, changed: Mapping[str, int], *, of_the_hub: bool
) -> tuple[object, ...]:
    """Sum what senders' starts came to, whether it is counted for good already or not yet."""
    now = counted_now(connection, changed)
    mine = _overlapping(selection, now)
    of_students = [row for row in now.starts if row[1] and row[0] in mine]
    found = _summed(connection, of_students, StartCountRow.user != "", *_overlaps(selection))
    if not of_the_hub:
        return found
    return (*found, *_summed(connection, [row for row in now.starts if not row[1]], StartCountRow.user == ""))


def _summed(
    connection: Connection, under_way: Iterable[tuple[Any, ...]], *conditions: ColumnElement[bool]
) -> tuple[object, ...]:
    """Count starts, sum their numbers, and give the last arrival."""
    sums = [cast(func.coalesce(func.sum(column), 0), BigInteger) for column in _SUMMED]
    asked = select(func.count(), *sums, func.max(StartCountRow.last_received))
    *kept, last = connection.execute(asked.where(_UNCHANGED, _TOLD, *conditions)).one()
    new = [row for row in under_way if row[_TOLD_AT] > 0]
    added = (len(new), *(sum(row[place] for row in new) for place in _PLACES))
    arrivals = [row[_ARRIVED_AT] for row in new] + ([last] if last else [])
    return (*map(add, kept, added), max(arrivals, default=None))


def _overlaps(selection: Selection) -> list[ColumnElement[bool]]:
    """Say in SQL which starts may have an event of the selection: more than have one, which does no harm."""
    if selection.course is None:
        return _within(StartCountRow, selection)
    mine = (StartCourseRow.course == selection.course, *_within(StartCourseRow, selection))
    return [StartCountRow.boot_id.in_(select(StartCourseRow.boot_id).where(*mine))]


def _within(table: type[Any], selection: Selection) -> list[ColumnElement[bool]]:
    found = [] if selection.since is None else [table.last_at >= selection.since]
    return found if selection.until is None else [*found, table.first_at < selection.until]


def _overlapping(selection: Selection, now: Counted) -> frozenset[str]:
    """Name the same among those that changed since they were counted."""
    if selection.course is None:
        spans = [(row[0], row[_FIRST_AT], row[_FIRST_AT + 1]) for row in now.starts]
    else:
        spans = [
            (boot, first, last) for boot, course, first, last in now.courses if course == selection.course
        ]
    since, until = selection.since, selection.until
    return frozenset(
        boot
        for boot, first, last in spans
        if (since is None or last >= since) and (until is None or first < until)
    )
