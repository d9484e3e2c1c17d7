"""A material's exercises as a page and as files: which of them people get stuck at. Each look is recorded before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response

from maximalab_hub.comparison.writing import exercises_csv
from maximalab_hub.events import Kind
from maximalab_hub.service import PREFIX
from maximalab_hub.service.asked import Asked, record
from maximalab_hub.service.auth import Researcher, xsrf_token
from maximalab_hub.service.exercise_figures import handed_out, of_study
from maximalab_hub.service.exercise_words import Shown, shown_of
from maximalab_hub.service.given import drawing_asked, drawing_given, given
from maximalab_hub.service.kept import reckoned
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.pages import page
from maximalab_hub.service.saying import said_to
from maximalab_hub.sourcecells import SourceNotebooks
from maximalab_hub.store import research
from maximalab_hub.store.research import snapshot
from maximalab_hub.study import study_of

if TYPE_CHECKING:
    from maximalab_hub.service.exercise_figures import Exercises
    from maximalab_hub.service.kept import Reckoning
    from maximalab_hub.service.questions import Question

router = APIRouter(prefix=PREFIX)
Asking = Annotated[str, Query(max_length=64)]


@router.get("/compare/exercises")
def exercises_page(
    request: Request, person: Researcher, asked: Asked, material: Asking = "", *, fresh: bool = False
) -> Response:
    """For researchers and admins: people, runs and errors of each cell of a material, in and out of class.

    From what was reckoned last, and says so where something came since; reckoned anew where that is asked for.
    """
    record(request, person, Kind.LOOK, asked, material=material)
    engine, kept = request.app.state.engine, request.app.state.kept
    answer = kept.answer(engine, _reckoning(request, asked), fresh=fresh)
    with snapshot(engine) as connection:
        courses = research.courses(connection)
    found = _shown(request, answer.what, material)
    return page(
        request,
        "usage/exercises.html",
        asked=asked,
        as_of=answer.as_of,
        xsrf=xsrf_token(request),
        said=said_to(request),
        found=found,
        courses=courses,
        query=urlencode({**asked.values, "material": found.material}),
    )


@router.get("/compare/exercises.csv")
def exercises_table(request: Request, person: Researcher, asked: Asked, material: Asking = "") -> Response:
    """For researchers and admins: the same as CSV."""
    entry = record(request, person, Kind.EXPORT, asked, material=material)
    found = _found(request, asked, material)
    content = exercises_csv(found.named)
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
    found = _found(request, asked, material)
    return drawing_given(request, entry, found.drawing, f"{lab_of(request).study.id}-exercises-{name}", form)


def _found(request: Request, asked: Question, material: str) -> Shown:
    """Reckon now, whatever is kept: what is given away is as of now."""
    return _shown(request, reckoned(request.app.state.engine, _reckoning(request, asked)), material)


def _reckoning(request: Request, asked: Question) -> Reckoning[Exercises]:
    settings = lab_of(request)
    return of_study(study_of(settings), asked.selection(settings.lab.time_zone), handed_out(request))


def _shown(request: Request, every: Exercises, material: str) -> Shown:
    notebooks = SourceNotebooks(lab_of(request), request.app.state.catalogue)
    return shown_of(every, material, notebooks, said_to(request))
