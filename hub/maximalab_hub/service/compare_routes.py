"""The comparison as a page, and as files. Each look and each download is recorded before anything is shown."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from maximalab_hub.comparison.findings import MOST_SHOWN, foremost
from maximalab_hub.comparison.report import Choices, Report, report
from maximalab_hub.comparison.words import Words
from maximalab_hub.comparison.writing import files
from maximalab_hub.events import Kind
from maximalab_hub.service import PREFIX
from maximalab_hub.service.asked import Asked, record
from maximalab_hub.service.auth import Researcher  # noqa: TC001  FastAPI reads it at run time
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.pages import language_of, page
from maximalab_hub.service.rhythm_chart import errors_chart, progress_chart, shares_chart, week_chart
from maximalab_hub.service.wording import Wording
from maximalab_hub.store import research
from maximalab_hub.store.research import snapshot
from maximalab_hub.study import study_of, timetables_of, work

if TYPE_CHECKING:
    from maximalab_hub.comparison.findings import Finding
    from maximalab_hub.service.questions import Question

router = APIRouter(prefix=PREFIX)


@router.get("/compare")
def compare_page(request: Request, person: Researcher, asked: Asked, *, grid: bool = False) -> Response:
    """For researchers and admins: in class against out of class, and group against group, with words."""
    settings = lab_of(request)
    record(request, person, Kind.LOOK, asked)
    made, courses = _compared(request, asked, with_grid=grid)
    language = language_of(request)
    said, words = Wording(language, settings.lab.time_zone), Words(language)
    return page(
        request,
        "usage/compare.html",
        asked=asked,
        courses=courses,
        made=made,
        said=said,
        words=words,
        with_grid=grid,
        families=_families(made, words),
        week=week_chart(made.week, language),
        shares=shares_chart(made.people or (), said),
        errors=errors_chart(made.materials, words),
        progress=progress_chart(made.progress, language),
    )


@router.get("/compare.json")
def compare_json(request: Request, person: Researcher, asked: Asked, *, grid: bool = False) -> Response:
    """For researchers and admins: the same as JSON; the same store gives the same bytes."""
    settings = lab_of(request)
    entry = record(request, person, Kind.EXPORT, asked)
    made, _ = _compared(request, asked, with_grid=grid)
    about: dict[str, Any] = {"study": settings.study.id, "time_zone": settings.lab.time_zone, **asked.values}
    headers = {"Content-Disposition": f'attachment; filename="{settings.study.id}-comparison.json"'}
    content = files(made, about)["comparison.json"]
    request.app.state.own_events.exported(entry, {"sha256": sha256(content).hexdigest()})
    return Response(content, media_type="application/json; charset=utf-8", headers=headers)


def _families(made: Report, words: Words) -> tuple[tuple[str, tuple[Finding, ...], str], ...]:
    """Give each family's title, the tests to show, and a word where these are not all."""
    found = []
    for title, every in zip(words.titles(), (made.paired, made.unpaired, made.terms), strict=True):
        shown = foremost(every, MOST_SHOWN)
        found.append((title, shown, words.not_all(len(shown), len(every)) if len(shown) < len(every) else ""))
    return tuple(found)


def _compared(request: Request, asked: Question, *, with_grid: bool) -> tuple[Report, tuple[str, ...]]:
    """Read and compare from one state of the store; name the courses that there are."""
    settings = lab_of(request)
    study, zone = study_of(settings), settings.lab.time_zone
    choices = Choices(study.parameters, ZoneInfo(zone), study.pseudonyms, with_grid=with_grid)
    with snapshot(request.app.state.engine) as connection:
        found = work(connection, study, asked.selection(zone))
        timetables = timetables_of(connection, study)
        courses = research.courses(connection)
    return report(found, timetables, choices), courses
