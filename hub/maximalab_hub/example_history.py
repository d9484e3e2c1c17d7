"""An example class: six weeks of made-up work, so that a new lab has something to show on its usage pages.

All of it is invented from a fixed seed, by people named `demo-01` … who have no account, and each event is
marked `{"example": true}`. The example account `student` joins the class as well, and, being an example,
has agreed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from random import Random
from typing import TYPE_CHECKING, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from maximalab_recorder.ids import uuid7

from maximalab_hub.events import Kind, Outcome, Source
from maximalab_hub.setting import Enrolment
from maximalab_hub.store import queries, research
from maximalab_hub.store.bulk import insert_events
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.timetable import read_timetable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from maximalab_hub.store.queries import EventValues
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
MATERIALS: Final = ("simplex", "transport")
ERRORS: Final = ("MaximaError", "SyntaxError", "KeyboardInterrupt")
KYIV: Final = ZoneInfo("Europe/Kyiv")


@dataclass(frozen=True, slots=True)
class Sitting:
    """One person at work once: from when, for how long, and how practised."""

    user: str
    begins: datetime
    lasts: timedelta
    error_share: float


def load_example(
    engine: Engine, now: datetime, *, study: str = "lab-study", consent_version: int = 1
) -> bool:
    """Put the example timetable, class, decisions and history into an empty store, all or nothing.

    A store that holds lessons or the class already is left as it is. Says whether anything was loaded.
    """
    begin = now - timedelta(weeks=WEEKS)
    lessons = example_lessons(begin - timedelta(weeks=2), now + AHEAD)
    with reading(engine) as connection:
        if research.lessons(connection) or queries.last_events(connection, 1, users=CLASS[:1]):
            return False
    with writing(engine) as connection:
        research.replace_lessons(connection, lessons)
        for user in (*CLASS, VISITOR):
            research.enrol(connection, user, [Enrolment(COURSE, group_of(user), begin - timedelta(weeks=2))])
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
        insert_events(connection, example_events(lessons, begin, now))
    return True


def example_lessons(since: datetime, until: datetime) -> tuple[Lesson, ...]:
    """Expand the example timetable, which repeats weekly for ever."""
    content = resources.files("maximalab_hub").joinpath("examples", "timetable.ics").read_bytes()
    return read_timetable(content, since=since, until=until).lessons


def group_of(user: str) -> str:
    """Say in which group the person is."""
    return GROUPS[CLASS.index(user) % 2] if user in CLASS else GROUPS[0]


def example_events(lessons: tuple[Lesson, ...], begin: datetime, now: datetime) -> list[EventValues]:
    """Make up what the class did between two moments; the same arguments give the same events."""
    events: list[EventValues] = []
    for user in CLASS:
        draw = Random(f"maximalab-example-{user}")  # noqa: S311  a story, not a secret
        for sitting in _sittings(user, lessons, begin, draw):
            if sitting.begins + sitting.lasts < now - timedelta(hours=1):
                events += _work(sitting, draw)
    _number_the_hubs(events)
    return events


def _number_the_hubs(events: list[EventValues]) -> None:
    """Let the hub be one sender for all, as it is: one start, one row of numbers."""
    boot = _uuid(Random("maximalab-example-hub"))  # noqa: S311  a story, not a secret
    told = [event for event in events if event["source"] == Source.HUB]
    for seq, event in enumerate(sorted(told, key=lambda event: event["at"])):
        event["boot_id"], event["seq"] = boot, seq


def _sittings(user: str, lessons: tuple[Lesson, ...], begin: datetime, draw: Random) -> Iterator[Sitting]:
    skill, home = draw.uniform(0.6, 1.4), draw.uniform(0.5, 1.3)
    for lesson in lessons:
        if lesson.group != group_of(user) or lesson.starts_at < begin or lesson.cancelled:
            continue
        practice = 1 - 0.06 * ((lesson.starts_at - begin) / timedelta(weeks=1))
        if draw.random() < 0.86:  # noqa: PLR2004  how many come to a lesson
            late = timedelta(minutes=draw.uniform(1, 12))
            yield Sitting(user, lesson.starts_at + late, timedelta(minutes=75), 0.24 * practice * skill)
        if draw.random() < 0.62:  # noqa: PLR2004  how many do the homework
            evening = lesson.starts_at.astimezone(KYIV).replace(
                hour=draw.randint(17, 21), minute=draw.randint(0, 59)
            )
            length = timedelta(minutes=draw.uniform(15, 50))
            yield Sitting(user, evening + timedelta(days=1), length, 0.24 * practice * skill * home)


def _work(sitting: Sitting, draw: Random) -> Iterator[EventValues]:
    """Tell one sitting: the server starts, a notebook opens, cells run, it is saved, the server stops."""
    boot, at, end = _uuid(draw), sitting.begins, sitting.begins + sitting.lasts
    material, seq = draw.choice(MATERIALS), 0

    def event(kind: Kind, source: Source = Source.SERVER, **values: object) -> EventValues:
        nonlocal seq
        number = seq
        seq += source is Source.SERVER
        return _event(sitting.user, kind, at, boot, number, source, material, draw, values)

    yield event(Kind.SERVER_START, Source.HUB)
    at += timedelta(seconds=draw.uniform(4, 20))
    yield event(Kind.NOTEBOOK_OPEN)
    while (at := at + timedelta(seconds=draw.lognormvariate(5.2, 0.7))) < end:
        failed = draw.random() < sitting.error_share
        yield event(
            Kind.RUN,
            outcome=Outcome.ERROR.value if failed else Outcome.OK.value,
            error_name=draw.choices(ERRORS, (6, 3, 1))[0] if failed else None,
            duration_ms=round(math.exp(draw.gauss(4.2, 1.3))),
            cell_id=f"cell-{draw.randint(1, 30):02}",
        )
    yield event(Kind.NOTEBOOK_SAVE)
    at += timedelta(minutes=1)
    yield event(Kind.SERVER_STOP, Source.HUB)


def _event(  # noqa: PLR0913, PLR0917  one argument for each thing that an event is made of
    user: str,
    kind: Kind,
    at: datetime,
    boot: str,
    seq: int,
    source: Source,
    material: str,
    draw: Random,
    values: dict[str, object],
) -> EventValues:
    in_notebook = kind in {Kind.NOTEBOOK_OPEN, Kind.NOTEBOOK_SAVE, Kind.RUN}
    row: dict[str, object] = {
        "event_id": str(uuid7(at, draw.randbytes(10))), "boot_id": boot, "seq": seq, "kind": kind.value,
        "at": at, "at_reported": at.isoformat(), "at_clamped": False,
        "received_at": at + timedelta(seconds=3),
        "user": user, "server": "public-maxima", "tier": "public", "backend": "example", "entrance": "public",
        "course": COURSE if in_notebook else None, "material": material if in_notebook else None,
        "notebook": f"{material}/{material}.uk.ipynb" if in_notebook else None, "cell_id": None,
        "kernel": "maxima" if kind is Kind.RUN else None,
        "duration_ms": None, "outcome": None, "error_name": None,
        "source": source.value, "detail": {"example": True},
    }  # fmt: skip
    return cast("EventValues", row | values)


def _uuid(draw: Random) -> str:
    return str(UUID(bytes=draw.randbytes(16), version=4))
