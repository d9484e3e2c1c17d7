"""Which language a page speaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.language import LANGUAGES, choose, translations


@pytest.mark.parametrize(
    ("cookie", "header", "default", "expected"),
    [
        pytest.param(None, "uk-UA,uk;q=0.9,en;q=0.8", "en", "uk", id="a Ukrainian browser gets Ukrainian"),
        pytest.param(None, "en-GB,en;q=0.9", "uk", "en", id="an English browser gets English"),
        pytest.param(None, "en;q=0.4,uk;q=0.5", "en", "uk", id="the better rated wish counts, not the first"),
        pytest.param(None, "de,en;q=0.7,uk;q=0.3", "uk", "en", id="the best that the lab speaks counts"),
        pytest.param(None, "ru,be;q=0.9", "uk", "uk", id="a browser that asks for neither gets the default"),
        pytest.param(None, "ru,be;q=0.9", "en", "en", id="no language stands in for another"),
        pytest.param(None, "en;q=0, uk;q=0.1", "en", "uk", id="q=0 means: not this one"),
        pytest.param(None, "de, *;q=0.5", "uk", "uk", id="a star takes the default"),
        pytest.param(None, "*, en;q=0.5", "uk", "uk", id="a star before English takes the default"),
        pytest.param(None, None, "uk", "uk", id="no header at all"),
        pytest.param(None, "", "en", "en", id="an empty header"),
        pytest.param(None, "en;q=lots, uk;q=2, english", "uk", "uk", id="nonsense is no wish"),
        pytest.param("en", "uk", "uk", "en", id="the person's own choice comes first"),
        pytest.param("ru", "en", "uk", "en", id="a cookie of another language is no choice"),
        pytest.param("", "EN-us", "uk", "en", id="capitals do not matter in a tag"),
    ],
)
def test_the_language_is_chosen(cookie, header, default, expected):
    assert choose(cookie, header, default) == expected


@given(cookie=st.none() | st.text(), header=st.none() | st.text(), default=st.sampled_from(LANGUAGES))
def test_whatever_is_sent_gives_one_of_the_two(cookie, header, default):
    assert choose(cookie, header, default) in LANGUAGES


def test_english_is_the_source():
    assert translations("en").gettext("My lab") == "My lab"


@pytest.mark.parametrize(
    ("number", "form"),
    [(1, "матеріал має"), (3, "матеріали мають"), (5, "матеріалів мають"), (21, "матеріал має")],
)
def test_ukrainian_counts_with_three_forms(number, form):
    one, many = (
        "%(num)d material has a fault and is not shown to students.",
        "%(num)d materials have a fault and are not shown to students.",
    )
    assert form in translations("uk").ngettext(one, many, number)
