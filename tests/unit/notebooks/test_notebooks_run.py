"""The notebooks run from top to bottom through the real kernel and show what the books publish."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

PUBLISHED = tomllib.loads(Path(__file__).with_name("published.toml").read_text(encoding="utf-8"))
LANGUAGES = ("uk", "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", PUBLISHED["number"], ids=lambda number: number["says"])
def test_a_published_number_stands_in_the_output(lesson, language, number):
    shown = lesson(number["material"], language).results(number["cell"])
    assert number["shows"].replace(" ", "") in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_optimum_stands_in_plain_text_too(lesson, language):
    assert lesson("simplex", language).printed("optimum") == "z = 36, x = 2, y = 6\n"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("material", "cell", "label"),
    [
        pytest.param("simplex", "region", "(2, 6)", id="the feasible region with its optimum"),
        pytest.param(
            "matrix-game", "envelope", "(7/11, 2/11)", id="the lower envelope with its highest point"
        ),
    ],
)
def test_a_drawing_is_shown_whole(lesson, material, cell, label, language):
    (picture,) = lesson(material, language).pictures(cell)
    assert picture.rstrip().endswith("</svg>")
    assert label in picture


@pytest.mark.parametrize(
    ("language", "column", "envelope"),
    [
        pytest.param("uk", "стовпець", "нижня обвідна", id="Ukrainian legend"),
        pytest.param("en", "column", "lower envelope", id="English legend"),
    ],
)
def test_a_drawing_speaks_the_language_of_its_notebook(lesson, language, column, envelope):
    (picture,) = lesson("matrix-game", language).pictures("envelope")
    assert f"{column} 1" in picture
    assert envelope in picture
