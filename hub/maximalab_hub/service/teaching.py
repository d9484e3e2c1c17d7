"""Who may look after which course's timetable, and how a change to it is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import Depends, Path, Request, Response
from fastapi.responses import RedirectResponse
from maximalab_spawner.tiers import NAME, Person

from maximalab_hub.catalogue import read_or_warn
from maximalab_hub.service import PREFIX
from maximalab_hub.service.auth import AnyPerson, xsrf_token
from maximalab_hub.service.errors import problem
from maximalab_hub.service.pages import language_of, page
from maximalab_hub.service.saying import said_to
from maximalab_hub.service.timetable_words import TimetableWords
from maximalab_hub.setting import Setting
from maximalab_hub.store import timetables
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.research import snapshot
from maximalab_hub.store.timetables import How, Made, StaleError
from maximalab_hub.study import study_of
from maximalab_hub.timetable import TimetableError, Trouble
from maximalab_hub.timetable.state import Difference, difference
from maximalab_hub.timetablechange import impact

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from fastapi.responses import HTMLResponse

    from maximalab_hub.settings import Settings
    from maximalab_hub.store.timetables import Version
    from maximalab_hub.timetable.impact import Impact
    from maximalab_hub.timetable.state import State

CourseId = Annotated[str, Path(pattern=f"^{NAME.pattern}$")]
TIMETABLE: Final = f"{PREFIX}/timetable"


def teaches_something(person: Person) -> bool:
    """Whether there is a course whose timetable is this person's: teachers and admins."""
    return person.admin or bool(person.teaches)


def may_teach(person: Person, course: str) -> bool:
    """Whether the course's timetable is this person's: its teachers, and admins."""
    return person.admin or course in person.teaches


def courses_of(request: Request, person: Person) -> tuple[str, ...]:
    """Give the courses whose timetables are this person's, ordered."""
    return tuple(sorted(one for one in _known(request) | person.teaches if may_teach(person, one)))


def _known(request: Request) -> frozenset[str]:
    """Give the courses of the catalogue and those with a timetable; the latter alone where there is no catalogue."""
    with reading(request.app.state.engine) as connection:
        stored = timetables.courses(connection)
    catalogue = read_or_warn(request.app.state.catalogue)
    return stored | {one.id for one in catalogue.courses} if catalogue else stored


def course_teacher(request: Request, course: CourseId, person: AnyPerson) -> Person:
    """Give the person who asks, if the course is theirs; for admins it has to be a course that there is."""
    if not may_teach(person, course):
        raise problem(403, "course", "this course's timetable is for its teachers and for admins")
    if course not in person.teaches and course not in _known(request):
        raise problem(404, "course", "there is no such course")
    return person


CourseTeacher = Annotated[Person, Depends(course_teacher)]
"""Type of a route's parameter: a teacher of the course in the address, or an admin."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a change."""

    number: int | None
    """The new version; None where nothing changed."""
    impact: Impact


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What others did to a timetable since somebody opened a page of it."""

    versions: tuple[Version, ...]
    """The newest first."""
    difference: Difference


def zone_of(request: Request) -> ZoneInfo:
    """Give the lab's time zone."""
    settings: Settings = request.app.state.settings
    return ZoneInfo(settings.lab.time_zone)


def today(request: Request) -> date:
    """Give the day that it is in the lab."""
    return datetime.now(zone_of(request)).date()


def looked_at(request: Request, course: str) -> tuple[State, int]:
    """Give the course's timetable and its version."""
    with snapshot(request.app.state.engine) as connection:
        return timetables.state_of(connection, course), timetables.newest(connection, course)


def impact_on_the_past(request: Request, before: State, after: State) -> Impact:
    """Say what a change would do to what already happened."""
    rule = study_of(request.app.state.settings).parameters.rule
    with snapshot(request.app.state.engine) as connection:
        return impact(connection, before, after, rule, datetime.now(UTC))


def change(  # noqa: PLR0913, PLR0917  who changes what, how, and from where
    request: Request,
    person: Person,
    course: str,
    based_on: int,
    edit: Callable[[State], State],
    how: How = How.HAND,
    words: str = "",
) -> Changed:
    """Make a new version of the course's timetable. Raises `StaleError` and `TimetableError`."""
    before, number = looked_at(request, course)
    if number != based_on:
        raise StaleError(course)
    after = edit(before)
    found = impact_on_the_past(request, before, after)
    with writing(request.app.state.engine) as connection:
        made = Made(person.name, datetime.now(UTC), how, words)
        return Changed(timetables.keep(connection, after, made, based_on=based_on), found)


def stale() -> TimetableError:
    """Say, to whoever typed something, that another was faster; what was typed stays in the form."""
    return TimetableError("the timetable was changed meanwhile; look at it, and send again", Trouble.STALE)


def meanwhile(request: Request, course: str, based_on: int) -> Meanwhile:
    """Say what became of the course's timetable since the version `based_on`, and who made it so."""
    with snapshot(request.app.state.engine) as connection:
        every = timetables.versions(connection, course)
        made = tuple(one for one in every if one.number > based_on)
        # Whoever makes a number up gets no further than the newest version: a larger one fits into no database.
        seen = min(based_on, max((one.number for one in every), default=0))
        then, now = (timetables.state_of(connection, course, number) for number in (seen, None))
    return Meanwhile(made, difference(then, now))


def status_of(fault: TimetableError | None) -> int:
    """Give the status of a page that says this, or says that all is well."""
    if fault is None:
        return 200
    return 409 if fault.trouble in {Trouble.STALE, Trouble.OVERTAKEN} else 400


def shown(
    request: Request,
    template: str,
    course: str,
    *,
    status: int = 200,
    **context: Any,  # noqa: ANN401  whatever the template shows
) -> HTMLResponse:
    """Make a page of a course's timetable."""
    settings: Settings = request.app.state.settings
    words = TimetableWords(language_of(request), settings.lab.time_zone)
    about = {
        "course": course,
        "title": said_to(request).course(course),
        "base": f"{TIMETABLE}/{course}",
        "words": words,
        "zone": settings.lab.time_zone,
        "xsrf": xsrf_token(request),
        "meanwhile": None,
    }
    return page(request, f"usage/{template}.html", status=status, **{**about, **context})


def back_to(course: str, place: str, done: str, changed: Changed | None = None) -> Response:
    """Send the browser to a page of the course, which says what was done and what it did to the past."""
    query = f"{'&' if '?' in place else '?'}done={done}"
    if changed is not None:
        inside = sum(n for (_, now), n in changed.impact.runs.items() if now is Setting.IN_CLASS)
        query += f"&now_in={inside}&now_other={changed.impact.total - inside}"
    return RedirectResponse(f"{TIMETABLE}/{course}{place}{query}", 303)
