"""What a researcher's request asks for, and the record that it was asked."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from maximalab_hub.catalogue import read_or_warn
from maximalab_hub.service import PREFIX
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.questions import Question, read_question
from maximalab_hub.store import research
from maximalab_hub.store.engine import reading

if TYPE_CHECKING:
    from maximalab_spawner.tiers import Person

    from maximalab_hub.events import Kind
    from maximalab_hub.export_log import Entry
    from maximalab_hub.service.own_events import OwnEvents


def question(request: Request) -> Question:
    """Read what is asked for from the address."""
    zone = ZoneInfo(request.app.state.settings.lab.time_zone)
    return read_question(request.query_params, datetime.now(zone).date())


Asked = Annotated[Question, Depends(question)]


def record(
    request: Request,
    person: Person,
    kind: Kind,
    asked: Question,
    *,
    of_the_study: bool = True,
    **more: object,
) -> Entry:
    """Record who looks at what, before it is shown; `more` is told besides. Give its entry of the export log."""
    detail = {"page": request.url.path.removeprefix(PREFIX), **asked.values, **more}
    own: OwnEvents = request.app.state.own_events
    study = lab_of(request).study.id if of_the_study else None
    return own.record(kind, person.name, course=_known(request, asked.course), detail=detail, study=study)


def _known(request: Request, course: str | None) -> str | None:
    """Give a course that there is: a word that was typed for one would be a course from then on, in every menu."""
    catalogue = read_or_warn(request.app.state.catalogue)
    if course is None or (catalogue and any(one.id == course for one in catalogue.courses)):
        return course
    with reading(request.app.state.engine) as connection:
        return course if course in research.courses(connection) else None
