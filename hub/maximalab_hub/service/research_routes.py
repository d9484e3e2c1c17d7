"""The study page. Each look is recorded before anything is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response

from maximalab_hub.drawings.bars import settings_chart, settings_drawing
from maximalab_hub.events import Kind
from maximalab_hub.export.formats import Format, TableName
from maximalab_hub.service import PREFIX, export_routes, my_data_routes
from maximalab_hub.service.asked import Asked, record
from maximalab_hub.service.auth import AnyPerson, researcher, xsrf_token
from maximalab_hub.service.kept import Reckoning, kept_of
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.pages import page
from maximalab_hub.service.saying import said_to
from maximalab_hub.setting import Setting
from maximalab_hub.stats import Wilcoxon
from maximalab_hub.store import research, studies
from maximalab_hub.store.marks import mark_of
from maximalab_hub.store.research import snapshot
from maximalab_hub.study import (
    STUDIED,
    Coverage,
    Study,
    comparison,
    coverage,
    last_observations,
    study_of,
    timetables_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from maximalab_hub.compare import Comparison
    from maximalab_hub.export.columns import Observation
    from maximalab_hub.service.questions import Question
    from maximalab_hub.settings import Settings
    from maximalab_hub.store.research import Selection

LAST_EVENTS: Final = 50

router = APIRouter(prefix=PREFIX)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the page shows of one state of the store."""

    covered: Coverage
    compared: Comparison
    events: Sequence[Observation]


@router.get("/")
def study_page(request: Request, person: AnyPerson, asked: Asked, *, fresh: bool = False) -> Response:
    """For researchers and admins: last events and comparison. Others are told whom the page is for.

    From what was reckoned last, and says so where something came since; reckoned anew where that is asked for.
    """
    if not researcher(person):
        return page(request, "usage/for_researchers.html", status=403)
    settings = lab_of(request)
    record(request, person, Kind.LOOK, asked)
    engine, kept = request.app.state.engine, request.app.state.kept
    answer = kept.answer(engine, _reckoning(settings, asked), fresh=fresh)
    with snapshot(engine) as connection:
        counting = studies.counting(request.app.state.settings, connection)
        courses = research.courses(connection)
    found: Findings = answer.what
    said = said_to(request)
    chart = settings_chart(found.compared, said)
    return page(
        request,
        "usage/study.html",
        title=settings.study.title.text(said.language),
        this=settings.study.id,
        asks_code=settings.study.asks_code,
        counting=counting,
        asked=asked,
        as_of=answer.as_of,
        xsrf=xsrf_token(request),
        courses=courses,
        kinds=STUDIED,
        formats=tuple(Format),
        tables_of=tuple(TableName),
        said=said,
        settings_of=tuple(Setting),
        drawing=settings_drawing(chart, said) if chart else None,
        admin=person.admin,
        tested=isinstance(found.compared.errors, Wilcoxon),
        covered=found.covered,
        compared=found.compared,
        events=found.events,
    )


def _reckoning(settings: Settings, asked: Question) -> Reckoning[Findings]:
    study, selection = study_of(settings), asked.selection(settings.lab.time_zone)

    def read(connection: Connection) -> Callable[[], Findings]:
        found = _findings(connection, study, selection)
        return lambda: found

    return Reckoning(
        ("study page", *kept_of(study), asked),
        lambda connection: mark_of(connection, study.id, selection, of_the_hub=True),
        read,
        lambda _: LAST_EVENTS,
    )


def _findings(connection: Connection, study: Study, selection: Selection) -> Findings:
    """Read everything from one state of the store."""
    timetables = timetables_of(connection, study)
    return Findings(
        coverage(connection, study, selection, of_course=selection.course is not None),
        comparison(connection, study, selection, timetables),
        last_observations(connection, study, selection, LAST_EVENTS, timetables),
    )


router.include_router(export_routes.router)
router.include_router(my_data_routes.router)
