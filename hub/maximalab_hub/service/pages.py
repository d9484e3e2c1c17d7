"""How a page of the service is made: the lab's frame around a template of `templates/usage/`."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from maximalab_spawner.tiers import entrance_of

from maximalab_hub.drawings.svg import on_page
from maximalab_hub.language import COOKIE, choose
from maximalab_hub.pages.frame import JINJA_OPTIONS, TEMPLATES, frame, visitor_of
from maximalab_hub.service.study_in_path import asked_at, study_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request
    from maximalab_spawner.tiers import Person

    from maximalab_hub.settings import Settings
    from maximalab_hub.settings_sections import Language


UNKNOWN: Final = 404
"""Its links lead to no study: it may be the study that is unknown."""


@cache
def _templates() -> Environment:
    return Environment(  # noqa: S701  JINJA_OPTIONS turns escaping on
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, **JINJA_OPTIONS
    )


def language_of(request: Request) -> Language:
    """Say in which language to answer."""
    settings: Settings = request.app.state.settings
    header = request.headers.get("accept-language")
    return choose(request.cookies.get(COOKIE), header, settings.lab.default_language)


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,  # noqa: ANN401  whatever the template shows
) -> HTMLResponse:
    """Render `template` in the reader's language, inside the frame, for the person whom `require` let in."""
    person: Person | None = getattr(request.state, "person", None)
    around = frame(
        request.app.state.settings,
        language=language_of(request),
        entrance=entrance_of(request.headers),
        here=asked_at(request),
        person=visitor_of(person) if person else None,
    )
    around["links"] = replace(around["links"], study=study_in(request.scope) if status != UNKNOWN else None)
    text = _templates().get_template(template).render({**around, "svg": on_page, **context})
    return HTMLResponse(text, status, dict(headers or {}))
