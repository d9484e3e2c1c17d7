"""The rhythm of a group: when its people run cells, day by hour, beside its lessons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from maximalab_hub.comparison.rhythm import rhythm_of
from maximalab_hub.drawings.grids import week_chart, week_drawing
from maximalab_hub.events import Kind
from maximalab_hub.language import translations
from maximalab_hub.service.course_looks import MOST_WEEKS, AskedDay, Days, days_asked, record, term
from maximalab_hub.service.given import drawing_asked, drawing_given
from maximalab_hub.service.pages import language_of
from maximalab_hub.service.saying import said_to
from maximalab_hub.service.teaching import CourseId, CourseTeacher, shown, zone_of
from maximalab_hub.setting import Setting
from maximalab_hub.setting_arrays import Coded, settings_counted
from maximalab_hub.store import timetables
from maximalab_hub.store.research import snapshot
from maximalab_hub.store.runs import runs_of
from maximalab_hub.study import study_of
from maximalab_hub.timetablechange import timetables_with

if TYPE_CHECKING:
    from maximalab_hub.drawings.grids import Week
    from maximalab_hub.drawings.shapes import Drawing
    from maximalab_hub.service.wording import Wording
    from maximalab_hub.settings import Settings

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which group's rhythm is asked for (empty for everybody of the course), and of which days of the lab."""

    group: str
    days: Days


@dataclass(frozen=True, slots=True)
class Found:
    """A group's rhythm, and what stands beside it on its page."""

    week: Week | None
    beside: dict[str, Any]


def wanted(
    request: Request,
    group: Annotated[str, Query(max_length=64)] = "",
    since: AskedDay = None,
    until: AskedDay = None,
) -> Wanted:
    """Read from the address what is asked for; four weeks where it names no days. Raises `PeriodError`."""
    return Wanted(group, days_asked(request, since, until))


@router.get("/timetable/{course}/rhythm")
def rhythm_page(
    request: Request, course: CourseId, person: CourseTeacher, asked: Annotated[Wanted, Depends(wanted)]
) -> Response:
    """For the course's teachers and admins: the week of a group, day by hour. The look is recorded."""
    record(request, Kind.LOOK, person, course, asked.days, group=asked.group)
    found = _found(request, course, asked)
    said = said_to(request)
    beside = {
        **found.beside,
        "term": term(request, course),
        "most_weeks": MOST_WEEKS,
        "week": found.week,
        "drawing": _drawn(found.week, said),
    }
    return shown(request, "timetable_rhythm", course, said=said, **beside)


@router.get("/timetable/{course}/rhythm/{drawing}")
def rhythm_drawing(
    request: Request,
    course: CourseId,
    person: CourseTeacher,
    asked: Annotated[Wanted, Depends(wanted)],
    drawing: Annotated[str, Path(max_length=40)],
) -> Response:
    """For the course's teachers and admins: the same week's drawing, `week.svg` or `week.png`. It is recorded."""
    name, form = drawing_asked(drawing, ("week",))
    entry = record(request, Kind.EXPORT, person, course, asked.days, group=asked.group)
    drawn = _drawn(_found(request, course, asked).week, said_to(request))
    return drawing_given(request, entry, drawn, f"{course}-{name}", form)


def _drawn(week: Week | None, said: Wording) -> Drawing | None:
    """Draw a group's week, in which nothing hides."""
    _ = translations(said.language).gettext
    caption = _(
        "Runs by day and hour, in the lab's time zone: the darker, the more. A frame marks hours with lessons."
        " Cells that waited behind a failed one and did not begin are no runs."
    )
    return replace(week_drawing(week, said), caption=caption) if week else None


def _found(request: Request, course: str, asked: Wanted) -> Found:
    settings: Settings = request.app.state.settings
    group, days = asked.group, asked.days
    span = days.span(settings.lab.time_zone)
    with snapshot(request.app.state.engine) as connection:
        state = timetables.state_of(connection, course)
        number = timetables.newest(connection, course)
        people = {one.user for one in state.people if not group or one.group == group}
        tables = timetables_with(connection, state, people, study_of(settings).parameters.rule)
        runs = runs_of(connection, course, people, span.start, span.end)
    lessons = [
        one
        for one in state.in_force()
        if (not group or one.group == group) and not one.cancelled and span.start <= one.starts_at < span.end
    ]
    beside = {
        "counts": settings_counted(Coded(runs.user, runs.users), runs.at, course, tables),
        "settings_of": tuple(Setting),
        "people": len(people),
        "working": len(runs.users),
        "lessons": len(lessons),
        "groups": state.groups,
        "group": group,
        "number": number,
        "since": days.since,
        "until": days.until,
        "cut": days.cut,
        "query": urlencode({"group": group, "since": days.since, "until": days.until}),
    }
    return Found(week_chart(rhythm_of(*runs, lessons, zone_of(request), 1), language_of(request)), beside)
