"""Setting up studies: short name, title and consent text in both languages, and closing one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, ValidationError

from maximalab_hub.service import PREFIX
from maximalab_hub.service.auth import Researcher, xsrf_token
from maximalab_hub.service.errors import problem
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.pages import language_of, page
from maximalab_hub.service.wording import Wording
from maximalab_hub.settings_sections import StudySection
from maximalab_hub.store import studies
from maximalab_hub.store.engine import reading, writing

if TYPE_CHECKING:
    from maximalab_hub.settings import Settings

EARLIER_SHOWN: Final = 20

router = APIRouter(prefix=PREFIX)


class StudyForm(BaseModel):
    """What the form about the study holds."""

    study: str = Field(default="", max_length=41)
    title_uk: str = Field(default="", max_length=300)
    title_en: str = Field(default="", max_length=300)
    consent_uk: str = Field(default="", max_length=10_000)
    consent_en: str = Field(default="", max_length=10_000)


@router.get("/study")
def study_form_page(request: Request, _person: Researcher, *, saved: bool = False) -> Response:
    """For researchers and admins: the study as it is, and a form to change it."""
    now = lab_of(request).study
    typed = StudyForm(
        study=now.id,
        title_uk=now.title.uk,
        title_en=now.title.en,
        consent_uk=now.consent.uk,
        consent_en=now.consent.en,
    )
    return _page(request, typed, saved=saved)


@router.post("/study")
def set_up_study(request: Request, person: Researcher, typed: Annotated[StudyForm, Form()]) -> Response:
    """For researchers and admins: let this study count, beside others; a new text asks everybody anew."""
    settings: Settings = request.app.state.settings
    study = _study_from(typed, settings.study)
    if study is None:
        return _page(request, typed, fault=True)
    with writing(request.app.state.engine) as connection:
        studies.set_up(connection, settings, study, person.name, datetime.now(UTC))
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


def _study_from(typed: StudyForm, usual: StudySection) -> StudySection | None:
    """Read the form by the rules of the settings; `None` where a text is missing or the name is none."""
    said = {name: value.strip() for name, value in typed.model_dump().items()}
    told = {
        "id": said["study"],
        "title": {"uk": said["title_uk"], "en": said["title_en"]},
        "consent": {"uk": said["consent_uk"], "en": said["consent_en"]},
    }
    try:
        return StudySection.model_validate({**usual.model_dump(), **told})
    except ValidationError:
        return None


def _page(request: Request, typed: StudyForm, *, fault: bool = False, saved: bool = False) -> Response:
    settings = lab_of(request)
    with reading(request.app.state.engine) as connection:
        earlier = studies.newest(connection, EARLIER_SHOWN)
        counting = studies.counting(settings, connection)
    return page(
        request,
        "usage/study_form.html",
        status=400 if fault else 200,
        typed=typed,
        fault=fault,
        saved=saved,
        now=settings.study,
        earlier=earlier,
        counting=counting,
        said=Wording(language_of(request), settings.lab.time_zone),
        xsrf=xsrf_token(request),
    )
