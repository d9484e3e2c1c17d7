"""Exports for researchers, streamed while they are made. Each is recorded before anything is sent."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from maximalab_hub.events import Kind
from maximalab_hub.export.code import CODE
from maximalab_hub.export.columns import COLUMNS, codebook
from maximalab_hub.export.csv import write_csv
from maximalab_hub.export.dataset import zipped
from maximalab_hub.export.formats import TABLES, Format, TableName
from maximalab_hub.export.opening import opened
from maximalab_hub.service.asked import Asked, record
from maximalab_hub.service.auth import Researcher  # noqa: TC001  FastAPI reads it at run time
from maximalab_hub.service.errors import problem
from maximalab_hub.service.given import attached
from maximalab_hub.service.lab import lab_of
from maximalab_hub.store.research import snapshot
from maximalab_hub.study import Study, observations, study_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Engine

    from maximalab_hub.export.dataset import Seal
    from maximalab_hub.settings import Settings
    from maximalab_hub.store.research import Selection

router = APIRouter()


@router.get("/export.csv")
def export_csv(request: Request, person: Researcher, asked: Asked) -> Response:
    """For researchers and admins: the chosen events as CSV."""
    settings = lab_of(request)
    study = study_of(settings)
    entry = record(request, person, Kind.EXPORT, asked)
    lines = _lines(request.app.state.engine, study, asked.selection(settings.lab.time_zone))
    rows = _sealed(lines, lambda told: request.app.state.own_events.exported(entry, told))
    headers = attached(f"{study.id}-events.csv", entry)
    return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/export.zip")
def export_zip(
    request: Request,
    person: Researcher,
    asked: Asked,
    form: Annotated[str, Query(alias="format", max_length=20)] = Format.CSV,
    table: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """For researchers and admins: tables of the chosen events in a format, with codebook, manifest, citation."""
    settings = lab_of(request)
    chosen, tables = _form_of(form), _tables_of(table)
    study = study_of(settings)
    entry = record(request, person, Kind.EXPORT, asked, format=chosen.value, tables=list(tables))
    selection = asked.selection(settings.lab.time_zone)
    parts = _archive(
        request.app.state.engine,
        settings,
        study,
        selection,
        chosen,
        tables,
        lambda told: request.app.state.own_events.exported(entry, told),
    )
    headers = attached(f"{study.id}-{chosen.value}.zip", entry)
    return StreamingResponse(parts, media_type="application/zip", headers=headers)


@router.get("/codebook.json")
def export_codebook(request: Request, _person: Researcher) -> Response:
    """For researchers and admins: what the columns of an export mean."""
    tables = [*TABLES.values(), *([CODE] if lab_of(request).study.asks_code else ())]
    headers = {"Content-Disposition": 'attachment; filename="codebook.json"'}
    return JSONResponse(codebook(tables), headers=headers)


def _form_of(word: str) -> Format:
    if word not in set(Format):
        raise problem(400, "format", f"there is no such format; choose one of {', '.join(Format)}")
    return Format(word)


def _tables_of(word: str) -> tuple[TableName, ...]:
    if word and word not in set(TableName):
        raise problem(400, "table", f"there is no such table; choose one of {', '.join(TableName)}")
    return (TableName(word),) if word else tuple(TableName)


def _lines(engine: Engine, study: Study, selection: Selection) -> Iterator[bytes]:
    with snapshot(engine) as connection:
        yield from write_csv(observations(connection, study, selection), COLUMNS)


def _sealed(parts: Iterable[bytes], seal: Seal) -> Iterator[bytes]:
    """Give the parts on, and before the last of them log what all of them are: what is whole has its entry."""
    digest, before = sha256(), b""
    for part in parts:
        yield before
        digest.update(part)
        before = part
    seal({"sha256": digest.hexdigest()})
    yield before


def _archive(  # noqa: PLR0913, PLR0917  what is exported, from where and how
    engine: Engine,
    settings: Settings,
    study: Study,
    selection: Selection,
    form: Format,
    tables: tuple[TableName, ...],
    seal: Seal,
) -> Iterator[bytes]:
    with snapshot(engine) as connection:
        yield from zipped(*opened(connection, settings, study, selection, form=form, tables=tables), seal)
