"""A check says right only to what is proved right: never to a wrong, an undecided or a missing answer."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

EXERCISES = tomllib.loads(Path(__file__).with_name("published.toml").read_text(encoding="utf-8"))["exercise"]
LANGUAGES = ("uk", "en")
SAYS = {
    "uk": {
        "right": "правильно!",
        "wrong": "поки що ні",
        "unclear": "не вдається перевірити",
        "none": "відповіді ще немає",
    },
    "en": {
        "right": "right!",
        "wrong": "not yet",
        "unclear": "cannot be checked",
        "none": "no answer yet",
    },
}
VERDICTS = ("right", "wrong", "unclear")
#: The code of both languages is the same: every answer is tried in one, the first of each kind in the other.
ANSWERS = [
    pytest.param(
        language,
        exercise,
        answer,
        verdict,
        id=f"{language} {exercise['material']} {exercise['number']} {answer} is {verdict}",
    )
    for language in LANGUAGES
    for exercise in EXERCISES
    for verdict in VERDICTS
    for answer in (exercise[verdict] if language == "en" else exercise[verdict][:1])
]


def heard(text: str, language: str) -> list[str]:
    """Which verdicts stand in what a check printed."""
    return [verdict for verdict, words in SAYS[language].items() if words in text]


@pytest.mark.parametrize(("language", "exercise", "answer", "verdict"), ANSWERS)
def test_the_check_says(lesson, language, exercise, answer, verdict):
    said = lesson(exercise["material"], language).verdict(exercise["number"], answer)
    assert heard(said, language) == [verdict]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("material", "number"), [(exercise["material"], exercise["number"]) for exercise in EXERCISES]
)
def test_an_unanswered_exercise_is_neither_right_nor_wrong(lesson, language, material, number):
    opened = lesson(material, language)
    as_given = opened.printed(f"exercise-{number}-check")
    assert heard(as_given, language) == ["none"]
    assert heard(opened.verdict(number, "'unanswered"), language) == ["none"]


def test_every_exercise_of_every_material_is_in_the_table(lesson):
    for material in {exercise["material"] for exercise in EXERCISES}:
        numbers = [exercise["number"] for exercise in EXERCISES if exercise["material"] == material]
        assert numbers == lesson(material, "en").exercises()


@example(profit=Fraction(77, 2))
@given(profit=st.fractions(min_value=0, max_value=80, max_denominator=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_only_the_one_right_profit_is_called_right(lesson, profit):
    verdict = heard(lesson("simplex", "en").verdict(2, str(profit)), "en")
    assert verdict == (["right"] if profit == Fraction(77, 2) else ["wrong"])


def test_values_given_to_the_letters_of_the_model_do_no_harm(lesson):
    opened = lesson("simplex", "en")
    opened.run("x: 3$ y: 3/2$ c: 7$")
    try:
        assert [
            heard(opened.verdict(n, answer), "en") for n, answer in [(3, "[21, x, y]"), (5, "[0, 15/2]")]
        ] == [
            ["right"],
            ["right"],
        ]
    finally:
        opened.run("kill(x, y, c)$")
