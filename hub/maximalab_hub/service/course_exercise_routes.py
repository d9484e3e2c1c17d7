"""The exercises of a course's materials for its teachers: which of them everybody of the course gets stuck at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from maximalab_hub.comparison.writing import exercises_csv
from maximalab_hub.events import Kind
from maximalab_hub.service.course_looks import MOST_WEEKS, AskedDay, Days, days_asked, record, term
from maximalab_hub.service.exercise_figures import handed_out, of_course
from maximalab_hub.service.exercise_words import Shown, shown_of
from maximalab_hub.service.given import drawing_asked, drawing_given, given
from maximalab_hub.service.kept import reckoned
from maximalab_hub.service.saying import said_to
from maximalab_hub.service.teaching import CourseId, CourseTeacher, shown
from maximalab_hub.sourcecells import SourceNotebooks
from maximalab_hub.study import study_of

if TYPE_CHECKING:
    from maximalab_hub.service.exercise_figures import Exercises
    from maximalab_hub.service.kept import Reckoning
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
    since: AskedDay = None,
    until: AskedDay = None,
) -> Wanted:
    """Read from the address what is asked for; four weeks where it names no days. Raises `PeriodError`."""
    return Wanted(material, days_asked(request, since, until))


Asked = Annotated[Wanted, Depends(wanted)]


@router.get("/timetable/{course}/exercises")
def course_exercises_page(
    request: Request, course: CourseId, person: CourseTeacher, asked: Asked, *, fresh: bool = False
) -> Response:
    """For the course's teachers and admins: people, runs and errors of each cell of a material. It is recorded.

    From what was reckoned last, and says so where something came since; reckoned anew where that is asked for.
    """
    record(request, Kind.LOOK, person, course, asked.days, material=asked.material)
    kept, reckoning = request.app.state.kept, _reckoning(request, course, asked)
    answer = kept.answer(request.app.state.engine, reckoning, fresh=fresh)
    whole = term(request, course)
    if whole and whole != asked.days:
        request.app.state.ahead.reckon(_reckoning(request, course, replace(asked, days=whole)))
    found, said = _shown(request, answer.what, asked), said_to(request)
    query = urlencode({"material": found.material, "since": asked.days.since, "until": asked.days.until})
    about = {
        "found": found,
        "asked": asked,
        "query": query,
        "as_of": answer.as_of,
        "said": said,
        "term": whole,
        "most_weeks": MOST_WEEKS,
    }
    return shown(request, "timetable_exercises", course, **about)


@router.get("/timetable/{course}/exercises.csv")
def course_exercises_table(
    request: Request, course: CourseId, person: CourseTeacher, asked: Asked
) -> Response:
    """For the course's teachers and admins: the same as CSV. It is recorded."""
    entry = record(request, Kind.EXPORT, person, course, asked.days, material=asked.material)
    content = exercises_csv(_found(request, course, asked).named)
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
    entry = record(request, Kind.EXPORT, person, course, asked.days, material=asked.material)
    found = _found(request, course, asked)
    return drawing_given(request, entry, found.drawing, f"{course}-exercises-{name}", form)


def _found(request: Request, course: str, asked: Wanted) -> Shown:
    """Reckon now, whatever is kept: what is given away is as of now."""
    every = reckoned(request.app.state.engine, _reckoning(request, course, asked))
    return _shown(request, every, asked)


def _reckoning(request: Request, course: str, asked: Wanted) -> Reckoning[Exercises]:
    settings: Settings = request.app.state.settings
    span, parameters = asked.days.span(settings.lab.time_zone), study_of(settings).parameters
    return of_course(course, span, parameters, handed_out(request, course))


def _shown(request: Request, every: Exercises, asked: Wanted) -> Shown:
    notebooks = SourceNotebooks(request.app.state.settings, request.app.state.catalogue)
    return shown_of(every, asked.material, notebooks, said_to(request))
