"""Completeness, start by start of each sender: what it numbered, what is here, what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from maximalab_spawner.tiers import Person

from maximalab_hub.completeness import Completeness, Start, overview
from maximalab_hub.events import Kind
from maximalab_hub.service import PREFIX
from maximalab_hub.service.asked import Asked, record
from maximalab_hub.service.auth import require
from maximalab_hub.service.errors import problem
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.pages import page
from maximalab_hub.service.saying import said_to
from maximalab_hub.store import research
from maximalab_hub.store.research import snapshot
from maximalab_hub.store.startchoice import Choice
from maximalab_hub.store.startsums import Page
from maximalab_hub.study import people_of, study_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from maximalab_hub.service.questions import Question
    from maximalab_hub.settings import Settings

MOST_SHOWN: Final = 100

router = APIRouter(prefix=PREFIX)


def looks_after_records(person: Person) -> bool:
    """Researchers and admins, and teachers for their courses."""
    return person.reads_usage or bool(person.teaches)


Looking = Annotated[Person, Depends(require(looks_after_records))]


@dataclass(frozen=True, slots=True)
class View:
    """Which starts somebody may see, and under which names."""

    courses: frozenset[str] | None
    """Only students' servers with an event of these courses; `None` means all, and the hub."""
    named: bool
    """Whether by account name; otherwise those who agreed alone, under pseudonyms."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows."""

    starts: Sequence[Start]
    whole: Completeness
    left_out: int
    courses: Sequence[str]


def view_of(person: Person, course: str | None) -> View | None:
    """Say what this person may see of the course, or of all that is theirs; `None` where it is not theirs."""
    if person.admin:
        return View(frozenset({course}) if course else None, named=True)
    if person.teaches and (course in person.teaches or not (course or person.researcher)):
        return View(frozenset({course}) if course else person.teaches, named=True)
    if person.researcher:
        return View(frozenset({course}) if course else None, named=False)
    return None


@router.get("/completeness")
def completeness_page(request: Request, person: Looking, asked: Asked, *, gaps: bool = False) -> Response:
    """For teachers, of their courses; for researchers, of those who agreed; for admins, of all: start by start."""
    settings = lab_of(request)
    view = view_of(person, asked.course)
    if view is None:
        raise problem(403, "course", "this course is for its teachers, researchers and admins")
    record(request, person, Kind.LOOK, asked, of_the_study=not view.named)
    with snapshot(request.app.state.engine) as connection:
        shown = _shown(connection, settings, view, asked, person, gaps=gaps)
    return page(
        request,
        "usage/completeness.html",
        asked=asked,
        gaps=gaps,
        view=view,
        shown=shown,
        names=study_of(settings).pseudonyms,
        said=said_to(request),
        back=person.reads_usage,
    )


def _shown(  # noqa: PLR0913  who asks for what, and what is left out
    connection: Connection, settings: Settings, view: View, asked: Question, person: Person, *, gaps: bool
) -> Shown:
    chosen = asked.selection(settings.lab.time_zone)
    users = None if view.named else {"", *people_of(connection, study_of(settings))}
    choice = Choice(chosen.since, chosen.until, view.courses)
    found = overview(connection, choice, users, Page(MOST_SHOWN, gaps=gaps))
    courses = research.courses(connection) if person.reads_usage else sorted(person.teaches)
    return Shown(found.shown, found.whole, max(0, found.listed - MOST_SHOWN), tuple(courses))
