"""The sign-in page where an attempt comes too early: the same form, with the reason and the time to wait."""

from __future__ import annotations

from http import HTTPStatus
from math import ceil
from typing import Any, Final

from jupyterhub.handlers.login import LoginHandler
from tornado.web import HTTPError

from maximalab_hub.pages.handler import language_of
from maximalab_hub.pages.provider import begin_url

_ = str
"""Marks a text for translation; the page translates it into the reader's language."""

TOO_MANY: Final = _("There were too many attempts to sign in with this name or from this network.")
BUSY: Final = _("Too many people are signing in at this moment.")


class NotNowError(HTTPError):
    """An attempt to sign in is not looked at now; `said` is why, in English, to be translated."""

    def __init__(self, said: str, seconds: float) -> None:
        self.said, self.seconds = said, max(1, ceil(seconds))
        super().__init__(HTTPStatus.TOO_MANY_REQUESTS, said)


class SignInHandler(LoginHandler):  # type: ignore[misc]  # JupyterHub carries no annotations
    """JupyterHub's sign-in page; its own answer to an early attempt would be a page about servers."""

    def _render(self, **words: Any) -> Any:  # noqa: ANN401  JupyterHub's own, which is not annotated
        return super()._render(other_way=self._other_way(), **words)

    def _other_way(self) -> dict[str, str] | None:
        """Give the button of the sign-in provider, where the lab has one."""
        provider = self.authenticator.provider
        if provider is None:
            return None
        address = begin_url(self.hub.base_url, self.get_argument("next", ""))
        return {"address": address, "button": provider.section.button.text(language_of(self))}

    async def post(self) -> None:
        """Sign in, or say how long to wait."""
        try:
            await super().post()
        except NotNowError as error:
            self.set_status(error.status_code)
            self.set_header("Retry-After", str(error.seconds))
            name = self.get_argument("username", default="", strip=True)[:32]
            self.finish(await self._render(login_error=error.said, username=name, wait=error.seconds))
