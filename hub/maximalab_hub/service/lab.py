"""The lab's settings as they are now: with the study that a researcher has set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_hub.store.engine import reading
from maximalab_hub.store.studies import with_study

if TYPE_CHECKING:
    from fastapi import Request

    from maximalab_hub.settings import Settings


def lab_of(request: Request) -> Settings:
    """Give the settings, with the newest study. Raises `maximalab_hub.store.engine.StoreAwayError`."""
    settings: Settings = request.app.state.settings
    with reading(request.app.state.engine) as connection:
        return with_study(settings, connection)
