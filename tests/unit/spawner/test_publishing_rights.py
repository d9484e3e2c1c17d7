"""Who may publish what, where; what a desk may answer; and which words there are for what is wrong."""

from __future__ import annotations

import json
import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_spawner.catalog import CatalogError
from maximalab_spawner.desk import DeskAwayError, File, Seen, answer_of, seen_of
from maximalab_spawner.enginedesk import MODULES, program
from maximalab_spawner.faults import WORDS, Fault, Wrong
from maximalab_spawner.history import PUBLISHED, WITHDRAWN, History
from maximalab_spawner.materials import Material, Title, read_material
from maximalab_spawner.policy import may_publish
from maximalab_spawner.publisher import Change, changes, with_version
from maximalab_spawner.refusals import NOT_TEACHING, PUBLISH_AT_VPN
from maximalab_spawner.tiers import Access, Entrance, Person, Reason, Scenario, Tier

COURSES = ("algebra", "games", "or")
TEXT = """id = "game"
version = {version}   # grows
access = "private"
image = "maxima"
courses = ["or"]
title = {{uk = "Гра, version = 1", en = "Game"}}
summary = {{uk = "Про що", en = "What"}}
notebooks = {{en = "game.ipynb"}}
"""


def material(access: Access = Access.OPEN, courses: tuple[str, ...] = ("or",)) -> Material:
    title = Title("Гра", "Game")
    return Material("game", 1, access, "maxima", courses, 0, title, title, {"en": "game.ipynb"})


TEACHER = Person("olena", teaches=frozenset({"or"}))
OPEN, PRIVATE = material(), material(Access.PRIVATE)


@pytest.mark.parametrize(
    ("new", "before", "person", "entrance", "scenario", "reason"),
    [
        pytest.param(OPEN, None, TEACHER, "public", 3, None, id="open material at the public entrance"),
        pytest.param(OPEN, None, TEACHER, "vpn", 3, None, id="open material at the VPN entrance"),
        pytest.param(PRIVATE, None, TEACHER, "vpn", 3, None, id="private material at the VPN entrance"),
        pytest.param(PRIVATE, None, TEACHER, "public", 3, PUBLISH_AT_VPN, id="private material outside"),
        pytest.param(OPEN, PRIVATE, TEACHER, "public", 3, PUBLISH_AT_VPN, id="what was private, outside"),
        pytest.param(PRIVATE, None, TEACHER, "public", 2, None, id="scenario 2 has one entrance for both"),
        pytest.param(PRIVATE, None, TEACHER, "public", 1, Reason.NO_PRIVATE_TIER, id="no private tier"),
        pytest.param(OPEN, None, TEACHER, "public", 4, PUBLISH_AT_VPN, id="scenario 4 has no public entrance"),
        pytest.param(OPEN, None, Person("eve", studies=frozenset({"or"})), "vpn", 3, NOT_TEACHING, id="a student"),
        pytest.param(material(courses=("or", "algebra")), None, TEACHER, "vpn", 3, NOT_TEACHING, id="one too many"),
        pytest.param(OPEN, material(courses=("algebra",)), TEACHER, "vpn", 3, NOT_TEACHING, id="another's material"),
        pytest.param(PRIVATE, OPEN, Person("boss", admin=True), "vpn", 3, None, id="an admin"),
        pytest.param(PRIVATE, None, Person("boss", admin=True), "public", 3, PUBLISH_AT_VPN, id="an admin outside"),
    ],
)  # fmt: skip
def test_who_publishes_where(new, before, person, entrance, scenario, reason):
    assert may_publish(new, before, person, Entrance(entrance), Scenario(scenario)) == reason


SOME = st.frozensets(st.sampled_from(COURSES))
MATERIALS = st.builds(
    material, st.sampled_from(Access), st.lists(st.sampled_from(COURSES), min_size=1, unique=True).map(tuple)
)
PEOPLE = st.builds(Person, st.just("p"), SOME, SOME, st.booleans(), st.booleans())


@given(MATERIALS, st.none() | MATERIALS, PEOPLE, st.sampled_from(Entrance), st.sampled_from(Scenario))
def test_nothing_private_comes_in_where_it_must_not_and_nothing_from_strangers(
    new, before, person, entrance, scenario
):
    if may_publish(new, before, person, entrance, scenario) is None:
        for one in filter(None, (new, before)):
            assert entrance in scenario.entrances_of(one.tier)
            assert person.admin or set(one.courses) <= person.teaches
        assert new.tier is Tier.PUBLIC or scenario is not Scenario.PUBLIC_ONLY


KEYS = ["done", "faults", "files", "before", "what", "values"]


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
).map(lambda data: json.dumps(data).encode()))  # fmt: skip
def test_whatever_a_desk_answers_is_understood_or_counts_as_none(said):
    try:
        seen_of(answer_of(said))
    except (DeskAwayError, CatalogError):
        return
    assert json.loads(said)["done"]


def test_a_desk_s_faults_come_over_in_both_languages():
    fault = Fault(Wrong.ALIKE, "zip", values=("'A'", "'a'"))
    with pytest.raises(CatalogError, match="one name on many machines") as caught:
        answer_of(json.dumps({"faults": [fault.as_data()]}).encode())
    assert caught.value.faults == (fault,)
    assert "одна назва" in fault.remedy("uk")


@pytest.mark.parametrize("what", Wrong)
def test_whatever_is_wrong_has_words_in_both_languages(what):
    uk, en = WORDS[what]
    places = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (uk, en)]
    assert places[0] == places[1] <= {"0", "1"}
    assert any("а" <= letter <= "ї" for letter in uk.lower())
    assert not set("ыэъё") & set(uk.lower())
    assert not any("а" <= letter <= "я" for letter in en.lower())


def test_the_program_that_is_sent_needs_nothing_but_python():
    """Its modules import nothing of ours that is not sent with them."""
    import ast  # noqa: PLC0415
    import io  # noqa: PLC0415
    import zipfile  # noqa: PLC0415
    from sys import stdlib_module_names  # noqa: PLC0415

    with zipfile.ZipFile(io.BytesIO(program("{}"))) as archive:
        sources = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".py")}
    ours = {f"maximalab_spawner.{name}" for name in MODULES} | {"__future__"}
    for source in sources.values():
        tree = ast.parse(source)
        typing = {id(n) for node in ast.walk(tree) if isinstance(node, ast.If) for n in ast.walk(node)
                  if getattr(node.test, "id", "") == "TYPE_CHECKING"}  # fmt: skip
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and id(node) not in typing:
                assert node.module in ours or node.module.split(".")[0] in stdlib_module_names, node.module


def test_a_description_gets_another_version_and_nothing_else():
    text = with_version(TEXT.format(version=3), 12)
    assert "version = 12   # grows" in text
    assert "Гра, version = 1" in text
    with pytest.raises(CatalogError, match="version"):
        with_version(TEXT.format(version="0x3"), 12)


def test_what_changes_is_told_file_by_file():
    seen = Seen(
        (File("a", 1, "x"), File("b", 2, "new"), File("c", 3, "z")),
        (File("b", 9, "old"), File("d", 4, "w"), File("a", 1, "x")),
    )
    assert changes(seen) == (
        Change("a", 1, "same"), Change("b", 2, "changed"), Change("c", 3, "new"), Change("d", 4, "removed"),
    )  # fmt: skip


def test_a_history_is_read_as_it_was_written(tmp_path):
    now = datetime(2026, 11, 28, 18, tzinfo=UTC)
    history, text = History(tmp_path / "published", lambda: now), TEXT.format(version=2)
    what = read_material(tmp_path / "material.toml", text.encode())
    assert history.of("game") == ()
    history.note(what, what=PUBLISHED, who="olena", description=text)
    history.note(what, what=WITHDRAWN, who="", description=text)
    first, second = history.of("game")
    assert (first.who, first.version, first.at, first.material()) == ("olena", 2, now, what)
    assert (second.what, second.who) == (WITHDRAWN, "")
    assert history.ids() == ("game",)
    (tmp_path / "published/game.jsonl").write_text("no record\n")
    with pytest.raises(CatalogError, match="no record"):
        history.of("game")
