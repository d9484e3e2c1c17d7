"""The study's report, as a page and as a PDF, and a PDF of printed averages that were checked; for researchers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response

from maximalab_hub.events import Kind
from maximalab_hub.paper.press import pdf
from maximalab_hub.paper.study_report import checked_report, study_report
from maximalab_hub.ratings import LEAST_EXPERTS, Summary, check, summary
from maximalab_hub.service import PREFIX
from maximalab_hub.service.auth import Researcher  # noqa: TC001  FastAPI reads it at run time
from maximalab_hub.service.competence_routes import compared_tables
from maximalab_hub.service.errors import problem
from maximalab_hub.service.given import PDF, given, printer_of
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.pages import page
from maximalab_hub.service.ratings_routes import AVERAGES, PAPERS_EXPERTS
from maximalab_hub.store import template
from maximalab_hub.store.engine import reading
from maximalab_hub.typed import TypedError

if TYPE_CHECKING:
    from datetime import datetime

    from maximalab_spawner.tiers import Person
    from sqlalchemy import Connection

    from maximalab_hub.export_log import Entry
    from maximalab_hub.settings import Settings
    from maximalab_hub.stats import ChiSquare, MarginalHomogeneity
    from maximalab_hub.store.template import CompetenceTable, Panel

router = APIRouter(prefix=PREFIX)


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report tells of: tables of levels and panels, each with what it comes to."""

    tables: list[tuple[CompetenceTable, ChiSquare | MarginalHomogeneity]]
    panels: list[tuple[Panel, Summary | None]]
    as_of: datetime | None
    """The newest moment at which anything of it was entered or answered."""


@router.get("/report")
def report_page(request: Request, _person: Researcher) -> Response:
    """For researchers and admins: levels and ratings with words, to be read or printed."""
    settings = lab_of(request)
    found, by = _reported(request, settings), printer_of(request)
    return page(
        request,
        "usage/report.html",
        study=settings.study,
        tables=found.tables,
        panels=found.panels,
        least_experts=LEAST_EXPERTS,
        said=by.said,
        words=by.words,
    )


@router.get("/report.pdf")
def report_pdf(request: Request, person: Researcher) -> Response:
    """For researchers and admins: the same as PDF; the same store gives the same bytes. The export is recorded."""
    settings = lab_of(request)
    entry = _record(request, person, settings)
    found, by = _reported(request, settings), printer_of(request)
    made = pdf(study_report(by, found.tables, found.panels, found.as_of))
    return given(request, entry, made, f"{settings.study.id}-report-{by.said.language}.pdf", PDF)


@router.get("/ratings/check.pdf")
def check_pdf(
    request: Request,
    person: Researcher,
    averages: Annotated[str | None, Query(max_length=10_000)] = None,
    experts: Annotated[int, Query(ge=1, le=100_000)] = PAPERS_EXPERTS,
) -> Response:
    """For researchers and admins: printed averages that were checked (GRIM) as PDF. The export is recorded."""
    settings = lab_of(request)
    by = printer_of(request)
    try:
        checked = check(AVERAGES[by.said.language] if averages is None else averages, experts)
    except TypedError as error:
        raise problem(400, "averages", by.words.fault(error)) from error
    entry = _record(request, person, settings)
    return given(
        request, entry, pdf(checked_report(by, checked)), f"averages-checked-{by.said.language}.pdf", PDF
    )


def _record(request: Request, person: Person, settings: Settings) -> Entry:
    detail = {"page": request.url.path.removeprefix(PREFIX)}
    entry: Entry = request.app.state.own_events.record(
        Kind.EXPORT, person.name, detail=detail, study=settings.study.id
    )
    return entry


def _reported(request: Request, settings: Settings) -> Reported:
    with reading(request.app.state.engine) as connection:
        tables = compared_tables(connection, settings.study.id)
        panels = list(reversed(template.panels(connection, settings.study.id)))
        found = [(one, summary(one.criteria, template.answers(connection, one.panel_id))) for one in panels]
        moments = [one.made_at for one, _ in tables]
        moments += [at for one, told in found for at in _moments(connection, one, answers=told is not None)]
    return Reported(tables, found, max(moments, default=None))


def _moments(connection: Connection, panel: Panel, *, answers: bool) -> list[datetime]:
    """Give when the panel was made and closed, and when its experts answered, where their answers are told."""
    invited = template.invitations(connection, panel.panel_id) if answers else []
    return [at for at in (panel.made_at, panel.closed_at, *(one.answered_at for one in invited)) if at]
