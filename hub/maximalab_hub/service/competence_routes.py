"""Levels of competence, compared, for researchers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from maximalab_hub.competence import Levels, compared, read_levels
from maximalab_hub.service import PREFIX
from maximalab_hub.service.auth import Researcher, xsrf_token
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.pages import language_of, page
from maximalab_hub.service.study_in_path import pages_of
from maximalab_hub.service.template_words import TemplateWords
from maximalab_hub.service.wording import Wording
from maximalab_hub.store import template
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.template import CompetenceTable
from maximalab_hub.typed import Fault, TypedError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from maximalab_hub.stats import ChiSquare, MarginalHomogeneity


EXAMPLE: Final = ";low;medium;high\nbefore;;;\nafter;;;"
"""The shape of a table, for those who begin."""

router = APIRouter(prefix=PREFIX)


@router.get("/competence")
def competence_page(request: Request, _person: Researcher) -> Response:
    """For researchers and admins: the tables of levels, each compared, and a form for a new one."""
    return _competence(request)


@router.post("/competence")
def new_competence(
    request: Request,
    person: Researcher,
    title: Annotated[str, Form(max_length=200, min_length=1)],
    levels: Annotated[str, Form(max_length=10_000)],
    same_people: Annotated[bool, Form()] = False,  # noqa: FBT002  a form's tick
) -> Response:
    """For researchers and admins: keep a table of levels."""
    settings = lab_of(request)
    try:
        table = _typed(title, levels, same_people=same_people)
    except TypedError as error:
        return _competence(request, 400, fault=error, title=title, levels=levels, same=same_people)
    entered = CompetenceTable(str(uuid4()), title.strip(), same_people, table, datetime.now(UTC))
    with writing(request.app.state.engine) as connection:
        template.add_competence(connection, settings.study.id, entered, person.name)
    return RedirectResponse(f"{pages_of(request)}/competence", 303)


def _typed(title: str, levels: str, *, same_people: bool) -> Levels:
    if not title.strip():
        raise TypedError(Fault.TITLE)
    return read_levels(levels, same_people=same_people)


@router.post("/competence/remove")
def remove_competence(
    request: Request, _person: Researcher, table: Annotated[str, Form(max_length=36)]
) -> Response:
    """For researchers and admins: take a table of levels away."""
    settings = lab_of(request)
    with writing(request.app.state.engine) as connection:
        template.remove_competence(connection, settings.study.id, table)
    return RedirectResponse(f"{pages_of(request)}/competence", 303)


def _competence(  # noqa: PLR0913  what was typed, to be shown again
    request: Request,
    status: int = 200,
    *,
    fault: TypedError | None = None,
    title: str = "",
    levels: str = EXAMPLE,
    same: bool = False,
) -> Response:
    settings = lab_of(request)
    with reading(request.app.state.engine) as connection:
        tables = compared_tables(connection, settings.study.id)
    return page(
        request,
        "usage/competence.html",
        status=status,
        tables=tables,
        fault=fault,
        title_typed=title,
        levels=levels,
        same=same,
        xsrf=xsrf_token(request),
        **_words(request),
    )


def compared_tables(
    connection: Connection, study: str
) -> list[tuple[CompetenceTable, ChiSquare | MarginalHomogeneity]]:
    """Give the study's tables of levels, each with its test."""
    return [
        (one, compared(one.table, same_people=one.same_people))
        for one in template.competence_tables(connection, study)
    ]


def _words(request: Request) -> dict[str, Any]:
    settings = lab_of(request)
    language = language_of(request)
    return {"said": Wording(language, settings.lab.time_zone), "words": TemplateWords(language)}
