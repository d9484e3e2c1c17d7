"""Every text of the pages has a Ukrainian translation, and no translation is left over."""

from __future__ import annotations

import string
from pathlib import Path

import maximalab_hub
import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from maximalab_hub.language import LOCALE_DIR

PACKAGE = Path(maximalab_hub.__file__).parent
OPTIONS = {"**.html": {"extensions": "jinja2.ext.i18n", "silent": "false"}}
METHODS = [
    ("**/pages/**.py", "python"),
    ("**/comparison/**.py", "python"),
    ("**/drawings/**.py", "python"),
    ("**/paper/**.py", "python"),
    ("**/service/**.py", "python"),
    ("**/vpn/words.py", "python"),
    ("**/templates/**.html", "jinja2"),
]
KEYWORDS = {"_": None, "gettext": None, "tr": None, "ngettext": (1, 2)}


def used() -> set[str | tuple[str, ...]]:
    found = extract_from_dir(PACKAGE, METHODS, OPTIONS, keywords=KEYWORDS)
    return {message for _, _, message, _, _ in found}


def catalogue(name: str):
    with (LOCALE_DIR / "uk" / name).open("rb") as file:
        return [message for message in read_po(file, locale="uk") if message.id]


def translated() -> dict[str | tuple[str, ...], object]:
    files = sorted(path.name for path in (LOCALE_DIR / "uk").glob("*.po"))
    return {message.id: message for name in files for message in catalogue(name)}


def test_the_extraction_finds_the_texts():
    assert {"My lab", "Open", "Invalid username or password"} <= used()


def test_every_text_is_translated():
    assert used() - set(translated()) == set()


def test_no_translation_of_the_hubs_pages_is_left_over():
    assert {message.id for message in catalogue("messages.po")} - used() == set()


@pytest.mark.parametrize("name", sorted(path.name for path in (LOCALE_DIR / "uk").glob("*.po")))
def test_no_translation_is_empty_or_a_guess(name):
    for message in catalogue(name):
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(forms), f"{name}: {message.id!r} has no translation"
        assert not message.fuzzy, f"{name}: {message.id!r} is marked as a guess"


def test_a_translation_is_ukrainian_and_keeps_the_places_for_values():
    english_only = {"VPN"}
    for id_, message in translated().items():
        source = id_ if isinstance(id_, str) else id_[0]
        form = message.string if isinstance(message.string, str) else message.string[0]
        assert source in english_only or any("а" <= letter <= "ї" for letter in form.lower()), source
        assert source.count("%(") == form.count("%("), source
        assert not set("ыэъё") & set(form.lower()), f"{source!r}: letters that Ukrainian does not have"
        assert source.rstrip()[-1:] not in ".…" or form.rstrip()[-1] in ".…", source
        assert string.whitespace.find(form[:1]) < 0, source


@pytest.mark.parametrize(
    ("other", "word"),
    [
        pytest.param("вивантаж", "експорт", id="an export"),
        pytest.param("експертні опитування", "експертиза", id="a panel of experts"),
        pytest.param("голм", "Холм", id="Holm"),
        pytest.param("за роботою, хв", "час роботи", id="time on task"),
    ],
)
def test_an_idea_has_one_ukrainian_word(other: str, word: str):
    said = [
        form
        for one in translated().values()
        for form in ([one.string] if isinstance(one.string, str) else one.string)
    ]
    assert [form for form in said if other in form.lower()] == [], f"the word is {word}"
