"""`?`, `??` and `describe` always answer in words, also where there is nothing to look up."""

from __future__ import annotations

import pytest

HOW = "Help: `? integrate` shows the manual's page"


@pytest.mark.parametrize(
    "code",
    ["?", "??", "? ", "?? ", "?;", "? $", "?!", "describe();", 'describe("");', 'describe("", inexact);'],
)
def test_who_asks_for_nothing_is_told_how_to_ask(lab, code):
    answer = lab.run(code)
    assert (answer.error, HOW in answer.printed) == (None, True), answer.reply
    assert lab.run("6*7;").results == ["42"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        pytest.param("? foo", "no page `foo`. `?? foo` looks for", id="exact"),
        pytest.param("?! foo", "no page `foo`", id="exact, in older manuals' words"),
        pytest.param("?? foo", "no page with `foo` in its name", id="inexact"),
        pytest.param("?? *+(", "no page with `*+(`", id="signs that a pattern would understand"),
        pytest.param("? похідна", "no page `похідна`", id="in Ukrainian"),
        pytest.param('describe("foo")$', "no page `foo`", id="by the function"),
        pytest.param("describe(foo, inexact)$", "no page with `foo`", id="by the function, inexact"),
    ],
)
def test_a_topic_without_a_page_is_named(lab, code, told):
    answer = lab.run(code)
    assert (answer.error, told in answer.printed) == (None, True), answer.reply
    assert "No exact match" not in answer.printed


def test_the_statements_around_it_run(lab):
    assert lab.run("a: 4$ ?\na + 1; ? foo\na + 2;").results == ["5", "6"]


def test_a_misspelt_topic_gets_a_hint(lab):
    assert "integrate" in lab.run("? integrat").hints[0]
    assert lab.run("? foo").hints == []
    assert lab.run("maximalab_hints: false$ ? integrat\nmaximalab_hints: true$").hints == []


def test_a_list_of_pages_ends_in_no_error(lab):
    answer = lab.run("?? plot")
    assert answer.error is None
    assert "plot2d" in answer.printed


def test_a_list_of_pages_asks_nothing_and_says_how_to_see_one(lab):
    printed = lab.run("?? simplex").printed
    assert "Introduction to simplex" in printed
    assert "Enter" not in printed
    assert printed.endswith("`? name` shows one of these pages.\n")
    assert "optimization" in lab.run("? Introduction to simplex").printed
    assert "shows one" not in lab.run("?? minimize_lp").printed


def test_it_speaks_ukrainian(start_lab):
    lab = start_lab(MAXIMALAB_LANG="uk")
    assert "Довідка" in lab.run("?").printed
    assert "У посібнику немає сторінки `foo`" in lab.run("? foo").printed
