"""The export log as a page. Looking at it is no look at anybody's records, and makes no entry."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from maximalab_hub.export_log import verify
from maximalab_hub.service import PREFIX
from maximalab_hub.service.auth import Researcher  # noqa: TC001  FastAPI reads it at run time
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.log_words import told
from maximalab_hub.service.own_events import log_names_of
from maximalab_hub.service.pages import page
from maximalab_hub.service.saying import said_to
from maximalab_hub.store import log, research
from maximalab_hub.store.research import snapshot

NEWEST: Final = 200

router = APIRouter(prefix=PREFIX)


@router.get("/export-log")
def export_log_page(request: Request, person: Researcher) -> Response:
    """For researchers, the entries of their study; for admins, all; and for both whether the log is whole."""
    settings = lab_of(request)
    study = None if person.admin else settings.study.id
    with snapshot(request.app.state.engine) as connection:
        entries = list(log.entries(connection, study=study, newest=NEWEST))
        verdict = verify(log.entries(connection), log.head(connection))
        people = research.who_looked(connection)
    names = log_names_of(settings)
    return page(
        request,
        "usage/export_log.html",
        entries=entries,
        newest=NEWEST,
        verdict=verdict,
        everything=study is None,
        named={names.of(name): name for name in people},
        said=said_to(request),
        told=told,
    )
