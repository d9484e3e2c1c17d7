"""Who is spoken to: how an answer says values, and what it calls courses and materials, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_hub.catalogue import read_or_warn
from maximalab_hub.service.pages import language_of
from maximalab_hub.service.wording import Wording

if TYPE_CHECKING:
    from fastapi import Request

    from maximalab_hub.settings import Settings


def said_to(request: Request) -> Wording:
    """Give the words for whoever asks."""
    settings: Settings = request.app.state.settings
    known = read_or_warn(request.app.state.catalogue)
    return Wording(language_of(request), settings.lab.time_zone, known)
