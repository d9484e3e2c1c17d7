"""What every page's frame needs: words, the lab's name, who is here, through which entrance, and links.

`templates/base.html` asks for exactly this, in the hub's process and in the usage service alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from maximalab_spawner.tiers import Scenario

from maximalab_hub.language import LANGUAGES, translations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_spawner.tiers import Entrance, Person

    from maximalab_hub.settings import Settings
    from maximalab_hub.settings_sections import Language

TEMPLATES = Path(__file__).parents[1] / "templates"
STATIC = Path(__file__).parents[1] / "static"

JINJA_OPTIONS: Mapping[str, Any] = {
    "autoescape": True,
    "extensions": ["jinja2.ext.i18n"],
    "trim_blocks": True,
    "lstrip_blocks": True,
}
"""How the lab's templates are read; `gettext` and `ngettext` come with each page's context."""

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
"""No script, style or picture but our own; no page of ours inside another's."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page, as far as its frame shows it."""

    name: str
    shows_usage: bool = False
    """Whether the usage pages are for this person (researchers, admins)."""
    shows_timetable: bool = False
    """Whether there are courses whose timetables are this person's (teachers, admins)."""
    shows_admin: bool = False
    """Whether the hub's admin page is for this person."""
    publishes: bool = False
    """Whether the person may publish material: teachers and admins."""


def visitor_of(person: Person, shown: str | None = None) -> Visitor:
    """Say which links of the frame are for this person: none that would answer with a refusal.

    `shown` is what the page calls the person, where that is not the name.
    """
    return Visitor(
        shown or person.name,
        shows_usage=person.reads_usage,
        shows_timetable=person.admin or bool(person.teaches),
        shows_admin=person.admin,
        publishes=person.publishes,
    )


@dataclass(frozen=True, slots=True)
class Links:
    """Where the frame's links lead, on whichever entrance the page is shown."""

    base: str = "/"
    study: str | None = None
    """Of which study the usage pages are; without one, of the newest."""

    @property
    def lab(self) -> str:
        """My lab."""
        return f"{self.base}hub/lab"

    @property
    def my_data(self) -> str:
        """What is recorded about the person."""
        return f"{self.base}services/usage/me"

    @property
    def usage(self) -> str:
        """The usage pages for researchers and admins."""
        return f"{self.base}services/usage/" + (f"of/{self.study}/" if self.study else "")

    @property
    def timetable(self) -> str:
        """The timetables of a teacher's courses."""
        return f"{self.base}services/usage/timetable"

    @property
    def admin(self) -> str:
        """The hub's admin page."""
        return f"{self.base}hub/admin"

    @property
    def login(self) -> str:
        """The sign-in page."""
        return f"{self.base}hub/login"

    @property
    def logout(self) -> str:
        """Signing out."""
        return f"{self.base}hub/logout"

    @property
    def vpn(self) -> str:
        """How to get the VPN."""
        return f"{self.base}hub/vpn-needed"

    @property
    def devices(self) -> str:
        """The person's devices in the VPN."""
        return f"{self.base}hub/devices"

    @property
    def publish(self) -> str:
        """Publishing material."""
        return f"{self.base}hub/publish"

    def language(self, language: str, here: str) -> str:
        """Give the switch to `language`, which comes back to the local path `here`."""
        return f"{self.base}hub/language/{language}?{urlencode({'next': here})}"

    def asset(self, name: str) -> str:
        """Give the address of a static file with its version: a changed file has another address."""
        return f"{self.base}hub/lab-static/{name}?v={_version(name)}"


@cache
def _version(name: str) -> str:
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def frame(  # noqa: PLR0913  each is one word of the frame, all by name
    settings: Settings,
    *,
    language: Language,
    entrance: Entrance,
    here: str,
    person: Visitor | None = None,
    base: str = "/",
) -> dict[str, Any]:
    """Build the context of `base.html`.

    `here` is the local path (and query) of the page, to which the language switch comes back; `base` is the
    lab's base path on both entrances, with slashes at both ends.
    """
    words = translations(language)
    return {
        "lang": language,
        "other_languages": [other for other in LANGUAGES if other != language],
        "gettext": words.gettext,
        "ngettext": words.ngettext,
        "lab_name": settings.lab.name.text(language),
        "entrance": entrance.value,
        "entrance_matters": settings.lab.scenario is Scenario.PUBLIC_PRIVATE_VPN,
        "person": person,
        "has_devices": settings.gateway is not None,
        "here": here,
        "links": Links(base),
    }
