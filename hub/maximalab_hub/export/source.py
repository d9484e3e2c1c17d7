"""Where an export's rows come from: one state of the store, seen by one study, a person at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from maximalab_hub.export.ahead import ahead
from maximalab_hub.export.code import about_runs, told_code
from maximalab_hub.export.seen import READ, seen
from maximalab_hub.export.work import WorkSession, groups_to_tell, sessions_of, weeks_of
from maximalab_hub.store import research
from maximalab_hub.store.cellcode import codes_of
from maximalab_hub.study import (
    happening,
    observed,
    people_of,
    rows_of_each,
    studied,
    timetables_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from maximalab_hub.compare import Timetables
    from maximalab_hub.export.code import ToldCode
    from maximalab_hub.export.columns import Observation, Row
    from maximalab_hub.export.work import WorkWeek
    from maximalab_hub.store.research import Selection
    from maximalab_hub.study import Study


class Track(Protocol):
    """Told what is gone through, and how much of it there is: a progress bar."""

    def __call__(
        self, rows: Iterable[Row], total: int, what: str, size: Callable[[Row], int] = ..., /
    ) -> Iterable[Row]:
        """Give the rows on; `size` says how many of `total` each is."""


def one(_row: object) -> int:
    """Count each row as itself."""
    return 1


def untracked(
    rows: Iterable[Row], total: int, what: str, size: Callable[[Row], int] = one, /
) -> Iterable[Row]:
    """Show no progress."""
    del total, what, size
    return rows


@dataclass(frozen=True, slots=True)
class PersonTold:
    """All that the study may see of one person, in order of time."""

    person: str
    observations: tuple[Observation, ...]
    sessions: tuple[WorkSession, ...]


class Source:
    """The rows of an export. Each call reads anew; in memory are the events of one person, or some thousand.

    People come in the order of their pseudonyms: the order of names would tell who is who.
    """

    def __init__(
        self,
        connection: Connection,
        study: Study,
        selection: Selection,
        zone: ZoneInfo,
        track: Track = untracked,
    ) -> None:
        self._connection = connection
        self._study = study
        self._selection = selection
        self._zone = zone
        self._track = track
        self.counts = research.events_by_user(connection, studied(selection))
        """Everybody's studied events, also of those who did not agree."""
        people = people_of(connection, study) & self.counts.keys()
        self._people = {user: self.counts[user] for user in sorted(people, key=study.pseudonyms.of)}
        self._events = sum(self._people.values())
        self.timetables: Timetables = timetables_of(connection, study)

    def event_tables(self) -> Iterable[Any]:
        """Give every event in the study's columns, ordered by time and event, as Arrow tables."""
        people = people_of(self._connection, self._study)
        raw = ahead(research.ordered_tables(self._connection, READ, studied(self._selection)))
        found = seen(raw, self._study, self.timetables, people)
        return self._track(found, self._events, "events", len)

    def people(self, what: str, *, with_sessions: bool = True) -> Iterator[PersonTold]:
        """Give person after person, with no sessions where nobody needs them; `what` is shown with the progress."""
        names, parameters = self._study.pseudonyms, self._study.parameters
        for rows in self._rows_of_each(what):
            at_work = map(happening, rows) if with_sessions else ()
            work = sessions_of(at_work, self.timetables, parameters, names)
            seen = tuple(observed(row, self._study, self.timetables) for row in rows)
            yield PersonTold(names.of(rows[0].user), seen, tuple(work))

    def sessions(self) -> Iterator[WorkSession]:
        """Give every session, ordered by person and time."""
        names, parameters = self._study.pseudonyms, self._study.parameters
        for rows in self._rows_of_each("sessions"):
            yield from sessions_of(map(happening, rows), self.timetables, parameters, names)

    def weeks(self) -> Iterator[WorkWeek]:
        """Give every person's weeks, ordered by person and week."""
        names, parameters, told = self._study.pseudonyms, self._study.parameters, self._groups()
        for rows in self._rows_of_each("student_weeks"):
            mine = map(happening, rows)
            groups = told.get(rows[0].user, frozenset())
            yield from weeks_of(mine, self.timetables, parameters, self._zone, names, groups)

    @property
    def has_code(self) -> bool:
        """Whether the study asks for the code of cells."""
        return self._study.asks_code

    def codes(self) -> Iterator[ToldCode]:
        """Give the code of cells of those who agree, ordered by person and time; none where the study asks for none."""
        agree = sorted(people_of(self._connection, self._study), key=self._study.pseudonyms.of)
        for user in agree if self.has_code and about_runs(self._selection) else ():
            yield from map(
                partial(told_code, self._study.pseudonyms),
                codes_of(self._connection, self._study.id, user, self._selection),
            )

    def _rows_of_each(self, what: str) -> Iterable[list[Any]]:
        rows = rows_of_each(self._connection, self._selection, self._people)
        return self._track(rows, len(self._people), what)

    def _groups(self) -> Mapping[str, AbstractSet[str]]:
        """Give the groups that may be named, of whom."""
        of = self.timetables.enrolments
        each = {user: {f"{one.course}/{one.group}" for one in of.get(user, ())} for user in self._people}
        return groups_to_tell(each, self._study.parameters.smallest_group)
