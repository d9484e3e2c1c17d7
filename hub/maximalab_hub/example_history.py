"""An example class: six weeks of made-up work, so that a new lab has something to show on its usage pages.

All of it is invented from a fixed seed, by people named `demo-01` … who have no account, and each event is
marked `{"example": true}`. The example account `student` joins the class as well, and, being an example,
has agreed.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Final

from maximalab_hub.histories.cast import HARMLESS, Group, Plan
from maximalab_hub.histories.telling import blocks
from maximalab_hub.store import queries, schedules, timetables
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.load import load_events
from maximalab_hub.store.timetables import How, Made
from maximalab_hub.timetable import read_timetable
from maximalab_hub.timetable.state import Enrolled, State, ordered

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from maximalab_hub.timetable import Lesson

COURSE: Final = "operations-research"
CLASS: Final = tuple(f"demo-{number:02}" for number in range(1, 25))
GROUPS: Final = ("OR-1", "OR-2")
DECLINED, NEVER_ASKED = CLASS[-2:]
VISITOR: Final = "student"
"""The example account that joins the class, with no history of its own."""
WEEKS: Final = 6
AHEAD: Final = timedelta(weeks=60)
"""How far the example timetable reaches into the future."""
SEED: Final = 20150925


def load_example(
    engine: Engine, now: datetime, *, study: str = "lab-study", consent_version: int = 1
) -> bool:
    """Put the example timetable, class, decisions and history into an empty store, all or nothing.

    A store that holds lessons or the class already is left as it is. Says whether anything was loaded.
    """
    begin = now - timedelta(weeks=WEEKS)
    lessons = example_lessons(begin - timedelta(weeks=2), now + AHEAD)
    with reading(engine) as connection:
        if schedules.lessons(connection) or queries.last_events(connection, 1, users=CLASS[:1]):
            return False
    with writing(engine) as connection:
        people = tuple(
            Enrolled(user, group_of(user), begin - timedelta(weeks=2)) for user in (*CLASS, VISITOR)
        )
        state = ordered(State(COURSE, lessons, people=people))
        timetables.keep(connection, state, Made("", now, How.START, "timetable.ics"))
        for user in (*CLASS, VISITOR):
            if user != NEVER_ASKED:
                queries.record_consent(
                    connection,
                    user=user,
                    study=study,
                    agreed=user != DECLINED,
                    decided_at=begin,
                    consent_version=consent_version,
                )
        for block in blocks(example_plan(lessons, begin, now)):
            load_events(connection, block)
    return True


def example_lessons(since: datetime, until: datetime) -> tuple[Lesson, ...]:
    """Expand the example timetable, which repeats weekly for ever."""
    content = resources.files("maximalab_hub").joinpath("examples", "timetable.ics").read_bytes()
    return read_timetable(content, since=since, until=until).lessons


def group_of(user: str) -> str:
    """Say in which group the person is."""
    return GROUPS[CLASS.index(user) % 2] if user in CLASS else GROUPS[0]


def example_plan(lessons: tuple[Lesson, ...], begin: datetime, now: datetime) -> Plan:
    """Say what the class did between two moments, as a plan that `histories.telling` tells."""
    groups = tuple(
        Group(
            COURSE,
            name,
            tuple(user for user in CLASS if group_of(user) == name),
            tuple(one for one in lessons if one.group == name),
        )
        for name in GROUPS
    )
    return Plan(groups, begin, now - timedelta(hours=1), SEED, HARMLESS, detail=json.dumps({"example": True}))
