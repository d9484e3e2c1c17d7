"""A course's timetable as pages: the courses, the week, its versions and how they differ."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from maximalab_hub.service import (
    PREFIX,
    course_exercise_routes,
    lesson_routes,
    people_routes,
    rhythm_routes,
    timetable_import_routes,
)
from maximalab_hub.service.auth import AnyPerson  # noqa: TC001  FastAPI reads it at run time
from maximalab_hub.service.errors import problem
from maximalab_hub.service.pages import language_of, page
from maximalab_hub.service.questions import check_year
from maximalab_hub.service.saying import said_to
from maximalab_hub.service.teaching import (
    CourseId,
    CourseTeacher,
    back_to,
    change,
    courses_of,
    looked_at,
    shown,
    teaches_something,
    today,
    zone_of,
)
from maximalab_hub.service.timetable_words import TimetableWords
from maximalab_hub.store import timetables
from maximalab_hub.store.research import snapshot
from maximalab_hub.store.timetables import How
from maximalab_hub.timetable.state import difference
from maximalab_hub.timetable.week import monday_of, week_of

if TYPE_CHECKING:
    from maximalab_hub.store.timetables import Version

router = APIRouter(prefix=PREFIX)
Count = Annotated[int | None, Query(ge=0, le=10**9)]


@router.get("/timetable")
def timetables_page(request: Request, person: AnyPerson) -> Response:
    """For teachers and admins: the courses whose timetables are theirs. Others are told whom the page is for."""
    if not teaches_something(person):
        return page(request, "usage/for_teachers.html", status=403)
    said = said_to(request)
    with snapshot(request.app.state.engine) as connection:
        newest = {
            course: (
                said.course(course),
                timetables.versions(connection, course)[:1],
                timetables.state_of(connection, course),
            )
            for course in courses_of(request, person)
        }
    words = TimetableWords(language_of(request), request.app.state.settings.lab.time_zone)
    return page(request, "usage/timetables.html", courses=newest, words=words)


@router.get("/timetable/{course}")
def week_page(  # noqa: PLR0913, PLR0917  what the address may ask for
    request: Request,
    course: CourseId,
    _person: CourseTeacher,
    day: date | None = None,
    group: Annotated[str, Query(max_length=64)] = "",
    done: Annotated[str, Query(max_length=20)] = "",
    now_in: Count = None,
    now_other: Count = None,
) -> Response:
    """For the course's teachers and admins: a week of lessons."""
    state, number = looked_at(request, course)
    zone, now = zone_of(request), today(request)
    check_year("day", day)
    monday = monday_of(day or now)
    return shown(
        request,
        "timetable",
        course,
        state=state,
        number=number,
        group=group,
        week=week_of(state, monday, zone, now, group),
        before=monday - timedelta(days=7),
        after=monday + timedelta(days=7),
        now=now,
        done=done,
        now_in=now_in,
        now_other=now_other,
    )


@router.get("/timetable/{course}/versions")
def versions_page(
    request: Request,
    course: CourseId,
    _person: CourseTeacher,
    before: Count = None,
    after: Count = None,
) -> Response:
    """For the course's teachers and admins: every version, who made it, and what differs between two."""
    with snapshot(request.app.state.engine) as connection:
        made = timetables.versions(connection, course)
        then, now = _two(made, before, after)
        found = difference(
            timetables.state_of(connection, course, then), timetables.state_of(connection, course, now)
        )
    return shown(
        request, "timetable_versions", course, versions=made, before=then, after=now, difference=found
    )


def _two(made: list[Version], before: int | None, after: int | None) -> tuple[int, int]:
    newest = made[0].number if made else 0
    now = min(newest if after is None else after, newest)
    return min(max(now - 1, 0) if before is None else before, newest), now


@router.post("/timetable/{course}/back")
def take_back(
    request: Request,
    course: CourseId,
    person: CourseTeacher,
    number: Annotated[int, Form(ge=0)],
    based_on: Annotated[int, Form(ge=0)],
) -> Response:
    """For the course's teachers and admins: let an earlier version hold again, as a new one."""
    with snapshot(request.app.state.engine) as connection:
        if number not in {one.number for one in timetables.versions(connection, course)}:
            raise problem(404, "number", "there is no such version")
        earlier = timetables.state_of(connection, course, number)
    changed = change(request, person, course, based_on, lambda _now: earlier, How.BACK, str(number))
    return back_to(course, "", "back" if changed.number else "nothing", changed)


for part in (lesson_routes, timetable_import_routes, people_routes, rhythm_routes, course_exercise_routes):
    router.include_router(part.router)
