"""Pages and exports for researchers. Each look and each export is recorded before anything is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from maximalab_hub.events import Kind
from maximalab_hub.export.columns import codebook
from maximalab_hub.export.csv import write_csv
from maximalab_hub.service import PREFIX, my_data_routes
from maximalab_hub.service.asked import Asked, record
from maximalab_hub.service.auth import AnyPerson, Researcher, researcher
from maximalab_hub.service.chart import bars
from maximalab_hub.service.pages import language_of, page
from maximalab_hub.service.wording import Wording
from maximalab_hub.setting import Setting
from maximalab_hub.stats import Wilcoxon
from maximalab_hub.store import research
from maximalab_hub.store.research import snapshot
from maximalab_hub.study import (
    STUDIED,
    Study,
    comparison,
    coverage,
    last_observations,
    observations,
    study_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from maximalab_hub.settings import Settings
    from maximalab_hub.store.research import Selection

LAST_EVENTS: Final = 50

router = APIRouter(prefix=PREFIX)


@router.get("/")
def study_page(request: Request, person: AnyPerson, asked: Asked) -> Response:
    """For researchers and admins: last events and comparison. Others are told whom the page is for."""
    if not researcher(person):
        return page(request, "usage/for_researchers.html", status=403)
    settings: Settings = request.app.state.settings
    study = study_of(settings)
    record(request, person, Kind.LOOK, asked)
    found = _findings(request.app.state.engine, study, asked.selection(settings.lab.time_zone))
    said = Wording(language_of(request), settings.lab.time_zone)
    return page(
        request,
        "usage/study.html",
        title=settings.study.title.text(said.language),
        asked=asked,
        kinds=STUDIED,
        said=said,
        settings_of=tuple(Setting),
        chart=bars(found["compared"], said),
        tested=isinstance(found["compared"].errors, Wilcoxon),
        **found,
    )


@router.get("/export.csv")
def export_csv(request: Request, person: Researcher, asked: Asked) -> Response:
    """For researchers and admins: the chosen events as CSV."""
    settings: Settings = request.app.state.settings
    study = study_of(settings)
    record(request, person, Kind.EXPORT, asked)
    rows = _lines(request.app.state.engine, study, asked.selection(settings.lab.time_zone))
    headers = {"Content-Disposition": f'attachment; filename="{study.id}-events.csv"'}
    return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/codebook.json")
def export_codebook(_person: Researcher) -> Response:
    """For researchers and admins: what the columns of an export mean."""
    headers = {"Content-Disposition": 'attachment; filename="codebook.json"'}
    return JSONResponse(codebook(), headers=headers)


def _findings(engine: Engine, study: Study, selection: Selection) -> dict[str, Any]:
    """Read everything that the page shows from one state of the store."""
    with snapshot(engine) as connection:
        return {
            "covered": coverage(connection, study, selection),
            "compared": comparison(connection, study, selection),
            "events": last_observations(connection, study, selection, LAST_EVENTS),
            "courses": research.courses(connection),
        }


def _lines(engine: Engine, study: Study, selection: Selection) -> Iterator[bytes]:
    with snapshot(engine) as connection:
        yield from write_csv(observations(connection, study, selection))


router.include_router(my_data_routes.router)
