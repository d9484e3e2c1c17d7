"""Lessons by hand: enter one, a series or holidays; change, cancel, move, replace or remove what is there."""

from __future__ import annotations

from datetime import date, time  # noqa: TC003  Pydantic reads them at run time
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Form, Path, Request, Response
from pydantic import BaseModel, Field

from maximalab_hub.service.errors import problem
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
from maximalab_hub.store.timetables import StaleError
from maximalab_hub.timetable import TimetableError, Trouble, edits
from maximalab_hub.timetable.edits import Hours

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from maximalab_hub.service.teaching import Meanwhile
    from maximalab_hub.timetable.lesson import Holiday
    from maximalab_hub.timetable.state import State

router = APIRouter()
LessonId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class LessonForm(BaseModel):
    """What a form about a lesson holds."""

    based_on: int = Field(ge=0)
    group: str = Field(default="", max_length=200)
    day: date | None = None
    begins: time | None = None
    ends: time | None = None
    note: str = Field(default="", max_length=400)

    @property
    def hours(self) -> Hours:
        """When the lesson is to be. Raises `TimetableError`."""
        if self.day is None or self.begins is None or self.ends is None:
            raise TimetableError("a lesson has a day, a beginning and an end", Trouble.NO_START)
        return Hours(self.day, self.begins.replace(tzinfo=None), self.ends.replace(tzinfo=None))


class EntryForm(LessonForm):
    """What a form about something new holds."""

    what: Literal["lesson", "series", "holiday", "no_holiday"]
    last: date | None = None
    every: int = Field(default=1, ge=1, le=edits.MOST_WEEKS)
    name: str = Field(default="", max_length=400)
    place: int = Field(default=0, ge=0)
    """Which of the holidays goes."""


class ActionForm(LessonForm):
    """What a form about a lesson that is there holds."""

    action: Literal["move", "replace", "cancel", "restore", "remove"]
    following: bool = False


@router.get("/timetable/{course}/enter")
def enter_page(request: Request, course: CourseId, _person: CourseTeacher) -> Response:
    """For the course's teachers and admins: forms for a lesson, a weekly series and holidays."""
    return _enter(request, course)


@router.post("/timetable/{course}/enter")
def enter(
    request: Request, course: CourseId, person: CourseTeacher, typed: Annotated[EntryForm, Form()]
) -> Response:
    """For the course's teachers and admins: add a lesson, a series or holidays, or take holidays away."""
    zone = zone_of(request)
    try:
        changed = change(request, person, course, typed.based_on, lambda now: _entered(now, typed, zone))
    except TimetableError as fault:
        return _enter(request, course, typed, fault)
    except StaleError:
        return _enter(request, course, typed, stale(), meanwhile(request, course, typed.based_on))
    if typed.what in {"holiday", "no_holiday"}:
        return back_to(course, "/enter", "added" if changed.number else "nothing", changed)
    return back_to(course, f"?day={typed.day}", "added" if changed.number else "nothing", changed)


def _entered(now: State, typed: EntryForm, zone: ZoneInfo) -> State:
    match typed.what:
        case "lesson":
            return edits.add(now, typed.group, typed.hours, zone, typed.note)[0]
        case "series":
            first = typed.hours
            return edits.add_series(
                now,
                typed.group,
                first,
                typed.last or first.day,
                typed.every,
                zone,
                series=uuid4().hex,
                note=typed.note,
            )
        case "holiday":
            if typed.day is None:
                raise TimetableError("a holiday has a first day", Trouble.NO_DAYS)
            return edits.add_holiday(now, typed.day, typed.last or typed.day, typed.name, zone)
        case "no_holiday":
            return edits.remove_holiday(now, _holiday(now, typed.place))


def _holiday(now: State, place: int) -> Holiday:
    if place >= len(now.holidays):
        raise problem(404, "place", "there is no such holiday")
    return now.holidays[place]


def _enter(
    request: Request,
    course: str,
    typed: EntryForm | None = None,
    fault: TimetableError | None = None,
    since: Meanwhile | None = None,
) -> Response:
    state, number = looked_at(request, course)
    what = typed.what if typed else ""
    asked = request.query_params
    return shown(
        request,
        "timetable_enter",
        course,
        status=status_of(fault),
        state=state,
        number=number,
        fault=fault,
        meanwhile=since,
        what=what,
        typed=typed,
        done=asked.get("done", "")[:20],
    )


@router.get("/timetable/{course}/lesson/{lesson_id}")
def lesson_page(request: Request, course: CourseId, _person: CourseTeacher, lesson_id: LessonId) -> Response:
    """For the course's teachers and admins: one lesson, and what can be done with it."""
    return _lesson(request, course, lesson_id)


@router.post("/timetable/{course}/lesson/{lesson_id}")
def change_lesson(
    request: Request,
    course: CourseId,
    person: CourseTeacher,
    lesson_id: LessonId,
    typed: Annotated[ActionForm, Form()],
) -> Response:
    """For the course's teachers and admins: move, replace, cancel, restore or remove a lesson."""
    edit, done = _action(typed, lesson_id, zone_of(request))
    state, _ = looked_at(request, course)
    try:
        changed = change(request, person, course, typed.based_on, edit)
    except TimetableError as fault:
        return _lesson(request, course, lesson_id, typed, fault)
    except StaleError:
        return _overtaken(request, course, lesson_id, typed)
    day = typed.day or state.find(lesson_id).starts_at.astimezone(zone_of(request)).date()
    return back_to(course, f"?day={day}", done if changed.number else "nothing", changed)


def _action(typed: ActionForm, lesson_id: str, zone: ZoneInfo) -> tuple[Callable[[State], State], str]:
    match typed.action:
        case "move":
            return (
                lambda now: edits.move(now, lesson_id, typed.group, typed.hours, zone, typed.note)[0],
                "moved",
            )
        case "replace":
            return (
                lambda now: edits.replace_by(now, lesson_id, typed.group, typed.hours, zone, typed.note)[0],
                "replaced",
            )
        case "cancel":
            return lambda now: edits.cancel(now, lesson_id, following=typed.following), "cancelled"
        case "restore":
            return lambda now: edits.restore(now, lesson_id, following=typed.following), "restored"
        case "remove":
            return lambda now: edits.remove(now, lesson_id, following=typed.following), "removed"


def _overtaken(request: Request, course: str, lesson_id: str, typed: ActionForm) -> Response:
    """Show what another did first, and what was typed: with the lesson, wherever it is now, or as one to add."""
    since = meanwhile(request, course, typed.based_on)
    state, _ = looked_at(request, course)
    moved = {then.lesson_id: now.lesson_id for then, now in since.difference.moved}
    here = moved.get(lesson_id, lesson_id)
    if any(one.lesson_id == here for one in state.lessons):
        return _lesson(request, course, here, typed, stale(), since)
    gone = TimetableError("another took this lesson away meanwhile", Trouble.OVERTAKEN)
    kept = typed.model_dump(include=set(LessonForm.model_fields))
    return _enter(request, course, EntryForm(what="lesson", **kept), gone, since)


def _lesson(  # noqa: PLR0913, PLR0917  a lesson, and what became of a change to it
    request: Request,
    course: str,
    lesson_id: str,
    typed: ActionForm | None = None,
    fault: TimetableError | None = None,
    since: Meanwhile | None = None,
) -> Response:
    state, number = looked_at(request, course)
    found = next((one for one in state.lessons if one.lesson_id == lesson_id), None)
    if found is None:
        raise problem(404, "lesson", "this lesson is not in the timetable any more")
    return shown(
        request,
        "timetable_lesson",
        course,
        status=status_of(fault),
        lesson=found,
        holiday=state.holiday_of(found),
        groups=state.groups,
        number=number,
        typed=typed,
        fault=fault,
        meanwhile=since,
    )
