"""The exercises of a course's materials for its teachers: which of them everybody of the course gets stuck at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003  FastAPI reads it at run time
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from maximalab_hub.comparison.exercises import exercises
from maximalab_hub.comparison.writing import exercises_csv
from maximalab_hub.events import Kind
from maximalab_hub.service.course_looks import Days, days_asked, record
from maximalab_hub.service.exercise_words import Shown, shown_of
from maximalab_hub.service.given import drawing_asked, drawing_given, given
from maximalab_hub.service.pages import language_of
from maximalab_hub.service.questions import USUAL_PERIOD
from maximalab_hub.service.teaching import CourseId, CourseTeacher, shown
from maximalab_hub.service.wording import Wording
from maximalab_hub.sourcecells import SourceNotebooks
from maximalab_hub.store import timetables
from maximalab_hub.store.research import Selection, snapshot
from maximalab_hub.study import cells_of_people, study_of
from maximalab_hub.timetablechange import timetables_with

if TYPE_CHECKING:
    from maximalab_hub.settings import Settings

DRAWINGS: Final = ("errors",)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which material's exercises are asked for (empty for the first one's), and of which days of the lab."""

    material: str
    days: Days


def wanted(
    request: Request,
    material: Annotated[str, Query(max_length=64)] = "",
    since: date | None = None,
    until: date | None = None,
) -> Wanted:
    """Read from the address what is asked for; a term where it names no days. Raises `PeriodError`."""
    return Wanted(material, days_asked(request, since, until, USUAL_PERIOD))


Asked = Annotated[Wanted, Depends(wanted)]


@router.get("/timetable/{course}/exercises")
def course_exercises_page(
    request: Request, course: CourseId, person: CourseTeacher, asked: Asked
) -> Response:
    """For the course's teachers and admins: people, runs and errors of each cell of a material. It is recorded."""
    record(request, Kind.LOOK, person, course, material=asked.material)
    found = _found(request, course, asked)
    query = urlencode({"material": found.material, "since": asked.days.since, "until": asked.days.until})
    return shown(request, "timetable_exercises", course, found=found, asked=asked, query=query)


@router.get("/timetable/{course}/exercises.csv")
def course_exercises_table(
    request: Request, course: CourseId, person: CourseTeacher, asked: Asked
) -> Response:
    """For the course's teachers and admins: the same as CSV. It is recorded."""
    entry = record(request, Kind.EXPORT, person, course, material=asked.material)
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
    entry = record(request, Kind.EXPORT, person, course, material=asked.material)
    found = _found(request, course, asked)
    return drawing_given(request, entry, found.drawing, f"{course}-exercises-{name}", form)


def _found(request: Request, course: str, asked: Wanted) -> Shown:
    settings: Settings = request.app.state.settings
    zone, parameters = settings.lab.time_zone, study_of(settings).parameters
    span = asked.days.span(zone)
    source, said = SourceNotebooks(settings, request.app.state.catalogue), Wording(language_of(request), zone)
    with snapshot(request.app.state.engine) as connection:
        state = timetables.state_of(connection, course)
        people = frozenset(one.user for one in state.people)
        tables = timetables_with(connection, state, people, parameters.rule)
        runs = cells_of_people(connection, people, Selection(course, None, span.start, span.end))
    every = exercises(runs, tables, source.known(said.language), parameters.smallest_group)
    return shown_of(every, asked.material, source, said)
