"""Which of the lab's two languages a page speaks, and its words in that language.

Source strings are English; Ukrainian comes from the `.po` files in `locale/uk`, read into memory once, so
that no compiled file needs to be kept or shipped.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tornado.web import RequestHandler

    from maximalab_hub.settings_sections import Language

LANGUAGES: Final[tuple[Language, ...]] = ("uk", "en")
"""The languages of the lab; every page exists in both."""

COOKIE = "maximalab-lang"
"""The cookie that keeps a person's own choice."""

LOCALE_DIR = Path(__file__).with_name("locale")

_MOST_HEADER = 512
"""Characters of Accept-Language that are read; real browsers send fewer than a hundred."""


def choose(cookie: str | None, accept_language: str | None, default: Language) -> Language:
    """Say which language to use: the person's own choice, else the browser's, else the lab's default.

    Of the browser's wishes the best-rated that the lab speaks counts (RFC 9110, 12.5.4). A browser that
    asks for neither gets `default`: no language stands in for another.
    """
    chosen = as_language(cookie)
    if chosen is not None:
        return chosen
    for wish in _wishes(accept_language or ""):
        if wish == "*":
            return default
        language = as_language(wish.partition("-")[0])
        if language is not None:
            return language
    return default


def as_language(word: str | None) -> Language | None:
    """Give the language that `word` names, or nothing."""
    return next((language for language in LANGUAGES if language == word), None)


def _wishes(header: str) -> list[str]:
    """Read the header's language tags, most wanted first; what cannot be read is left out."""
    rated = [wish for part in header[:_MOST_HEADER].split(",") for wish in _wish(part)]
    return [tag for _, tag in sorted(rated, key=lambda wish: -wish[0])]


def _wish(part: str) -> Iterator[tuple[float, str]]:
    tag, _, parameter = part.strip().lower().partition(";")
    name, _, value = parameter.strip().partition("=")
    try:
        weight = float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return
    if tag.strip() and 0 < weight <= 1:
        yield weight, tag.strip()


def keep_choice(handler: RequestHandler, language: Language) -> None:
    """Keep a person's language in the browser for a year, for the pages of the hub and of the service alike."""
    secure = handler.request.protocol == "https"
    handler.set_cookie(COOKIE, language, path="/", expires_days=365, samesite="Lax", secure=secure)


@cache
def translations(language: Language) -> NullTranslations:
    """Give the words of `language`: `gettext` and `ngettext`. Every `.po` file of the language counts."""
    if language == "en":
        return NullTranslations()
    catalog = Catalog(locale=language)
    for path in sorted((LOCALE_DIR / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    catalog[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)


def signed(shape: str) -> str:
    """Add to a number's shape that of what is less than nothing: with a minus, where a locale would put a hyphen."""
    return f"{shape};−{shape}"


def quoted(text: str, language: Language) -> str:
    """Put what somebody typed between the marks of the language."""
    return text.join(("«", "»") if language == "uk" else ("“", "”"))


def cut(text: str, most: int) -> str:
    """Give the text, or as much of it as so many letters hold."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
