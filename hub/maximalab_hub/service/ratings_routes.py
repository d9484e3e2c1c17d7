"""Expert ratings, for researchers: panels, invitations, results, and a check of printed averages."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from maximalab_hub.ratings import LEAST_EXPERTS, MOST_SCORE, check, read_criteria, summary
from maximalab_hub.service import PREFIX
from maximalab_hub.service.auth import Researcher, xsrf_token
from maximalab_hub.service.errors import problem
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.pages import language_of, page
from maximalab_hub.service.saying import said_to
from maximalab_hub.service.study_in_path import pages_of
from maximalab_hub.service.template_words import TemplateWords
from maximalab_hub.store import template
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.template import Panel
from maximalab_hub.typed import Fault, TypedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from maximalab_hub.settings_sections import Language


MOST_INVITED: Final = 200
CRITERIA: Final = """Легкість доступу | Ease of access | 1
Зручність використання | Ease of use | 1
Корисність | Usefulness | 1"""
"""The three criteria of the paper, of equal weight."""
AVERAGES: Final[Mapping[Language, str]] = {
    "uk": "Легкість доступу | 2,2\nЗручність використання | 1,86\nКорисність | 2,1",
    "en": "Ease of access | 2.2\nEase of use | 1.86\nUsefulness | 2.1",
}
"""The averages that the paper prints, of 25 experts."""
PAPERS_EXPERTS: Final = 25

router = APIRouter(prefix=PREFIX)


class PanelForm(BaseModel):
    """What a form about a panel holds."""

    title: str = Field(default="", max_length=200)
    criteria: str = Field(default=CRITERIA, max_length=10_000)
    least: int = 0
    most: int = 3


@router.get("/ratings")
def ratings_page(request: Request, _person: Researcher) -> Response:
    """For researchers and admins: the panels that there are, and a form for a new one."""
    return _ratings(request, PanelForm())


@router.post("/ratings")
def new_panel(request: Request, person: Researcher, typed: Annotated[PanelForm, Form()]) -> Response:
    """For researchers and admins: make a panel."""
    settings = lab_of(request)
    try:
        panel = _panel_from(typed)
    except TypedError as error:
        return _ratings(request, typed, error)
    with writing(request.app.state.engine) as connection:
        template.add_panel(connection, settings.study.id, panel, person.name)
    return RedirectResponse(f"{pages_of(request)}/ratings/panel/{panel.panel_id}", 303)


@router.get("/ratings/panel/{panel_id}")
def panel_page(
    request: Request, _person: Researcher, panel_id: Annotated[str, Path(max_length=36)]
) -> Response:
    """For researchers and admins: a panel's averages, agreement and total, and a form to invite experts."""
    return _panel(request, panel_id)


@router.post("/ratings/panel/{panel_id}/invite")
def invite_experts(
    request: Request,
    _person: Researcher,
    panel_id: Annotated[str, Path(max_length=36)],
    experts: Annotated[int, Form(ge=1, le=MOST_INVITED)],
) -> Response:
    """For researchers and admins: make links, one for each expert; they are shown this once."""
    made = [secrets.token_urlsafe(24) for _ in range(experts)]
    with writing(request.app.state.engine) as connection:
        if _panel_in(connection, request, panel_id).closed_at is not None:
            raise problem(409, "panel", "this panel is closed; open it again before you invite experts")
        hashes = [sha256(one.encode()).hexdigest() for one in made]
        first = template.invite(connection, panel_id, hashes, datetime.now(UTC))
    base = str(request.base_url).rstrip("/")
    links = [(first + n, f"{base}{PREFIX}/rate/{one}") for n, one in enumerate(made)]
    return _panel(request, panel_id, links)


@router.post("/ratings/panel/{panel_id}/close")
def close_panel(
    request: Request,
    _person: Researcher,
    panel_id: Annotated[str, Path(max_length=36)],
    closed: Annotated[bool, Form()],
) -> Response:
    """For researchers and admins: take no more answers, or take them again."""
    with writing(request.app.state.engine) as connection:
        _panel_in(connection, request, panel_id)
        now = datetime.now(UTC) if closed else None
        template.close_panel(connection, lab_of(request).study.id, panel_id, now)
    return RedirectResponse(f"{pages_of(request)}/ratings/panel/{panel_id}", 303)


@router.get("/ratings/check")
def check_averages(
    request: Request,
    _person: Researcher,
    averages: Annotated[str | None, Query(max_length=10_000)] = None,
    experts: Annotated[int, Query(ge=1, le=100_000)] = PAPERS_EXPERTS,
) -> Response:
    """For researchers and admins: put printed averages together, and ask whether each can be true (GRIM)."""
    lab_of(request)  # an address of a study that does not count is no page
    if averages is None:
        averages = AVERAGES[language_of(request)]
    try:
        checked, fault = check(averages, experts), None
    except TypedError as error:
        checked, fault = None, error
    return page(
        request,
        "usage/check.html",
        status=400 if fault else 200,
        averages=averages,
        experts=experts,
        checked=checked,
        fault=fault,
        said=said_to(request),
        words=TemplateWords(language_of(request)),
    )


def _panel_from(typed: PanelForm) -> Panel:
    if not 0 <= typed.least < typed.most <= MOST_SCORE:
        raise TypedError(Fault.SCORES)
    title = typed.title.strip()
    if not title:
        raise TypedError(Fault.TITLE)
    criteria = read_criteria(typed.criteria)
    return Panel(str(uuid4()), title, criteria, typed.least, typed.most, datetime.now(UTC))


def _ratings(request: Request, typed: PanelForm, fault: TypedError | None = None) -> Response:
    settings = lab_of(request)
    with reading(request.app.state.engine) as connection:
        panels = template.panels(connection, settings.study.id)
    return page(
        request,
        "usage/ratings.html",
        status=400 if fault else 200,
        panels=panels,
        typed=typed,
        fault=fault,
        most_score=MOST_SCORE,
        said=said_to(request),
        words=TemplateWords(language_of(request)),
        xsrf=xsrf_token(request),
    )


def _panel(request: Request, panel_id: str, links: list[tuple[int, str]] | None = None) -> Response:
    with reading(request.app.state.engine) as connection:
        panel = _panel_in(connection, request, panel_id)
        invited = template.invitations(connection, panel_id)
        found = summary(panel.criteria, template.answers(connection, panel_id))
    return page(
        request,
        "usage/panel.html",
        panel=panel,
        invited=len(invited),
        answered=sum(one.answered_at is not None for one in invited),
        found=found,
        links_made=links or [],
        least_experts=LEAST_EXPERTS,
        most_invited=MOST_INVITED,
        said=said_to(request),
        words=TemplateWords(language_of(request)),
        xsrf=xsrf_token(request),
    )


def _panel_in(connection: Connection, request: Request, panel_id: str) -> Panel:
    settings = lab_of(request)
    found = template.panels(connection, settings.study.id, panel_id)
    if not found:
        raise problem(404, "panel", "there is no such panel in this study")
    return found[0]
