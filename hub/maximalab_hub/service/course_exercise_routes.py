"""The exercises of a course's materials for its teachers: which of them everybody of the course gets stuck at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from maximalab_hub.comparison.exercises import exercises
from maximalab_hub.comparison.writing import exercises_csv
from maximalab_hub.events import Kind
from maximalab_hub.period import check_period
from maximalab_hub.service import PREFIX
from maximalab_hub.service.exercise_words import Shown, shown_of
from maximalab_hub.service.given import drawing_asked, drawing_given, given
from maximalab_hub.service.pages import language_of
from maximalab_hub.service.questions import FIELDS, USUAL_PERIOD
from maximalab_hub.service.teaching import CourseId, CourseTeacher, shown, today
from maximalab_hub.service.wording import Wording
from maximalab_hub.sourcecells import SourceNotebooks
from maximalab_hub.store import timetables
from maximalab_hub.store.research import Selection, snapshot
from maximalab_hub.study import cells_of_people, start_of_day, study_of
from maximalab_hub.timetablechange import timetables_with

if TYPE_CHECKING:
    from maximalab_spawner.tiers import Person

    from maximalab_hub.export_log import Entry
    from maximalab_hub.service.own_events import OwnEvents
    from maximalab_hub.settings import Settings

LONGEST: Final = timedelta(weeks=30)
DRAWINGS: Final = ("errors",)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which material's exercises are asked for (empty for the first one's), and of which days of the lab."""

    material: str
    since: date
    until: date

    def selection(self, course: str, zone: str) -> Selection:
        """Say which events are meant."""
        begin, end = start_of_day(self.since, zone), start_of_day(self.until + timedelta(days=1), zone)
        return Selection(course, None, begin, end)


def wanted(
    request: Request,
    material: Annotated[str, Query(max_length=64)] = "",
    since: date | None = None,
    until: date | None = None,
) -> Wanted:
    """Read from the address what is asked for; a term where it names no days. Raises `PeriodError`."""
    check_period(since, until, FIELDS)
    last = until or max(today(request), since or date.min)
    return Wanted(material, max(since or last - USUAL_PERIOD, last - LONGEST), last)


Asked = Annotated[Wanted, Depends(wanted)]


@router.get("/timetable/{course}/exercises")
def course_exercises_page(
    request: Request, course: CourseId, person: CourseTeacher, asked: Asked
) -> Response:
    """For the course's teachers and admins: people, runs and errors of each cell of a material. It is recorded."""
    _record(request, Kind.LOOK, person, course, asked)
    found = _found(request, course, asked)
    query = urlencode({"material": found.material, "since": asked.since, "until": asked.until})
    return shown(request, "timetable_exercises", course, found=found, asked=asked, query=query)


@router.get("/timetable/{course}/exercises.csv")
def course_exercises_table(
    request: Request, course: CourseId, person: CourseTeacher, asked: Asked
) -> Response:
    """For the course's teachers and admins: the same as CSV. It is recorded."""
    entry = _record(request, Kind.EXPORT, person, course, asked)
    content = exercises_csv(one for _, one in _found(request, course, asked).named)
    return given(request, entry, content, f"{course}-exercises.csv", "text/csv; charset=utf-8")


@router.get("/timetable/{course}/exercises/{drawing}")
def course_exercises_drawing(
    request: Request,
    course: CourseId,
    person: CourseTeacher,
    asked: Asked,
    drawing: Annotated[str, Path(max_length=40)],
) -> Response:
    """For the course's teachers and admins: the drawing of the page, `errors.svg` or `errors.png`. It is recorded."""
    name, form = drawing_asked(drawing, DRAWINGS)
    entry = _record(request, Kind.EXPORT, person, course, asked)
    found = _found(request, course, asked)
    return drawing_given(request, entry, found.drawing, f"{course}-exercises-{name}", form)


def _record(request: Request, kind: Kind, person: Person, course: str, asked: Wanted) -> Entry:
    detail = {"page": request.url.path.removeprefix(PREFIX), "material": asked.material}
    own: OwnEvents = request.app.state.own_events
    return own.record(kind, person.name, course=course, detail=detail)


def _found(request: Request, course: str, asked: Wanted) -> Shown:
    settings: Settings = request.app.state.settings
    zone, parameters = settings.lab.time_zone, study_of(settings).parameters
    source, said = SourceNotebooks(settings, request.app.state.catalogue), Wording(language_of(request), zone)
    with snapshot(request.app.state.engine) as connection:
        state = timetables.state_of(connection, course)
        people = frozenset(one.user for one in state.people)
        tables = timetables_with(connection, state, people, parameters.rule)
        runs = cells_of_people(connection, people, asked.selection(course, zone))
    every = exercises(runs, tables, source.known(said.language), parameters.smallest_group)
    return shown_of(every, asked.material, source, said)
