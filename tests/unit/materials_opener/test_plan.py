"""What is done with a material depends on what is there, and never replaces anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_materials.language import text_for
from maximalab_materials.plan import Present, Step, plan_beside, plan_opening
from maximalab_materials.refusals import Reason

UK = frozenset({"uk_UA"})


@pytest.mark.parametrize(
    ("present", "stored", "keep", "expected"),
    [
        pytest.param(Present(), [1], False, Step.COPY, id="the first opening copies"),
        pytest.param(Present(), [1, 3], True, Step.COPY, id="a copy that was deleted comes anew"),
        pytest.param(Present(True, 1, True), [1], False, Step.OPEN, id="what is there is opened"),
        pytest.param(Present(True, 1, False), [1], False, Step.RESTORE, id="a deleted notebook comes back"),
        pytest.param(Present(True, 1, True), [1, 2], False, Step.OFFER, id="a newer version is offered"),
        pytest.param(Present(True, 1, True), [1, 2], True, Step.OPEN, id="or the own one goes on"),
        pytest.param(Present(True, 1, False), [1, 2], True, Step.RESTORE, id="restored from the own version"),
        pytest.param(
            Present(True, 1, False), [2], True, Step.OFFER_BESIDE_ONLY, id="the own version is gone"
        ),
        pytest.param(Present(True, 1, False), [2], False, Step.OFFER_BESIDE_ONLY, id="nothing to go on with"),
        pytest.param(Present(True, 3, True), [1, 2], False, Step.OPEN, id="a newer copy than the store has"),
        pytest.param(
            Present(True, None, True), [1], False, Step.OPEN, id="a folder of one's own, used as it is"
        ),
        pytest.param(
            Present(True, None, False), [1], False, Step.OFFER_BESIDE_ONLY, id="one's own, without it"
        ),
    ],
)
def test_opening(present: Present, stored: list[int], keep: bool, expected: Step):
    assert plan_opening(present, stored, keep=keep) is expected


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        pytest.param(Present(), Step.COPY, id="nothing is there yet"),
        pytest.param(Present(True, 2, True), Step.OPEN, id="it was put there before"),
        pytest.param(Present(True, 2, False), Step.RESTORE, id="its notebook was deleted"),
        pytest.param(Present(True, 1, True), Step.REFUSE_IN_THE_WAY, id="another version is in the way"),
        pytest.param(
            Present(True, None, True), Step.REFUSE_IN_THE_WAY, id="a folder of one's own is in the way"
        ),
    ],
)
def test_putting_a_version_beside(present: Present, expected: Step):
    assert plan_beside(present, 2) is expected


PRESENT = st.builds(Present, st.just(True), st.none() | st.integers(1, 6), st.booleans())
STORED = st.lists(st.integers(1, 6), min_size=1, unique=True).map(sorted)


@given(PRESENT, STORED, st.booleans())
def test_a_folder_that_is_there_is_never_copied_over(present: Present, stored: list[int], keep: bool):
    step = plan_opening(present, stored, keep=keep)
    assert step is not Step.COPY
    assert plan_beside(present, stored[-1]) is not Step.COPY
    if step is Step.OPEN:
        assert present.notebook
    if step is Step.RESTORE:
        assert not present.notebook
        assert present.version in stored


@pytest.mark.parametrize(
    ("language", "present", "packs", "expected"),
    [
        pytest.param("uk", None, UK, '"locale": "uk_UA"', id="Ukrainian is set"),
        pytest.param("en", None, UK, None, id="English is what JupyterLab speaks anyway"),
        pytest.param("uk", '{"locale": "fr_FR"}', UK, None, id="the student's choice stays"),
        pytest.param("uk", "", UK, None, id="an emptied setting is a choice as well"),
        pytest.param("uk", None, frozenset(), None, id="without the language pack nothing is set"),
    ],
)
def test_the_display_language(
    language: str, present: str | None, packs: frozenset[str], expected: str | None
):
    text = text_for(language, present, packs)
    assert text is None if expected is None else expected in (text or "")


def test_what_we_set_ourselves_may_follow_the_next_material():
    ukrainian = text_for("uk", None, UK)
    assert text_for("uk", ukrainian, UK) is None
    english = text_for("en", ukrainian, UK)
    assert '"locale": "en"' in (english or "")
    assert text_for("uk", english, UK) == ukrainian


@pytest.mark.parametrize("reason", Reason)
def test_each_refusal_says_what_why_and_what_to_do_in_both_languages(reason: Reason):
    for language, letters in (("uk", "іїєґ"), ("en", "eta")):
        words = reason.words(language)
        assert all(text.endswith(".") and len(text) > 15 for text in (words.what, words.why, words.remedy))
        assert any(letter in words.why + words.remedy for letter in letters)
    assert 400 <= reason.status < 600
