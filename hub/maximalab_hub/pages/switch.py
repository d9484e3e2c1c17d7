"""The language switch, and the lab's own static files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tornado.web import StaticFileHandler

from maximalab_hub.language import keep_choice
from maximalab_hub.pages.handler import LabHandler
from maximalab_hub.pages.local_path import local_path

if TYPE_CHECKING:
    from maximalab_hub.settings_sections import Language


class LanguageHandler(LabHandler):
    """`GET /hub/language/<uk|en>?next=<local path>`: keeps the person's choice of language in a cookie."""

    def get(self, language: Language) -> None:
        """Keep the choice and go back to where the person was."""
        keep_choice(self, language)
        self.redirect(local_path(self.get_argument("next", None), otherwise=f"{self.hub.base_url}lab"))


class LabStaticHandler(StaticFileHandler):
    """`GET /hub/lab-static/<file>`: styles and scripts of the hub's pages and of the usage service's."""

    def set_extra_headers(self, path: str) -> None:
        """Let no browser guess another type than the one said."""
        del path
        self.set_header("X-Content-Type-Options", "nosniff")
