"""What the editor takes each word of Maxima for."""

from __future__ import annotations

import pytest

WORDS = [
    pytest.param("/* a /* b */ c */ 1", [("comment", "/* a /* b */ c */"), ("number", "1")], id="comments nest"),
    pytest.param("/* a\nb */ x", [("comment", "/* a"), ("comment", "b */"), ("variableName", "x")], id="over lines"),
    pytest.param('"a \\" ; $ b"', [("string", '"a \\" ; $ b"')], id="a terminator in a string is text"),
    pytest.param('"a\nb" 2', [("string", '"a'), ("string", 'b"'), ("number", "2")], id="a string over two lines"),
    pytest.param("2.5e-3 1b0 .5", [("number", "2.5e-3"), ("number", "1b0"), ("number", ".5")], id="numbers"),
    pytest.param("%pi true inf", [("atom", "%pi"), ("atom", "true"), ("atom", "inf")], id="constants"),
    pytest.param("%o12", [("labelName", "%o12")], id="a label of an earlier result"),
    pytest.param("if not x", [("keyword", "if"), ("keyword", "not"), ("variableName", "x")], id="keywords"),
    pytest.param("iffy", [("variableName", "iffy")], id="a name that begins like a keyword"),
    pytest.param("змінна_1", [("variableName", "змінна_1")], id="a Ukrainian name"),
    pytest.param("a\\;b", [("variableName", "a\\;b")], id="an escaped terminator is part of a name"),
    pytest.param("x: ", [("variableName.definition", "x"), ("definitionOperator", ":")], id="an assignment"),
    pytest.param(":lisp (f 1; 2)", [("meta", ":lisp (f 1; 2)")], id="a line of Lisp"),
    pytest.param("1;\n? plot2d", [("number", "1"), ("punctuation", ";"), ("meta", "? plot2d")], id="a help line"),
    pytest.param("?car", [("variableName.special", "?car")], id="a name of Lisp"),
    pytest.param(
        "f(x) := g(x)$",
        [
            ("variableName.definition", "f"), ("bracket", "("), ("variableName", "x"), ("bracket", ")"),
            ("definitionOperator", ":="), ("variableName.standard", "g"), ("bracket", "("), ("variableName", "x"),
            ("bracket", ")"), ("punctuation", "$"),
        ],
        id="a definition and a call",
    ),
]  # fmt: skip


def test_each_word_has_its_colour(call):
    """One start of Node for the whole table; a row that is wrong is named."""
    told = call("maxima.ts", "tokens", *([row.values[0]] for row in WORDS))
    wrong = {
        row.id: answer["found"]
        for row, answer in zip(WORDS, told, strict=True)
        if [tuple(each) for each in answer["found"]] != row.values[1]
    }
    assert not wrong


INDENTS = {
    "f(x) := block(": 2,
    "f(x) := block([a],\n  if x then (": 4,
    "f(x) :=": 2,
    "1;": 0,
    "(1;": 0,  # whatever is left open: a terminator ends it
    '/* ( */ "(" ;': 0,
}


def test_a_new_line_is_indented_by_what_is_open(call):
    told = call("maxima.ts", "tokens", *([code] for code in INDENTS))
    assert dict(zip(INDENTS, (answer["indent"] for answer in told), strict=True)) == INDENTS


def test_any_text_is_coloured_to_its_end(call):
    texts = [
        "\\",
        '"\\',
        "/*/",
        "*/)]}",
        "'''''",
        "?",
        "??",
        ":",
        "°№€",
        "a\\",
        "𝔸𝔹 x̂",
        "\t\0\x7f",
        "1.2.3e",
        "%%%",
    ]
    assert len(call("maxima.ts", "tokens", *([text] for text in texts))) == len(texts)
