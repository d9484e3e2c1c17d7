"""Calendars at addresses, fetched again at times: what changed in them is done to the timetable, nothing else.

A calendar that cannot be fetched, or cannot be read, changes nothing: what was fetched before stays, and the course's
pages say what is wrong.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final

from maximalab_hub.store import timetable_imports, timetables
from maximalab_hub.store.engine import StoreAwayError, reading, writing
from maximalab_hub.store.timetables import How, Made
from maximalab_hub.timetable import Timetable, TimetableError, Trouble, read_timetable
from maximalab_hub.timetable.address import Fetching, fetch, host_of
from maximalab_hub.timetable.draft import as_json, from_json
from maximalab_hub.timetable.state import State, followed

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from sqlalchemy import Engine

    from maximalab_hub.store.timetable_imports import Source

log = logging.getLogger(__name__)

AROUND: Final = timedelta(days=400)
"""How far before and after the moment of reading a calendar's lessons are taken."""


def read_calendar(content: bytes, course: str, group: str, now: datetime, zone: ZoneInfo) -> Timetable:
    """Read a calendar for one course; events that name none belong to `group`, if there is one."""
    unnamed = (course, group) if group else None
    return read_timetable(content, since=now - AROUND, until=now + AROUND, zone=zone, unnamed=unnamed)


def of_course(found: Timetable, course: str) -> dict[str, Any]:
    """Give what is kept of a calendar: the course's lessons, and the holidays."""
    mine = tuple(one for one in found.lessons if one.course == course)
    return as_json(State(course, mine, found.holidays))


def follow(engine: Engine, source: Source, how: Fetching, zone: ZoneInfo, now: datetime) -> bool:
    """Fetch one calendar and do to the timetable what it did to itself. Says whether it could be fetched.

    Raises `StoreAwayError`.
    """
    try:
        content = asyncio.run(fetch(source.address, how))
        found = read_calendar(content, source.course, source.group, now, zone)
    except TimetableError as error:
        log.warning("calendar of course=%s at %s: %s", source.course, host_of(source.address), error.trouble)
        with writing(engine) as connection:
            timetable_imports.failed(connection, source.source_id, error.trouble, error.where, now)
        return False
    with writing(engine) as connection:
        state = timetables.state_of(connection, source.course)
        target = followed(state, _before(source, now), found)
        made = Made("", now, How.ADDRESS, host_of(source.address))
        timetables.keep(connection, target, made)
        timetable_imports.fetched(connection, source.source_id, of_course(found, source.course), now)
    return True


def _before(source: Source, now: datetime) -> Timetable:
    """Give what was fetched last, without what has grown too old to be read now: it was not removed."""
    lessons, holidays = from_json(source.content, source.course)
    since = now - AROUND
    young = tuple(one for one in lessons if one.ends_at > since)
    return Timetable(young, holidays=tuple(one for one in holidays if one.ends_at > since))


@dataclass(slots=True)
class CalendarWatch:
    """A thread that fetches each calendar again once it is older than `every`."""

    engine: Engine
    how: Fetching
    zone: ZoneInfo
    every: timedelta
    clock: Callable[[], datetime]
    _stop: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._thread = Thread(target=self._run, name="calendars", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, after the calendar that is being fetched."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(self.how.seconds + 10)

    def turn(self) -> None:
        """Fetch every calendar that is due; what goes wrong with the store is tried again at the next turn."""
        try:
            with reading(self.engine) as connection:
                found = timetable_imports.sources(connection)
            for source in found:
                if not self._stop.is_set() and source.asked_at + self.every <= self.clock():
                    self._follow(source)
        except StoreAwayError as error:
            log.warning("calendars wait for the store: %s", error)

    def _follow(self, source: Source) -> None:
        """Fetch one; whatever somebody has put into it, the others are fetched, and its pages say that it was not."""
        try:
            follow(self.engine, source, self.how, self.zone, self.clock())
        except StoreAwayError:
            raise
        except Exception:
            # What somebody else wrote must not end the thread that fetches all others' calendars.
            log.exception("calendar of course=%s at %s", source.course, host_of(source.address))
            with writing(self.engine) as connection:
                timetable_imports.failed(connection, source.source_id, Trouble.NO_CALENDAR, "", self.clock())

    def _run(self) -> None:
        pause = min(self.every.total_seconds(), 60.0)
        while not self._stop.wait(pause):
            self.turn()
