"""The rhythm of a group: when its people run cells, day by hour, beside its lessons."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from maximalab_hub.comparison.rhythm import rhythm_of
from maximalab_hub.events import Kind
from maximalab_hub.period import check_period
from maximalab_hub.service import PREFIX
from maximalab_hub.service.pages import language_of
from maximalab_hub.service.questions import FIELDS
from maximalab_hub.service.rhythm_chart import week_chart
from maximalab_hub.service.teaching import CourseId, CourseTeacher, shown, today, zone_of
from maximalab_hub.service.wording import Wording
from maximalab_hub.setting import Setting, Span
from maximalab_hub.setting_arrays import Coded, settings_counted
from maximalab_hub.store import timetables
from maximalab_hub.store.research import snapshot
from maximalab_hub.store.runs import runs_of
from maximalab_hub.study import start_of_day, study_of
from maximalab_hub.timetablechange import timetables_with

if TYPE_CHECKING:
    from maximalab_hub.settings import Settings

USUAL: Final = timedelta(weeks=4)
LONGEST: Final = timedelta(weeks=30)

router = APIRouter()


@router.get("/timetable/{course}/rhythm")
def rhythm_page(  # noqa: PLR0913, PLR0917  what the address may ask for
    request: Request,
    course: CourseId,
    person: CourseTeacher,
    group: Annotated[str, Query(max_length=64)] = "",
    since: date | None = None,
    until: date | None = None,
) -> Response:
    """For the course's teachers and admins: the week of a group, day by hour. The look is recorded."""
    settings: Settings = request.app.state.settings
    detail = {"page": request.url.path.removeprefix(PREFIX), "group": group}
    request.app.state.own_events.record(Kind.LOOK, person.name, course=course, detail=detail)
    check_period(since, until, FIELDS)
    last = until or max(today(request), since or date.min)
    first = max(since or last - USUAL, last - LONGEST)
    zone = settings.lab.time_zone
    span = Span(start_of_day(first, zone), start_of_day(last + timedelta(days=1), zone))
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
    week = rhythm_of(*runs, lessons, zone_of(request), 1)
    return shown(
        request,
        "timetable_rhythm",
        course,
        said=Wording(language_of(request), zone),
        week=week_chart(week, language_of(request)),
        counts=settings_counted(Coded(runs.user, runs.users), runs.at, course, tables),
        settings_of=tuple(Setting),
        people=len(people),
        working=len(runs.users),
        lessons=len(lessons),
        groups=state.groups,
        group=group,
        number=number,
        since=first,
        until=last,
    )
