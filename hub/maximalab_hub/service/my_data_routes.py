"""My data: what is recorded about me, my consent to each study, and my own events to take away."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from maximalab_hub.cellcode import AGREED_TOO
from maximalab_hub.consent import latest
from maximalab_hub.export.columns import COLUMNS, Observation
from maximalab_hub.export.csv import write_csv
from maximalab_hub.export.dataset import archived
from maximalab_hub.known import archive, counts
from maximalab_hub.service import PREFIX
from maximalab_hub.service.auth import AnyPerson, xsrf_token
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.own_events import log_names_of
from maximalab_hub.service.pages import page
from maximalab_hub.service.saying import said_to
from maximalab_hub.store import erasing, queries, research, studies
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.research import snapshot
from maximalab_hub.study import study_of, timetables_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine, Row

    from maximalab_hub.compare import Timetables
    from maximalab_hub.settings import Settings
    from maximalab_hub.settings_sections import StudySection

LAST_EVENTS: Final = 50
KEPT_BACK: Final = frozenset({"boot_id", "seq"})
"""Numbers of the transport, which say nothing about the person."""

router = APIRouter()


@router.get("/me")
def my_data(request: Request, person: AnyPerson) -> Response:
    """For everybody, about themselves: what is recorded, and the question of consent."""
    settings: Settings = request.app.state.settings
    with reading(request.app.state.engine) as connection:
        known = _known_about(connection, person.name, settings)
    said = said_to(request)
    return page(
        request,
        "usage/me.html",
        said=said,
        xsrf=xsrf_token(request),
        teaches=bool(person.teaches),
        **known,
    )


@router.post("/me/consent")
def decide(
    request: Request,
    person: AnyPerson,
    study: Annotated[str, Form(max_length=41)],
    decision: Annotated[Literal["agree", "withdraw"], Form()],
    version: Annotated[int, Form()],
) -> Response:
    """For everybody, about themselves: agree to a study, or withdraw. Earlier decisions stay."""
    settings: Settings = request.app.state.settings
    with writing(request.app.state.engine) as connection:
        now = {one.id: one.consent_version for one in studies.counting(settings, connection)}
        # Who read an older text has not agreed to this one: the page is shown again, with the new text.
        if now.get(study) == version:
            queries.record_consent(
                connection,
                user=person.name,
                study=study,
                agreed=decision == "agree",
                decided_at=datetime.now(UTC),
                consent_version=version,
            )
    request.app.state.kept.clear()
    return RedirectResponse(f"{PREFIX}/me", 303)


@router.get("/me/events.csv")
def my_events_csv(request: Request, person: AnyPerson) -> Response:
    """For everybody: one's own events as CSV, in the columns of the study and under one's own name."""
    headers = {"Content-Disposition": 'attachment; filename="my-events.csv"'}
    lines = _own_csv(request.app.state.engine, lab_of(request), person.name)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/me/events.json")
def my_events_json(request: Request, person: AnyPerson) -> Response:
    """For everybody: all that is stored about one's own events, as JSON."""
    headers = {"Content-Disposition": 'attachment; filename="my-events.json"'}
    lines = _own_json(request.app.state.engine, person.name)
    return StreamingResponse(lines, media_type="application/json", headers=headers)


@router.get("/me/data.zip")
def my_data_zip(request: Request, person: AnyPerson) -> Response:
    """For everybody: all that the store knows about oneself, every table and column, as JSON and CSV."""
    headers = {"Content-Disposition": 'attachment; filename="my-data.zip"'}
    parts = _own_archive(request.app.state.engine, lab_of(request), person.name)
    return StreamingResponse(parts, media_type="application/zip", headers=headers)


def _own_archive(engine: Engine, settings: Settings, user: str) -> Iterator[bytes]:
    with snapshot(engine) as connection:
        yield from archived(archive(connection, user, log_names_of(settings)))


def _known_about(connection: Connection, user: str, settings: Settings) -> dict[str, Any]:
    asked = erasing.requests(connection, user)
    questions = [_question(connection, user, study) for study in studies.counting(settings, connection)]
    return {
        "stored": counts(connection, user, log_names_of(settings)),
        "asked_at": asked[0].asked_at if asked else None,
        "counts": research.events_by_kind(connection, user),
        "events": queries.last_events(connection, LAST_EVENTS, users=[user]),
        "questions": questions,
        "code_is_asked": any(one["study"].asks_code for one in questions),
        "agreed_too": AGREED_TOO,
    }


def _question(connection: Connection, user: str, study: StudySection) -> dict[str, Any]:
    decision = latest(research.decisions(connection, study.id, user=user)).get(user)
    current = bool(decision and decision.version == study.consent_version)
    return {
        "study": study,
        "decision": decision,
        "agrees": bool(decision and decision.agreed and current),
        "text_is_new": bool(decision and not current),
    }


def _own_csv(engine: Engine, settings: Settings, user: str) -> Iterator[bytes]:
    with reading(engine) as connection:
        timetables = timetables_of(connection, study_of(settings))
        rows = queries.events_between(connection, users=[user])
        yield from write_csv((_as_it_is(row, timetables) for row in rows), COLUMNS)


def _as_it_is(row: Row[Any], timetables: Timetables) -> Observation:
    """See one's own event in the study's columns, with nothing hidden."""
    values = row._mapping  # noqa: SLF001  SQLAlchemy's public name for a row's values by column
    taken = {name: values[name] for name in Observation.__slots__ if name in values}
    return Observation(**taken, person=row.user, setting=timetables.setting_of(row.user, row.course, row.at))


def _own_json(engine: Engine, user: str) -> Iterator[str]:
    with reading(engine) as connection:
        separator = "["
        for row in queries.events_between(connection, users=[user]):
            kept = {name: value for name, value in row._mapping.items() if name not in KEPT_BACK}  # noqa: SLF001
            yield separator + json.dumps(kept, ensure_ascii=False, default=datetime.isoformat)
            separator = ",\n"
        yield "[]\n" if separator == "[" else "]\n"
