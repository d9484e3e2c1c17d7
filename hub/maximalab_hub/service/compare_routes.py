"""The comparison as a page, and as files. Each look and each download is recorded before anything is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Request, Response

from maximalab_hub.comparison.families import families
from maximalab_hub.comparison.report import Choices, Report, report
from maximalab_hub.comparison.words import Words
from maximalab_hub.comparison.writing import files
from maximalab_hub.drawings.compared import DRAWINGS, charts_of, drawings
from maximalab_hub.events import Kind
from maximalab_hub.paper.comparison_report import comparison_report
from maximalab_hub.paper.press import pdf
from maximalab_hub.service import PREFIX
from maximalab_hub.service.asked import Asked, record
from maximalab_hub.service.auth import Researcher, xsrf_token
from maximalab_hub.service.given import PDF, drawing_asked, drawing_given, given, printer_of
from maximalab_hub.service.kept import Reckoning, kept_of
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.pages import language_of, page
from maximalab_hub.service.saying import said_to
from maximalab_hub.sourcecells import exercises_of
from maximalab_hub.store import research
from maximalab_hub.store.marks import mark_of
from maximalab_hub.store.research import snapshot
from maximalab_hub.study import study_of, timetables_of, work

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from maximalab_hub.paper.printer import Printer
    from maximalab_hub.service.questions import Question
    from maximalab_hub.settings import Settings

router = APIRouter(prefix=PREFIX)


@router.get("/compare")
def compare_page(
    request: Request, person: Researcher, asked: Asked, *, grid: bool = False, fresh: bool = False
) -> Response:
    """For researchers and admins: in and out of class, group against group, cloud and own computers, with words.

    From what was reckoned last, and says so where something came since; reckoned anew where that is asked for.
    """
    settings = lab_of(request)
    record(request, person, Kind.LOOK, asked)
    engine, kept = request.app.state.engine, request.app.state.kept
    answer = kept.answer(engine, _reckoning(settings, asked, with_grid=grid), fresh=fresh)
    with snapshot(engine) as connection:
        courses = research.courses(connection)
    made: Report = answer.what
    said, words = said_to(request), Words(language_of(request))
    charts = charts_of(made, said)
    return page(
        request,
        "usage/compare.html",
        asked=asked,
        as_of=answer.as_of,
        xsrf=xsrf_token(request),
        courses=courses,
        made=made,
        said=said,
        words=words,
        with_grid=grid,
        families=families(made, words),
        charts=charts,
        drawn=drawings(charts, said),
    )


@router.get("/compare.json")
def compare_json(request: Request, person: Researcher, asked: Asked, *, grid: bool = False) -> Response:
    """For researchers and admins: the same as JSON; the same store gives the same bytes."""
    settings = lab_of(request)
    entry = record(request, person, Kind.EXPORT, asked)
    made = _compared(request, asked, with_grid=grid, with_exercises=True)
    about: dict[str, Any] = {"study": settings.study.id, "time_zone": settings.lab.time_zone, **asked.values}
    content = files(made, about)["comparison.json"]
    return given(
        request, entry, content, f"{settings.study.id}-comparison.json", "application/json; charset=utf-8"
    )


@router.get("/compare.pdf")
def compare_pdf(request: Request, person: Researcher, asked: Asked) -> Response:
    """For researchers and admins: the same as PDF, without the grid; the same store gives the same bytes."""
    by, language = printer_of(request), language_of(request)
    entry = record(request, person, Kind.EXPORT, asked)
    made = _compared(request, asked, with_grid=False)
    drawn = drawings(charts_of(made, by.said), by.said)
    content = pdf(comparison_report(by, Words(language), made, drawn.values(), _asked(by, asked)))
    return given(request, entry, content, f"{by.study}-comparison-{language}.pdf", PDF)


@router.get("/compare/{drawing}")
def compare_drawing(
    request: Request, person: Researcher, asked: Asked, drawing: Annotated[str, Path(max_length=40)]
) -> Response:
    """For researchers and admins: one drawing of the comparison as SVG or PNG, such as `week.png`."""
    settings = lab_of(request)
    name, form = drawing_asked(drawing, DRAWINGS)
    entry = record(request, person, Kind.EXPORT, asked)
    made = _compared(request, asked, with_grid=False)
    said = said_to(request)
    drawn = drawings(charts_of(made, said), said).get(name)
    return drawing_given(request, entry, drawn, f"{settings.study.id}-{name}", form)


def _asked(by: Printer, asked: Question) -> list[tuple[str, str]]:
    """Say of which events a comparison is."""
    _ = by.tr
    days = ((_("From"), asked.since), (_("Up to and with"), asked.until))
    course = [(_("Course"), by.said.course(asked.course))] if asked.course else []
    return course + [(word, by.said.calendar_day(day)) for word, day in days if day]


def _compared(request: Request, asked: Question, *, with_grid: bool, with_exercises: bool = False) -> Report:
    """Read and compare from one state of the store, whatever is kept: what is given away is as of now."""
    settings = lab_of(request)
    reckoning = _reckoning(settings, asked, with_grid=with_grid)
    with snapshot(request.app.state.engine) as connection:
        reckon = reckoning.read(connection)
        catalogue, selection = request.app.state.catalogue, asked.selection(settings.lab.time_zone)
        each = exercises_of(connection, settings, catalogue, selection) if with_exercises else ()
    return replace(reckon(), exercises=each)


def _reckoning(settings: Settings, asked: Question, *, with_grid: bool) -> Reckoning[Report]:
    study, zone = study_of(settings), settings.lab.time_zone
    selection = asked.selection(zone)
    choices = Choices(study.parameters, ZoneInfo(zone), study.pseudonyms, with_grid=with_grid)

    def read(connection: Connection) -> Callable[[], Report]:
        found, timetables = work(connection, study, selection), timetables_of(connection, study)
        return lambda: report(found, timetables, choices)

    return Reckoning(
        ("comparison", *kept_of(study), asked, with_grid),
        lambda connection: mark_of(connection, study.id, selection),
        read,
        lambda made: len(made.people or ()),
    )
