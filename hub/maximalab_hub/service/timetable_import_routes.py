"""Import lessons from a file or an address: first what would change is shown, and only then it counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from maximalab_hub.calendarwatch import follow, of_course, read_calendar
from maximalab_hub.service.errors import problem
from maximalab_hub.service.teaching import (
    TIMETABLE,
    CourseId,
    CourseTeacher,
    back_to,
    change,
    impact_on_the_past,
    looked_at,
    shown,
    zone_of,
)
from maximalab_hub.store import timetable_imports
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.timetable_imports import Draft, Source
from maximalab_hub.store.timetables import How, StaleError
from maximalab_hub.timetable import TimetableError, Trouble
from maximalab_hub.timetable.address import checked, fetch, host_of
from maximalab_hub.timetable.calendarfile import Timetable
from maximalab_hub.timetable.csvfile import read_lessons
from maximalab_hub.timetable.draft import as_json, from_json
from maximalab_hub.timetable.edits import group_name
from maximalab_hub.timetable.state import State, difference, imported

if TYPE_CHECKING:
    from maximalab_spawner.tiers import Person

router = APIRouter()
Id = Annotated[str, Path(pattern="^[0-9a-f-]{36}$")]
Group = Annotated[str, Form(max_length=200)]
Earlier = Annotated[bool, Form()]


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form of the page held when it was refused, so that it stands there again; a file has to be chosen anew."""

    form: str
    group: str
    keep_earlier: bool
    address: str = ""


@router.get("/timetable/{course}/import")
def import_page(
    request: Request,
    course: CourseId,
    _person: CourseTeacher,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """For the course's teachers and admins: import a file, and the addresses that are fetched again."""
    return _import(request, course, done=done)


@router.post("/timetable/{course}/import")
def import_file(  # noqa: PLR0913, PLR0917  what the form holds
    request: Request,
    course: CourseId,
    person: CourseTeacher,
    file: Annotated[UploadFile, File()],
    group: Group = "",
    keep_earlier: Earlier = False,  # noqa: FBT002  a form's tick
) -> Response:
    """For the course's teachers and admins: read a file, and show what it would change."""
    name = (file.filename or "")[:100]
    try:
        content = file.file.read()
        found, how = _read(request, content, course, group, name)
        return _draft(request, person, course, found, {"how": how, "words": name}, keep_earlier=keep_earlier)
    except TimetableError as fault:
        return _import(request, course, fault=fault, typed=Typed("file", group, keep_earlier))


@router.post("/timetable/{course}/address")
async def import_address(  # noqa: PLR0913, PLR0917  what the form holds
    request: Request,
    course: CourseId,
    person: CourseTeacher,
    address: Annotated[str, Form(max_length=3000)],
    group: Group = "",
    keep_earlier: Earlier = False,  # noqa: FBT002  a form's tick
) -> Response:
    """For the course's teachers and admins: fetch a calendar from its address, and show what it would change."""
    try:
        place = checked(address)
        content = await fetch(place, request.app.state.fetching)
        return await run_in_threadpool(
            _draft_of_calendar, request, person, course, group, place, content, keep_earlier
        )
    except TimetableError as fault:
        typed = Typed("address", group, keep_earlier, address)
        return await run_in_threadpool(_import, request, course, fault=fault, typed=typed)


def _draft_of_calendar(  # noqa: PLR0913, PLR0917  a calendar, whose it is, and who fetched it
    request: Request,
    person: Person,
    course: str,
    group: str,
    address: str,
    content: bytes,
    keep_earlier: bool,  # noqa: FBT001  handed on from a form
) -> Response:
    name = group_name(group) if group.strip() else ""
    found = read_calendar(content, course, name, datetime.now(UTC), zone_of(request))
    about = {
        "how": How.ADDRESS.value,
        "words": host_of(address),
        "address": address,
        "group": name,
        "content": of_course(found, course),
    }
    return _draft(request, person, course, found, about, keep_earlier=keep_earlier)


def _read(request: Request, content: bytes, course: str, group: str, called: str) -> tuple[Timetable, str]:
    """Tell a calendar from a table by its beginning; one that has no such beginning, by what it is called."""
    begun = content.lstrip(b"\xef\xbb\xbf \r\n\t")[:15].upper() == b"BEGIN:VCALENDAR"
    if begun or called.lower().endswith(".ics"):
        name = group_name(group) if group.strip() else ""
        return read_calendar(content, course, name, datetime.now(UTC), zone_of(request)), How.FILE.value
    return Timetable(read_lessons(content, course, zone_of(request))), How.TABLE.value


def _draft(  # noqa: PLR0913  who imports what, and how
    request: Request,
    person: Person,
    course: str,
    found: Timetable,
    about: dict[str, Any],
    *,
    keep_earlier: bool,
) -> Response:
    mine = [one for one in found.lessons if one.course == course]
    if not mine:
        raise TimetableError("no lesson of this course", Trouble.NO_LESSONS)
    state, number = looked_at(request, course)
    target = imported(state, mine, found.holidays, keep_earlier=keep_earlier)
    left_out = {"all_day": found.all_day, "others": found.others, "elsewhere": len(found.lessons) - len(mine)}
    content = {**about, **as_json(target), "left_out": left_out}
    draft = Draft(str(uuid4()), course, person.name, datetime.now(UTC), number, content)
    with writing(request.app.state.engine) as connection:
        timetable_imports.add_draft(connection, draft)
    return RedirectResponse(f"{TIMETABLE}/{course}/import/{draft.draft_id}", 303)


@router.get("/timetable/{course}/import/{draft_id}")
def preview_page(request: Request, course: CourseId, person: CourseTeacher, draft_id: Id) -> Response:
    """For whoever imports: what the import adds, moves and cancels, and what of the past would change."""
    return _preview(request, course, _kept(request, course, person, draft_id))


def _preview(request: Request, course: str, draft: Draft, status: int = 200) -> Response:
    before, number = looked_at(request, course)
    after = _target(draft, before)
    return shown(
        request,
        "timetable_preview",
        course,
        status=status,
        draft=draft,
        stale=number != draft.based_on,
        difference=difference(before, after),
        impact=impact_on_the_past(request, before, after),
        left_out=draft.content["left_out"],
        lessons=len(after.lessons),
        groups_of_nobody=after.groups_of_nobody,
    )


@router.post("/timetable/{course}/import/{draft_id}")
def take_import(request: Request, course: CourseId, person: CourseTeacher, draft_id: Id) -> Response:
    """For whoever imports: let the import count."""
    draft = _kept(request, course, person, draft_id)
    how, words = How(draft.content["how"]), draft.content["words"]
    before, _ = looked_at(request, course)
    try:
        changed = change(request, person, course, draft.based_on, lambda now: _target(draft, now), how, words)
    except StaleError:
        return _preview(request, course, draft, 409)
    with writing(request.app.state.engine) as connection:
        timetable_imports.drop_draft(connection, draft_id)
        if how is How.ADDRESS:
            timetable_imports.add_source(connection, _source(draft))
    new = difference(before, _target(draft, before)).added
    week = f"?day={new[0].starts_at.astimezone(zone_of(request)).date()}" if new else ""
    return back_to(course, week, "imported" if changed.number else "nothing", changed)


@router.post("/timetable/{course}/address/{source_id}")
def look_again(
    request: Request,
    course: CourseId,
    _person: CourseTeacher,
    source_id: Id,
    action: Annotated[str, Form(pattern="^(fetch|forget)$")],
) -> Response:
    """For the course's teachers and admins: fetch a calendar again now, or forget its address."""
    engine = request.app.state.engine
    with reading(engine) as connection:
        found = [one for one in timetable_imports.sources(connection, course) if one.source_id == source_id]
    if not found:
        raise problem(404, "source", "there is no such address")
    if action == "forget":
        with writing(engine) as connection:
            timetable_imports.drop_source(connection, course, source_id)
        return back_to(course, "/import", "forgotten")
    good = follow(engine, found[0], request.app.state.fetching, zone_of(request), datetime.now(UTC))
    return back_to(course, "/import", "fetched" if good else "kept")


def _kept(request: Request, course: str, person: Person, draft_id: str) -> Draft:
    with reading(request.app.state.engine) as connection:
        draft = timetable_imports.draft_of(connection, course, draft_id, person.name)
    if draft is None:
        raise problem(404, "draft", "this import was taken over already, or has grown old; import again")
    return draft


def _target(draft: Draft, now: State) -> State:
    lessons, holidays = from_json(draft.content, draft.course)
    return replace(now, lessons=lessons, holidays=holidays)


def _source(draft: Draft) -> Source:
    about = draft.content
    return Source(
        str(uuid4()),
        draft.course,
        about["address"],
        about["group"],
        draft.made_by,
        draft.made_at,
        draft.made_at,
        about["content"],
    )


def _import(
    request: Request,
    course: str,
    *,
    fault: TimetableError | None = None,
    typed: Typed | None = None,
    done: str = "",
) -> Response:
    state, _ = looked_at(request, course)
    with reading(request.app.state.engine) as connection:
        found = timetable_imports.sources(connection, course)
    return shown(
        request,
        "timetable_import",
        course,
        status=400 if fault else 200,
        fault=fault,
        typed=typed,
        done=done,
        groups=state.groups,
        has_lessons=bool(state.lessons),
        sources=[(one, host_of(one.address)) for one in found],
        minutes=request.app.state.settings.timetable.fetch_minutes,
    )
