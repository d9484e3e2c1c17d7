"""The study page. Each look is recorded before anything is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request, Response

from maximalab_hub.drawings.bars import settings_chart, settings_drawing
from maximalab_hub.events import Kind
from maximalab_hub.export.formats import Format, TableName
from maximalab_hub.service import PREFIX, export_routes, my_data_routes
from maximalab_hub.service.asked import Asked, record
from maximalab_hub.service.auth import AnyPerson, researcher
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.pages import language_of, page
from maximalab_hub.service.wording import Wording
from maximalab_hub.setting import Setting
from maximalab_hub.stats import Wilcoxon
from maximalab_hub.store import research, studies
from maximalab_hub.store.engine import reading
from maximalab_hub.store.research import snapshot
from maximalab_hub.study import (
    STUDIED,
    Study,
    comparison,
    coverage,
    last_observations,
    study_of,
    timetables_of,
)

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from maximalab_hub.store.research import Selection

LAST_EVENTS: Final = 50

router = APIRouter(prefix=PREFIX)


@router.get("/")
def study_page(request: Request, person: AnyPerson, asked: Asked) -> Response:
    """For researchers and admins: last events and comparison. Others are told whom the page is for."""
    if not researcher(person):
        return page(request, "usage/for_researchers.html", status=403)
    settings = lab_of(request)
    study = study_of(settings)
    record(request, person, Kind.LOOK, asked)
    found = _findings(request.app.state.engine, study, asked.selection(settings.lab.time_zone))
    with reading(request.app.state.engine) as connection:
        counting = studies.counting(request.app.state.settings, connection)
    said = Wording(language_of(request), settings.lab.time_zone)
    chart = settings_chart(found["compared"], said)
    return page(
        request,
        "usage/study.html",
        title=settings.study.title.text(said.language),
        this=settings.study.id,
        counting=counting,
        asked=asked,
        kinds=STUDIED,
        formats=tuple(Format),
        tables_of=tuple(TableName),
        said=said,
        settings_of=tuple(Setting),
        drawing=settings_drawing(chart, said) if chart else None,
        admin=person.admin,
        tested=isinstance(found["compared"].errors, Wilcoxon),
        **found,
    )


def _findings(engine: Engine, study: Study, selection: Selection) -> dict[str, Any]:
    """Read everything that the page shows from one state of the store."""
    with snapshot(engine) as connection:
        timetables = timetables_of(connection, study)
        return {
            "covered": coverage(connection, study, selection, of_course=selection.course is not None),
            "compared": comparison(connection, study, selection, timetables),
            "events": last_observations(connection, study, selection, LAST_EVENTS, timetables),
            "courses": research.courses(connection),
        }


router.include_router(export_routes.router)
router.include_router(my_data_routes.router)
