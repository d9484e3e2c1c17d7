"""What the hub's pages have in common: who is asking, in which language, through which entrance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.user import User
from maximalab_spawner.tiers import Entrance, Reason, entrance_of, person_of

from maximalab_hub.language import COOKIE, choose
from maximalab_hub.pages.frame import Links, frame, visitor_of
from maximalab_hub.pages.parts import SETTING, LabParts

if TYPE_CHECKING:
    from maximalab_spawner.tiers import Person

    from maximalab_hub.settings_sections import Language


def parts_of(handler: BaseHandler) -> LabParts:
    """Give the parts of the lab that were handed to the hub."""
    return cast("LabParts", handler.settings[SETTING])


def language_of(handler: BaseHandler) -> Language:
    """Say in which language to answer this request."""
    wishes = handler.request.headers.get("Accept-Language")
    return choose(handler.get_cookie(COOKIE), wishes, parts_of(handler).settings.lab.default_language)


def signed_in(handler: BaseHandler) -> Person | None:
    """Say who is signed in; nobody, or a service, is None."""
    user = handler.current_user
    if not isinstance(user, User):
        return None
    groups = [group.name for group in user.orm_user.groups]
    return person_of(user.name, groups, admin=bool(user.admin))


def shown_name(handler: BaseHandler) -> str | None:
    """Give what a sign-in provider calls the person who is signed in, if it does."""
    said = (handler.current_user.orm_user.user_info or {}).get("name")
    return said if isinstance(said, str) else None


def frame_of(handler: BaseHandler) -> dict[str, Any]:
    """Build the context of the page's frame for this request."""
    person = signed_in(handler)
    links = Links(handler.base_url)
    comes_back = handler.request.method == "GET" or handler.request.path.endswith("/login")
    return frame(
        parts_of(handler).settings,
        language=language_of(handler),
        entrance=entrance_of(handler.request.headers),
        here=handler.request.uri if comes_back else links.lab,
        person=None if person is None else visitor_of(person, shown_name(handler)),
        base=handler.base_url,
    )


class LabHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub carries no annotations
    """A page of ours in the hub's process."""

    @property
    def parts(self) -> LabParts:
        """The parts of the lab."""
        return parts_of(self)

    @property
    def entrance(self) -> Entrance:
        """The entrance that the request came through."""
        return entrance_of(self.request.headers)

    @property
    def language(self) -> Language:
        """The language of the answer."""
        return language_of(self)

    @property
    def person(self) -> Person:
        """The person who is signed in; for handlers behind `authenticated` only."""
        person = signed_in(self)
        if person is None:
            raise RuntimeError("a page for people was asked for by a service")
        return person

    async def show(self, template: str, *, status: int = 200, **context: object) -> None:
        """Answer with a page."""
        page = await self.render_template(template, **context)
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.finish(page)

    async def refuse(self, reason: str) -> None:
        """Answer with the page of a refusal."""
        refusal = self.parts.refusals[reason]
        words: dict[str, Any] = self.vpn_words() if reason is Reason.NEEDS_VPN else {}
        await self.show("refused.html", status=refusal.status, refusal=refusal, **words)

    def vpn_words(self) -> dict[str, Any]:
        """Build what the pages about the VPN say: how to get it, and where My lab is inside it."""
        settings = self.parts.settings
        door = settings.entrances.get(Entrance.VPN)
        return {
            "vpn_help": settings.vpn.help.text(self.language),
            "vpn_help_url": settings.vpn.help_url,
            "my_devices": settings.gateway is not None,
            "vpn_lab_url": f"{door.url}{Links(self.base_url).lab}" if door else None,
        }
