"""Completion and help while writing: what the cursor stands in, what is proposed, what a page says."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_kernel import infopages, manualpage
from maximalab_kernel.completion import matches
from maximalab_kernel.cursor import cursor_in
from maximalab_kernel.lookup import Help
from maximalab_kernel.manual import Manual, open_manual
from maximalab_kernel.ownnames import OwnNames


@pytest.fixture(scope="module")
def manual(maxima_ready) -> Manual:
    """The manual of the Maxima of this machine."""
    return open_manual(maxima_ready)


@pytest.fixture(scope="module")
def help_(maxima_ready) -> Help:
    """Help while Maxima works: nothing is asked of it."""
    return Help(maxima_ready)


def at_bar(code: str) -> tuple[str, int]:
    """A cell with the cursor at the bar."""
    cursor = code.index("‸")
    return code.replace("‸", ""), cursor


CURSORS = [
    pytest.param("integ‸rate(x, x)", ("integ", "integrate", []), id="in a name"),
    pytest.param("integrate(x^2, ‸", ("", "", [("integrate", 1)]), id="in the second argument"),
    pytest.param("f(g(1, 2), h(3‸", ("", "", [("h", 0), ("f", 1)]), id="nested calls"),
    pytest.param("f([1, 2, 3‸", ("", "", [("f", 0)]), id="a list in a call has commas of its own"),
    pytest.param('f("a, (b", ‸', ("", "", [("f", 1)]), id="brackets and commas in a string do not count"),
    pytest.param("f(/* ( , */ 1, ‸", ("", "", [("f", 1)]), id="nor those in a comment"),
    pytest.param("f(1); x‸", ("x", "x", []), id="a call of an earlier statement is over"),
    pytest.param("f(1, x$ y‸", ("y", "y", []), id="so is one that a terminator cut off"),
    pytest.param("f (a, ‸", ("", "", [("f", 1)]), id="a blank before the bracket"),
    pytest.param("(a, ‸", ("", "", []), id="a bracket that calls nothing"),
    pytest.param("%p‸i", ("%p", "%pi", []), id="a name with a per cent sign"),
    pytest.param("2*змін‸на", ("змін", "змінна", []), id="a Ukrainian name"),
]


@pytest.mark.parametrize(("code", "expected"), CURSORS)
def test_the_cursor_knows_where_it_is(code, expected):
    where = cursor_in(*at_bar(code))
    assert (where.prefix, where.name, [tuple(call) for call in where.calls]) == expected


@pytest.mark.parametrize(
    ("code", "hidden"),
    [
        pytest.param("/* integ‸", "in_comment", id="a comment"),
        pytest.param('"integ‸', "in_string", id="a string"),
        pytest.param('/* "a */ "integ‸', "in_string", id="a string behind a comment with a quote"),
    ],
)
def test_strings_and_comments_are_no_code(code, hidden):
    assert getattr(cursor_in(*at_bar(code)), hidden)


@given(st.text(alphabet=st.sampled_from(list('ab1;$"\\/*()[],:?lisp \nЇ%')), max_size=50), st.data())
def test_every_place_in_any_text_can_be_asked(code, data):
    cursor = data.draw(st.integers(0, len(code)))
    found = matches(code, cursor, Manual(None), {})
    assert 0 <= found.replaces <= cursor


PROPOSED = [
    pytest.param("integra‸", "integrate", "function", id="a function"),
    pytest.param("1 + %p‸", "%pi", "constant", id="a constant"),
    pytest.param("simp‸", "simp", "variable", id="a variable"),
    pytest.param('load("simpl‸', "simplex", "module", id="a package"),
    pytest.param("draw2d(line_w‸", "line_width=", "property", id="an option of a drawing"),
    pytest.param("draw2d(col‸", "color=", "property", id="an option of drawings and of plots"),
    pytest.param("? plot2‸", "plot2d", "function", id="in a question about a topic"),
]


@pytest.mark.parametrize(("code", "text", "kind"), PROPOSED)
def test_what_maxima_knows_is_proposed(manual, code, text, kind):
    found = matches(*at_bar(code), manual, {}).found
    assert (text, kind) in [(each.text, each.kind) for each in found]


@pytest.mark.parametrize("code", ["/* integ‸", '"integ‸', 'print("integ‸', "1234‸", "‸"])
def test_where_no_name_can_stand_none_is_proposed(manual, code):
    assert matches(*at_bar(code), manual, {}).found == []


def test_files_are_proposed_where_they_are_read(manual, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("lesson.mac", "lesson.csv", ".hidden.mac"):
        (tmp_path / name).touch()
    (tmp_path / "less").mkdir()
    (tmp_path / "less" / "part.mac").touch()

    def proposed(code):
        return [each.text for each in matches(*at_bar(code), manual, {}).found if each.kind == "path"]

    assert proposed('load("less‸') == ["less/", "lesson.mac"]
    assert proposed('batch("less‸') == ["less/", "lesson.csv", "lesson.mac"]
    assert proposed('load("less/‸') == ["less/part.mac"]
    assert proposed(f'load("{tmp_path}/le‸') == [f"{tmp_path}/less/", f"{tmp_path}/lesson.mac"]
    assert proposed('load("no/such/‸') == []


def test_the_users_own_names_come_first(manual):
    own = OwnNames()
    own.spelt("integral_of_mine(x) := x^2$ inter: 5$")
    found = matches("int", 3, manual, own.by_name).found
    assert [each.text for each in found][:2] == ["integral_of_mine", "inter"]
    assert found[0].signature == "integral_of_mine(x)"


FIRST = [
    pytest.param("1 + %p‸", "%pi", id="a commoner name before its neighbours in the alphabet"),
    pytest.param("in‸", "integrate", id="a function"),
    pytest.param("draw2d(tit‸", "title=", id="an option where options are written"),
    pytest.param("plot2d(x, [x, 0, 1], [tit‸", "title", id="plot2d has its options in lists"),
]


@pytest.mark.parametrize(("code", "text"), FIRST)
def test_what_is_meant_most_often_comes_first(manual, code, text):
    assert matches(*at_bar(code), manual, {}).found[0].text == text


def test_an_option_of_draw_is_proposed_once(manual):
    found = [each.text for each in matches(*at_bar("draw2d(tit‸"), manual, {}).found]
    assert "title" not in found
    assert {"color=", "color_bar"} & set(found) == set()


PAGES = [
    pytest.param("integ‸rate", "integrate(expr, x)", id="a name"),
    pytest.param("integrate(x^2, ‸", "integrate(expr, x)", id="the call whose arguments are written"),
    pytest.param("plot2d(sin(x‸), [x, 0, 1])", "sin(x)", id="the innermost call"),
    pytest.param(
        "plot2d(xyz‸, [x, 0, 1])", "plot2d(expr, range_x, options)", id="an unknown argument: the call"
    ),
    pytest.param("f(sin(x‸))", "sin(x)", id="a letter is no option of plot2d there"),
    pytest.param('load("simplex‸")', "load(filename)", id="in a string: the call"),
]


@pytest.mark.parametrize(("code", "signature"), PAGES)
def test_help_begins_with_the_signature(help_, code, signature):
    told = help_.inspect(None, *at_bar(code))
    assert told["found"]
    assert signature in told["data"]["text/plain"].split("\n")[1:8]
    assert signature in told["data"]["text/markdown"].split("\n")[1:8]


def test_help_has_the_manuals_examples(help_):
    told = help_.inspect(None, "integrate", 3)["data"]
    assert "(%i1)" in told["text/plain"]
    assert "```maxima\n(%i1)" in told["text/markdown"]


@pytest.mark.parametrize("code", ["/* integ‸rate */", "no_such_name‸", "‸", "1 + ‸2"])
def test_where_nothing_is_known_nothing_is_said(help_, code):
    assert not help_.inspect(None, *at_bar(code))["found"]


def test_every_page_of_the_manual_can_be_shown(manual):
    for name in manual.names:
        page = manualpage.markdown(manual.kind(name), manual.signatures(name), manual.text(name))
        assert page.count("```") % 2 == 0, name
        assert manual.signatures(name), name


OLD = """
 -- Function: append (<list_1>, ..., <list_n>)
 -- Function: join (<l>, <m>)

     Returns a list.  See also 'addrow'.

          (%i1) append ([1], [2]);

Next chapter
"""


def test_the_older_way_to_write_a_manual_is_read_too():
    first, second = infopages.entries(OLD)
    assert (first.name, first.kind, first.signatures) == (
        "append",
        "Function",
        ("append(list_1, ..., list_n)",),
    )
    assert second.text == first.text == "Returns a list.  See also 'addrow'.\n\n     (%i1) append ([1], [2]);"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("'integrate' of <expr>", "`integrate` of *expr*", id="names and arguments"),
        pytest.param("a_1*b <= 2", r"a\_1\*b \<= 2", id="Markdown's own characters"),
        pytest.param("* see *note join::.", "- see `join`.", id="an item and a note"),
        pytest.param("'f (<a>, <b>)'", "`f (a, b)`", id="an argument in code"),
    ],
)
def test_the_manuals_marks_become_markdowns(line, expected):
    assert manualpage.item(line) == expected


def ask(lab, kind, code):
    text, cursor = at_bar(code)
    return getattr(lab.client, kind)(text, cursor, reply=True, timeout=20)["content"]


def test_the_users_function_is_shown_as_defined(lab):
    lab.run("profit(x, y) := 3*x + 5*y$ price: 7$ load_factor[i] := i^2$")
    assert ask(lab, "complete", "1 + pr‸")["matches"][:2] == ["price", "profit"]
    assert "profit(x,y):=3*x+5*y" in ask(lab, "inspect", "profit(1, ‸")["data"]["text/plain"]
    assert "price: 7" in ask(lab, "inspect", "pri‸ce")["data"]["text/plain"]
    lab.run("kill(profit)$")
    assert ask(lab, "complete", "prof‸")["matches"] == []


def test_proposals_carry_their_kind(lab):
    told = ask(lab, "complete", "integra‸")
    kinds = {each["text"]: each["type"] for each in told["metadata"]["_jupyter_types_experimental"]}
    assert kinds["integrate"] == "function"
    assert (told["cursor_start"], told["cursor_end"]) == (0, 7)


def test_help_answers_while_maxima_is_busy(lab):
    message_id = lab.client.execute("busy_one(x) := x+1$ do 1$", allow_stdin=False)
    while lab.client.get_iopub_msg(timeout=20)["msg_type"] != "execute_input":
        pass
    begin = time.monotonic()
    assert "integrate" in ask(lab, "complete", "integra‸")["matches"]
    assert "busy_one" in ask(lab, "complete", "busy_o‸")["matches"]
    assert "busy_one(x) := x+1" in ask(lab, "inspect", "busy_one‸")["data"]["text/plain"]
    asked = lab.client.is_complete("f(")
    reply = lab.client.get_shell_msg(timeout=20)
    assert (reply["parent_header"]["msg_id"], reply["content"]["status"]) == (asked, "incomplete")
    assert time.monotonic() - begin < 10
    lab.client.execute("6*7;", allow_stdin=False)
    assert ask(lab, "complete", "integra‸")["matches"]  # by now the kernel has seen the cell that waits
    lab.interrupt()
    assert lab.collect(message_id).error == "KeyboardInterrupt"
    assert lab.client.get_shell_msg(timeout=20)["content"]["status"] == "aborted"
    assert lab.run("6*7;").results == ["42"]
