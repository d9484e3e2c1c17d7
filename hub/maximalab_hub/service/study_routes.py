"""Setting up studies: short name, title and consent text in both languages, and closing one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from maximalab_hub.cellcode import AGREED_TOO
from maximalab_hub.service import PREFIX
from maximalab_hub.service.auth import Researcher, xsrf_token
from maximalab_hub.service.errors import problem
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.pages import language_of, page
from maximalab_hub.service.saying import said_to
from maximalab_hub.service.study_form import CODE, StudyForm, StudyFormError, form_of, read_study
from maximalab_hub.store import studies
from maximalab_hub.store.engine import reading, writing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maximalab_hub.settings import Settings

EARLIER_SHOWN: Final = 20

router = APIRouter(prefix=PREFIX)


@router.get("/study")
def study_form_page(request: Request, _person: Researcher, *, saved: bool = False) -> Response:
    """For researchers and admins: the study as it is, and a form to change it."""
    return _page(request, form_of(lab_of(request).study), saved=saved)


@router.post("/study")
def set_up_study(request: Request, person: Researcher, typed: Annotated[StudyForm, Form()]) -> Response:
    """For researchers and admins: let this study count, beside others; a new text asks everybody anew.

    Where people agreed to the text as it was, only after a tick: a mended misprint ends their part in the study.
    Whether it asks for code can be said as long as nobody has agreed.
    """
    settings: Settings = request.app.state.settings
    try:
        study = read_study(typed, settings.study)
        with writing(request.app.state.engine) as connection:
            studies.check_code(connection, study)
            loses = 0 if typed.anew else studies.asked_anew(connection, settings, study)
            if not loses:
                studies.set_up(connection, settings, study, person.name, datetime.now(UTC))
    except StudyFormError as error:
        return _page(request, typed, faults=error.fields)
    except studies.CodeIsFixedError:
        return _page(request, typed, faults=[CODE])
    if loses:
        return _page(request, typed, loses=loses)
    return RedirectResponse(f"{PREFIX}/of/{study.id}/study?saved=true", 303)


@router.post("/study/close")
def close_study(request: Request, person: Researcher, study: Annotated[str, Form(max_length=41)]) -> Response:
    """For researchers and admins: let a study count no more; one always counts."""
    settings: Settings = request.app.state.settings
    with writing(request.app.state.engine) as connection:
        closed = studies.close(connection, settings, study, person.name, datetime.now(UTC))
    if not closed:
        raise problem(409, "study", "this study does not count, or is the only one that does")
    return RedirectResponse(f"{PREFIX}/study", 303)


def _page(
    request: Request, typed: StudyForm, *, faults: Sequence[str] = (), loses: int = 0, saved: bool = False
) -> Response:
    settings = lab_of(request)
    with reading(request.app.state.engine) as connection:
        earlier = studies.newest(connection, EARLIER_SHOWN)
        counting = studies.counting(settings, connection)
    return page(
        request,
        "usage/study_form.html",
        status=400 if faults else 409 if loses else 200,
        typed=typed,
        faults=faults,
        loses=loses,
        saved=saved,
        now=settings.study,
        earlier=earlier,
        counting=counting,
        agreed_too=AGREED_TOO.text(language_of(request)),
        said=said_to(request),
        xsrf=xsrf_token(request),
    )
