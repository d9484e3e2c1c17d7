"""What servers used and what that costs: a page and a table for the admin. Each look is recorded first."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response

from maximalab_hub.costs import Metered, accounts, total
from maximalab_hub.events import Kind
from maximalab_hub.export.columns import Column
from maximalab_hub.export.csv import write_csv
from maximalab_hub.service import PREFIX
from maximalab_hub.service.asked import Asked, record
from maximalab_hub.service.auth import Admin  # noqa: TC001  FastAPI reads it at run time
from maximalab_hub.service.errors import N_
from maximalab_hub.service.given import given
from maximalab_hub.service.pages import page
from maximalab_hub.service.saying import said_to
from maximalab_hub.store import research
from maximalab_hub.store.metered import gaps, metered, unmetered
from maximalab_hub.store.research import snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from maximalab_hub.service.questions import Question
    from maximalab_hub.settings import Settings

COLUMNS: Final[tuple[Column[Metered], ...]] = (
    Column("person", "text", lambda row: row.user, "The account."),
    Column("server", "text", lambda row: row.server, "The named server: tier and image."),
    Column("course", "text", lambda row: row.course, "The course of the material that it was opened for."),
    Column("cpu_ms", "integer", lambda row: row.use.cpu_ms, "Processor time.", unit="ms"),
    Column("memory_mib_s", "integer", lambda row: row.use.mib_seconds, "Memory over time.", unit="MiB·s"),
    Column("server_ms", "integer", lambda row: row.use.server_ms, "How long it was metered.", unit="ms"),
)
WHY_MISSING: Final[Mapping[str, str]] = {
    "local": N_(
        "Servers here are processes of this machine, and what runs now is told every five minutes. So it is where a"
        " server has run for less, ended within its first half minute, or ended while no hub ran."
    ),
    "docker": N_(
        "So it is where a Docker engine does not count or did not answer, and where a server ended while no hub ran."
    ),
    "swarm": N_(
        "So it is where a Docker Swarm has no meters or a node of it was not heard of, and where a server ended while"
        " no hub ran."
    ),
}
"""By the kind of the lab's backends, all of which are of one kind."""

router = APIRouter(prefix=PREFIX)


@router.get("/costs")
def costs_page(request: Request, person: Admin, asked: Asked) -> Response:
    """For admins: processor time and memory by course, person and server, and their price."""
    record(request, person, Kind.LOOK, asked, of_the_study=False)
    settings: Settings = request.app.state.settings
    rows, courses = _read(request, asked)
    with snapshot(request.app.state.engine) as connection:
        missing = unmetered(connection, asked.selection(settings.lab.time_zone))
        silent = {(one.backend, one.tier) for one in missing}
        partly = gaps(connection, asked.selection(settings.lab.time_zone))
    return page(
        request,
        "usage/costs.html",
        asked=asked,
        courses=courses,
        rows=rows,
        missing=missing,
        why_missing=WHY_MISSING.get(kind_of_servers(settings.backends.file), WHY_MISSING["docker"]),
        gaps=[one for one in partly if (one.backend, one.tier) not in silent],
        total=total(rows),
        tables={
            "course": accounts(rows, lambda row: row.course),
            "person": accounts(rows, lambda row: row.user),
            "server": accounts(rows, lambda row: row.server),
        },
        prices=settings.metering,
        priced=settings.metering.cpu_hour > 0 or settings.metering.memory_gib_hour > 0,
        said=said_to(request),
    )


@router.get("/costs.csv")
def costs_csv(request: Request, person: Admin, asked: Asked) -> Response:
    """For admins: the same by person, server and course, as CSV that is safe to open in a spreadsheet."""
    entry = record(request, person, Kind.EXPORT, asked, of_the_study=False)
    rows, _ = _read(request, asked)
    content = b"".join(write_csv(rows, COLUMNS))
    return given(request, entry, content, "costs.csv", "text/csv; charset=utf-8")


def kind_of_servers(file: Path) -> str:
    """Read in the file of backends what servers are: local, docker, swarm; nothing where it cannot be read."""
    try:
        records = tomllib.loads(file.read_text(encoding="utf-8")).get("backend", [])
        return str(records[0]["kind"])
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
    ):  # the hub and `maximalab doctor` say what is wrong with it
        return ""


def _read(request: Request, asked: Question) -> tuple[list[Metered], list[str]]:
    zone = request.app.state.settings.lab.time_zone
    with snapshot(request.app.state.engine) as connection:
        return metered(connection, asked.selection(zone)), list(research.courses(connection))
