"""A material's exercises as a page and as files: which of them people get stuck at. Each look is recorded before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response

from maximalab_hub.comparison.writing import exercises_csv
from maximalab_hub.events import Kind
from maximalab_hub.service import PREFIX
from maximalab_hub.service.asked import Asked, record
from maximalab_hub.service.auth import Researcher  # noqa: TC001  FastAPI reads it at run time
from maximalab_hub.service.exercise_words import Shown, shown_of
from maximalab_hub.service.given import drawing_asked, drawing_given, given
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.pages import language_of, page
from maximalab_hub.service.wording import Wording
from maximalab_hub.sourcecells import SourceNotebooks, exercises_of
from maximalab_hub.store import research
from maximalab_hub.store.research import snapshot

if TYPE_CHECKING:
    from maximalab_hub.service.questions import Question

router = APIRouter(prefix=PREFIX)
Asking = Annotated[str, Query(max_length=64)]


@router.get("/compare/exercises")
def exercises_page(request: Request, person: Researcher, asked: Asked, material: Asking = "") -> Response:
    """For researchers and admins: people, runs and errors of each cell of a material, in and out of class."""
    record(request, person, Kind.LOOK, asked, material=material)
    found, courses = _found(request, asked, material)
    query = urlencode({**asked.values, "material": found.material})
    return page(request, "usage/exercises.html", asked=asked, found=found, courses=courses, query=query)


@router.get("/compare/exercises.csv")
def exercises_table(request: Request, person: Researcher, asked: Asked, material: Asking = "") -> Response:
    """For researchers and admins: the same as CSV."""
    entry = record(request, person, Kind.EXPORT, asked, material=material)
    found, _ = _found(request, asked, material)
    content = exercises_csv(one for _, one in found.named)
    name = f"{lab_of(request).study.id}-exercises.csv"
    return given(request, entry, content, name, "text/csv; charset=utf-8")


@router.get("/compare/exercises/{drawing}")
def exercises_drawing(
    request: Request,
    person: Researcher,
    asked: Asked,
    drawing: Annotated[str, Path(max_length=40)],
    material: Asking = "",
) -> Response:
    """For researchers and admins: the drawing of the page, `errors.svg` or `errors.png`."""
    name, form = drawing_asked(drawing, ("errors",))
    entry = record(request, person, Kind.EXPORT, asked, material=material)
    found, _ = _found(request, asked, material)
    return drawing_given(request, entry, found.drawing, f"{lab_of(request).study.id}-exercises-{name}", form)


def _found(request: Request, asked: Question, material: str) -> tuple[Shown, tuple[str, ...]]:
    """Read from one state of the store; name the courses that there are."""
    settings, catalogue = lab_of(request), request.app.state.catalogue
    zone = settings.lab.time_zone
    with snapshot(request.app.state.engine) as connection:
        every = exercises_of(connection, settings, catalogue, asked.selection(zone))
        courses = research.courses(connection)
    said, notebooks = Wording(language_of(request), zone), SourceNotebooks(settings, catalogue)
    return shown_of(every, material, notebooks, said), courses
