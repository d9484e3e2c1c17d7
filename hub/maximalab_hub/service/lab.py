"""The lab's settings as they are now, with the study that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_hub.service.errors import problem
from maximalab_hub.service.study_in_path import study_in
from maximalab_hub.store.engine import reading
from maximalab_hub.store.studies import NoSuchStudyError, with_study

if TYPE_CHECKING:
    from fastapi import Request

    from maximalab_hub.settings import Settings


def lab_of(request: Request) -> Settings:
    """Give the settings, with the study of the address, else the newest.

    Raises an error 404 where that study does not count, or `maximalab_hub.store.engine.StoreAwayError`.
    """
    settings: Settings = request.app.state.settings
    with reading(request.app.state.engine) as connection:
        try:
            return with_study(settings, connection, study_in(request.scope))
        except NoSuchStudyError as error:
            raise problem(404, "study", str(error)) from error
