"""`GET <base>/maximalab/open?material=<id>&lang=<uk|en>`: the last step from a click to a notebook."""

from __future__ import annotations

import asyncio
import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_escape, url_path_join
from tornado import web

from maximalab_materials.language import set_language, settings_folder
from maximalab_materials.opening import Offer, Opened, open_beside, open_material
from maximalab_materials.refusals import Reason, Refused
from maximalab_materials.store import handed_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_server.serverapp import ServerApp

LANGUAGES = ("uk", "en")
_PAGES = Environment(loader=PackageLoader("maximalab_materials"), autoescape=True)


def _load_jupyter_server_extension(app: ServerApp) -> None:
    path = url_path_join(app.base_url, "/maximalab/open")
    app.web_app.add_handlers(".*$", [(path, OpenHandler)])  # type: ignore[no-untyped-call]


class OpenHandler(JupyterHandler):
    """Opens a material, or says in the reader's language why not and what to do."""

    @cached_property
    def nonce(self) -> str:
        """The word that lets this page's own style in; drawn at first need, which is before `initialize`."""
        return secrets.token_urlsafe(16)

    @property
    def content_security_policy(self) -> str:
        """Allow the page's own style and a form to this server; nothing from elsewhere, and no script."""
        return (
            f"default-src 'none'; style-src 'nonce-{self.nonce}'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'self'"
        )

    @web.authenticated
    async def get(self) -> None:
        """Open the material in the student's own copy, or ask."""
        await self._answer(beside=False)

    @web.authenticated
    async def post(self) -> None:
        """Put the newest version beside the student's copy, as the page has offered, and open it there."""
        await self._answer(beside=True)

    async def _answer(self, *, beside: bool) -> None:
        material = self.get_argument("material", "")
        try:
            result = await asyncio.to_thread(self._open, material, beside=beside)
        except Refused as refused:
            self.log.warning("material %r was not opened: %s", material[:48], refused.reason.name)
            self._refuse(refused.reason)
            return
        if isinstance(result, Offer):
            self._page("offer.html", 200, offer=result, material=material, xsrf=self.xsrf_token.decode())
            return
        self.redirect(url_path_join(self.base_url, "lab/tree", url_escape(result.notebook)), status=303)

    def _open(self, material: str, *, beside: bool) -> Opened | Offer:
        store = os.environ.get("MAXIMALAB_MATERIALS")
        if not store:
            raise Refused(Reason.NO_STORE)
        material = handed_id(material, os.environ.get("MAXIMALAB_MAY_OPEN", ""))
        root = Path(self.contents_manager.root_dir)
        if beside:
            return open_beside(Path(store), root, material, self.language)
        keep = self.get_argument("keep", "") == "1"
        result = open_material(Path(store), root, material, self.language, keep=keep)
        if isinstance(result, Opened):
            self._speak()
        return result

    def _speak(self) -> None:
        """Set the language of JupyterLab and of kernels that start later.

        A notebook in the wrong frame is better than no notebook.
        """
        os.environ["MAXIMALAB_LANG"] = self.language  # which a kernel inherits
        try:
            if self.serverapp:
                set_language(settings_folder(self.serverapp), self.language)
        except OSError as error:
            self.log.warning("JupyterLab's display language could not be set: %s", error)

    @property
    def language(self) -> str:
        """The reader's language: the link's, else the server's, else Ukrainian."""
        asked = (self.get_argument("lang", ""), os.environ.get("MAXIMALAB_LANG", ""))
        return next((each for each in asked if each in LANGUAGES), LANGUAGES[0])

    def _refuse(self, reason: Reason) -> None:
        order = (self.language, *(each for each in LANGUAGES if each != self.language))
        words = [(each, reason.words(each)) for each in order]
        self._page("refused.html", reason.status, words=words)

    def _page(self, name: str, status: int, **values: object) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        where = {"here": url_path_join(self.base_url, "/maximalab/open"), "my_lab": my_lab(os.environ)}
        page = _PAGES.get_template(name)
        self.finish(page.render(language=self.language, nonce=self.nonce, **where, **values))


def my_lab(environment: Mapping[str, str]) -> str | None:
    """Give the path of My lab at whichever entrance the page was asked at; None for a server without a hub."""
    hub = environment.get("JUPYTERHUB_BASE_URL")
    return url_path_join(hub, "hub/lab") if hub else None
