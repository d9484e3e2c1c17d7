"""Splitting a cell, and saying whether it is finished."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_kernel.statements import Kind, completeness, split

SPLITS = [
    pytest.param("1;2$", ["1;", "2$"], id="both terminators"),
    pytest.param("a", ["a"], id="no terminator"),
    pytest.param('"a;b"; c', ['"a;b";', "c"], id="a string"),
    pytest.param('"a\\";b"; c', ['"a\\";b";', "c"], id="an escaped quote"),
    pytest.param("/* x; /* y; */ z; */ 1;", ["1;"], id="nested comments"),
    pytest.param("1 /* ; */ + 2;", ["1 /* ; */ + 2;"], id="a comment inside"),
    pytest.param("a\\;b: 1;", ["a\\;b: 1;"], id="an escaped terminator in a name"),
    pytest.param(":lisp (f 1; x\n2;", [":lisp (f 1; x", "2;"], id="a line of Lisp"),
    pytest.param(":lisp (f\n 1)\n2;", [":lisp (f\n 1)", "2;"], id="Lisp over several lines"),
    pytest.param(
        ':lisp (f ")" #\\) |)| #|)|# ; )\n 1) (g)\n2;',
        [':lisp (f ")" #\\) |)| #|)|# ; )\n 1) (g)', "2;"],
        id="brackets of Lisp that are none",
    ),
    pytest.param(":lisp (f) ; (\n2;", [":lisp (f) ; (", "2;"], id="a remark of Lisp"),
    pytest.param(':lisp (f "\n2;', [':lisp (f "', "2;"], id="a text of Lisp that is open"),
    pytest.param(":lisp (f #| ( \n2;", [":lisp (f #| ( ", "2;"], id="a remark of Lisp that is open"),
    pytest.param(":lisp (f |a\n2;", [":lisp (f |a", "2;"], id="a name of Lisp that is open"),
    pytest.param(":lisp x)\n2;", [":lisp x)", "2;"], id="a bracket too many"),
    pytest.param("? topic\n1;", ["? topic", "1;"], id="a help line"),
    pytest.param("?\n1;", ["?", "1;"], id="a question mark alone is a help line"),
    pytest.param("??; 2\n1;", ["??; 2", "1;"], id="a help line takes all of its line"),
    pytest.param("?car(x);", ["?car(x);"], id="a Lisp function is no help line"),
    pytest.param("\ufeff1;\ufeff", ["1;", "\ufeff"], id="a mark of order before all"),
    pytest.param(" \n\t/* only */ ", [], id="nothing"),
]


@pytest.mark.parametrize(("code", "texts"), SPLITS)
def test_a_cell_is_split_at_its_terminators(code, texts):
    assert [statement.text for statement in split(code)] == texts


STATES = [
    pytest.param("1+1;", "complete", id="a statement"),
    pytest.param("1+1", "complete", id="without terminator"),
    pytest.param("", "complete", id="nothing"),
    pytest.param("f(x", "incomplete", id="an open bracket"),
    pytest.param("a:", "incomplete", id="an operator at the end"),
    pytest.param('"abc', "incomplete", id="an open string"),
    pytest.param("/* abc", "incomplete", id="an open comment"),
    pytest.param("f(x];", "invalid", id="crossed brackets"),
    pytest.param("(1;", "invalid", id="a terminator inside brackets"),
    pytest.param(":lisp (f)", "complete", id="a line of Lisp"),
    pytest.param(":lisp (f\n (g)", "incomplete", id="Lisp that goes on"),
    pytest.param("? foo(", "complete", id="a help line"),
    pytest.param("1 /* a remark */", "complete", id="a comment behind is no operator"),
    pytest.param("1 + /* a remark */ ", "incomplete", id="an operator before a comment"),
    pytest.param("/* a /* b */", "incomplete", id="a nested comment that is open"),
    pytest.param('"+"', "complete", id="an operator in a string"),
    pytest.param("if x > 0 then", "incomplete", id="a word that wants more"),
    pytest.param("a_then", "complete", id="a name that ends like such a word"),
    pytest.param("f(x) := (a: 1,\n b", "incomplete", id="a definition over several lines"),
    pytest.param("1;\n2 *", "incomplete", id="the last of several statements"),
]


@pytest.mark.parametrize(("code", "state"), STATES)
def test_a_console_knows_whether_to_wait(code, state):
    assert completeness(code) == state


TEXT = st.text(alphabet=st.sampled_from(list('ab1;$"\\/*()[]:?lisp \n\0Їя')), max_size=60)


@given(TEXT)
def test_statements_are_the_cell_in_order_and_without_overlap(code):
    end = 0
    for statement in split(code):
        assert statement.start >= end
        assert code.startswith(statement.text, statement.start)
        end = statement.start + len(statement.text)
    assert completeness(code) in {"complete", "incomplete", "invalid"}


@given(TEXT)
def test_only_the_last_expression_may_lack_its_terminator(code):
    for statement in split(code)[:-1]:
        assert statement.terminated
    for statement in split(code):
        assert statement.kind is not Kind.EXPRESSION or statement.source.rstrip().endswith((";", "$"))


@given(st.text(max_size=40))
def test_any_string_literal_stays_in_one_statement(text):
    literal = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert [statement.text for statement in split(f"{literal}; 1;")] == [f"{literal};", "1;"]
