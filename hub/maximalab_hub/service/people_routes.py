"""Who is in which group of a course, from when to when."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field

from maximalab_hub.events import Kind
from maximalab_hub.service import PREFIX
from maximalab_hub.service.teaching import (
    CourseId,
    CourseTeacher,
    back_to,
    change,
    looked_at,
    meanwhile,
    shown,
    stale,
    status_of,
    zone_of,
)
from maximalab_hub.store import research
from maximalab_hub.store.engine import reading
from maximalab_hub.store.timetables import How, StaleError
from maximalab_hub.timetable import TimetableError, Trouble, edits
from maximalab_hub.timetable.csvfile import read_people
from maximalab_hub.timetable.edits import end_of, group_name, moment_of, names_in
from maximalab_hub.timetable.state import Enrolled

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from maximalab_hub.service.teaching import Meanwhile
    from maximalab_hub.timetable.state import State

router = APIRouter()


class PeopleForm(BaseModel):
    """What a form about people in groups holds."""

    what: Literal["enrol", "end", "strike"]
    based_on: int = Field(ge=0)
    group: str = Field(default="", max_length=200)
    names: str = Field(default="", max_length=200_000)
    since: date | None = None
    last: date | None = None
    """The last day in the group."""
    entry: datetime | None = None
    """Since when the entry is that is meant, of one who is in the group several times; all where none is named."""


@router.get("/timetable/{course}/people")
def people_page(
    request: Request,
    course: CourseId,
    person: CourseTeacher,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """For the course's teachers and admins: the groups and who is in them. The look is recorded."""
    detail = {"page": request.url.path.removeprefix(PREFIX)}
    request.app.state.own_events.record(Kind.LOOK, person.name, course=course, detail=detail)
    return _people(request, course, done=done)


@router.post("/timetable/{course}/people")
def change_people(
    request: Request, course: CourseId, person: CourseTeacher, typed: Annotated[PeopleForm, Form()]
) -> Response:
    """For the course's teachers and admins: put people into a group, or let them be in it no longer."""
    zone = zone_of(request)
    try:
        # Who leaves is named by the page itself, however an older import wrote the name.
        names = names_in(typed.names) if typed.what == "enrol" else (typed.names,)
        group = group_name(typed.group)
        changed = change(
            request,
            person,
            course,
            typed.based_on,
            lambda now: _changed(now, group, names, typed, zone),
            How.PEOPLE,
        )
    except TimetableError as fault:
        return _people(request, course, typed=typed, fault=fault)
    except StaleError:
        since = meanwhile(request, course, typed.based_on)
        return _people(request, course, typed=typed, fault=stale(), since=since)
    done = "enrolled" if typed.what == "enrol" else "left"
    return back_to(course, "/people", done if changed.number else "nothing", changed)


@router.post("/timetable/{course}/people/table")
def people_from_table(
    request: Request,
    course: CourseId,
    person: CourseTeacher,
    based_on: Annotated[int, Form(ge=0)],
    file: Annotated[UploadFile, File()],
) -> Response:
    """For the course's teachers and admins: put the people of a table (CSV) into groups."""
    name = (file.filename or "")[:100]
    try:
        found = read_people(file.file.read(), zone_of(request))
        changed = change(
            request, person, course, based_on, lambda now: edits.enrol(now, found), How.PEOPLE, name
        )
    except TimetableError as fault:
        return _people(request, course, fault=fault)
    except StaleError:
        return _people(request, course, fault=stale(), since=meanwhile(request, course, based_on))
    return back_to(course, "/people", "enrolled" if changed.number else "nothing", changed)


def _changed(now: State, group: str, names: tuple[str, ...], typed: PeopleForm, zone: ZoneInfo) -> State:
    if typed.what == "strike":
        return edits.strike(now, names[0], group, typed.entry)
    until = end_of(typed.last, zone) if typed.last else None
    if typed.what == "end":
        if until is None:
            raise TimetableError("give the last day", Trouble.NO_DAYS)
        return edits.end(now, names[0], group, until, typed.entry)
    if typed.since is None or (typed.last and typed.last < typed.since):
        raise TimetableError("give the first day, and a last one that comes after it", Trouble.NO_DAYS)
    since = moment_of(typed.since, time.min, zone)
    return edits.enrol(now, [Enrolled(name, group, since, until) for name in names])


def _people(  # noqa: PLR0913  what the page says of itself
    request: Request,
    course: str,
    *,
    typed: PeopleForm | None = None,
    fault: TimetableError | None = None,
    since: Meanwhile | None = None,
    done: str = "",
) -> Response:
    state, number = looked_at(request, course)
    with reading(request.app.state.engine) as connection:
        unseen = {one.user for one in state.people} - research.seen_of(connection, course)
    groups = {
        group: [one for one in state.people if one.group == group]
        for group in sorted({one.group for one in state.people})
    }
    return shown(
        request,
        "timetable_people",
        course,
        status=status_of(fault),
        groups=groups,
        unseen=sorted(unseen),
        no_lesson=state.groups_of_no_lesson,
        known=state.groups,
        number=number,
        typed=typed,
        fault=fault,
        meanwhile=since,
        done=done,
    )
