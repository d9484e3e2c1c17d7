"""An error in a file that a cell reads names the file and the line, as an editor counts them."""

from __future__ import annotations

import pytest
from maximalab_kernel.whereabouts import located

PRELUDE = "/* Ціна ≥ 0\n   and more */\n\nprice: 12$\n\n"
"""Four statements' worth of lines, with letters of more than one byte."""

SYNTAX = [
    pytest.param("x y;\n", 6, "x y;", 2, id="two names side by side"),
    pytest.param(
        "f(n) := block([a],\n  a: 2 n,\n  a)$\n", 7, "  a: 2 n,", 7, id="in a later line of a statement"
    ),
    pytest.param('msg: "Ціна"$ b: 3 c$\n', 6, 'msg: "Ціна"$ b: 3 c$', 18, id="behind letters of two bytes"),
    pytest.param("f(x := 3;\ng: 4$\n", 6, "f(x := 3;", 7, id="a bracket that is not closed"),
]

READ = ["load", "batch", "batchload"]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Writes a file of Maxima's language in a folder of its own."""
    folder = tmp_path_factory.mktemp("files")

    def write(text, name="f.mac"):
        (folder / name).write_text(text, encoding="utf-8")
        return str(folder / name)

    return write


def trace_of(answer):
    return answer.reply["traceback"]


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize(("text", "line", "shown", "column"), SYNTAX)
def test_a_syntax_error_in_a_file_has_its_line_and_a_caret(lab, file, read, text, line, shown, column):
    path = file(PRELUDE + text)
    answer = lab.run(f'{read}("{path}");')
    assert answer.error == "MaximaSyntaxError"
    place = trace_of(answer).index(f"in the file {path}, line {line}:")
    assert trace_of(answer)[place + 1] == shown
    assert trace_of(answer)[place + 2].index("^") == column
    assert lab.run("6*7;").results == ["42"]


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        pytest.param("1/(price - 12);\n", "MaximaError", "line 6: 1/(price - 12);", id="an error of Maxima"),
        pytest.param("/* so */ q: [1,\n 1/0]$\n", "MaximaError", "line 6: q: [1, 1/0]$", id="of many lines"),
        pytest.param("f(t) := t/a$ a: 0$\nf(3);\n", "MaximaError", "line 7: f(3);", id="in a function"),
        pytest.param("?car(3);\n", "MaximaError", "line 6: ?car(3);", id="an error of Lisp"),
        pytest.param("asksign(k);\n", "MaximaQuestion", "line 6: asksign(k);", id="a question"),
        pytest.param("a: 1$\nb: 2\n", "MaximaSyntaxError", "line 7: b: 2", id="no terminator at the end"),
        pytest.param('a: "abc;\n', "MaximaSyntaxError", 'line 6: a: "abc;', id="a text without an end"),
    ],
)
def test_any_other_error_in_a_file_has_the_line_of_its_statement(lab, file, read, text, error, told):
    path = file(PRELUDE + text)
    answer = lab.run(f'{read}("{path}");')
    assert answer.error == error
    assert f"in the file {path}, {told}" in trace_of(answer)
    assert len([line for line in trace_of(answer) if " line " in line]) == 1  # Maxima's own count is wrong
    assert lab.run("6*7;").results == ["42"]


@pytest.mark.parametrize("read", READ)
def test_of_files_that_read_each_other_the_innermost_is_named(lab, file, read):
    inner = file("\n\n1/0;\n", "inner.mac")
    outer = file(f'a: 1$\n{read}("{inner}")$\nb: 2$\n1/0;\n', "outer.mac")
    assert f"in the file {inner}, line 3: 1/0;" in trace_of(lab.run(f'load("{outer}")$'))
    file("2;\n", "inner.mac")
    assert f"in the file {outer}, line 4: 1/0;" in trace_of(lab.run(f'load("{outer}")$'))


def test_no_file_is_named_that_has_been_read_before(lab, file):
    path = file("h(n) := 1/n$\n")
    wrong = file("1/0;\n", "wrong.mac")
    caught = f'errcatch(load("{wrong}"))'
    for code in (f'load("{path}")$ h(0);', f"{caught}$ 1/0;", f"({caught}, ?car(3));"):
        answer = lab.run(code)
        assert answer.error == "MaximaError"
        assert not any("in the file" in line for line in trace_of(answer)), code


def test_a_file_beside_the_notebook_goes_by_its_name_and_in_ukrainian(start_lab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.mac").write_text("a: 1$\nb: 2 c$\n", encoding="utf-8")
    answer = start_lab(MAXIMALAB_LANG="uk").run('load("my.mac")$')
    assert "у файлі my.mac, рядок 2:" in trace_of(answer)


def test_a_hint_is_about_the_statement_of_the_file(lab, file):
    answer = lab.run(f'load("{file("a: 3$ b: 2 a$")}")$')
    assert any("2*a" in hint for hint in answer.hints), answer.reply


def test_a_line_with_tabs_and_the_ends_of_another_system_has_its_caret_below():
    data = b"a: 1$\r\n\tb:\t2 c$\r\n"
    place = located("f.mac", data, data.index(b"\tb"), data.index(b"$\r\n", 8))
    assert place.told() == ["in the file f.mac, line 2:", " b: 2 c$", "     ^"]


def test_a_place_beyond_the_file_is_its_end():
    place = located("f.mac", b"a$\n", 50, 60)
    assert (place.line, place.told()) == (2, ["in the file f.mac, line 2:"])
