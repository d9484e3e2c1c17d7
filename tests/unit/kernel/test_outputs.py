"""Results and printed text of any size: readable, cut where a notebook would choke, and kept whole in a file."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_kernel.keeping import FOLDER_LIMIT, Keeper, PrintedText
from maximalab_kernel.outputs import result_bundle
from maximalab_kernel.transport import Frame

PIECES = [
    "expand((x-y)^5)", "-expand((a/2-b)^3)", '[1,-2,[3,x],"a",b/c,2.5,true]', "matrix([1,a],[-1,2])",
    "-1234567890^2000",
    "10^50000", "10^50000-1", "x+1/2-%pi", "a-b*c+d/e-2*sin(x)-1", "[]", "[[]]", "[1,2,[],3]", "rat(x^2-1)",
    "taylor(sin(x),x,0,8)",
    "x-(-y)^z+%i", '"Привіт"', "makelist(k,k,1,12000)", "2*%i-3.5e-20+b", "a=b", "lambda([x],x-1)", "if a then b",
]  # fmt: skip


@pytest.mark.parametrize("expression", PIECES)
def test_pieces_of_a_long_result_are_what_it_would_be_on_one_line(lab, expression):
    lab.run(
        ":lisp (defun $whole_p (value) (let ((out (make-string-output-stream)))"
        " (maximalab-pieces value (lambda (text) (write-string text out)))"
        " (string= (get-output-stream-string out) (maximalab-line value))))"
    )
    assert lab.run(f"whole_p({expression});").results == ["true"]


def kept(lab, answer):
    """The file that a notice names."""
    shown = "\n".join(
        [answer.printed, *(content["data"]["text/plain"][-300:] for content in answer.of("execute_result"))]
    )
    return Path(shown.rpartition(" in ")[2].partition("]\n")[0].rstrip("]"))


def test_a_number_of_ten_million_digits_is_cut_and_kept_whole(fresh_lab):
    answer = fresh_lab.run("kill(all)$ big: 10^10^7 + 7;")
    text = answer.of("execute_result")[0]["data"]["text/plain"]
    assert len(text) < 101_000
    assert "10000001 characters" in text
    path = kept(fresh_lab, answer)
    assert path.name == "o1.txt"
    assert path.read_text() == "1" + "0" * (10**7 - 1) + "7"


def test_a_long_conversion_can_be_interrupted(fresh_lab):
    fresh_lab.run("big: 7^(3*10^7)$")
    message_id = fresh_lab.client.execute("big;", allow_stdin=False)
    while fresh_lab.client.get_iopub_msg(timeout=20)["msg_type"] != "execute_input":
        pass
    time.sleep(0.3)  # let it get well under way: the state under test, not a synchronisation
    fresh_lab.interrupt()
    assert fresh_lab.collect(message_id).error == "KeyboardInterrupt"
    assert fresh_lab.run("is(big > 0);").results == ["true"]


def test_a_long_list_is_cut_and_kept_whole(fresh_lab):
    answer = fresh_lab.run("makelist(i, i, 1, 60000);")
    assert kept(fresh_lab, answer).read_text() == "[" + ",".join(map(str, range(1, 60001))) + "]"
    again = fresh_lab.run("kill(all)$ makelist(i, i, 1, 70000);")
    assert kept(fresh_lab, again).read_text().endswith(",70000]")


def test_a_long_name_is_cut_and_kept_whole(fresh_lab):
    name = "y" * 300_000
    answer = fresh_lab.run(f"{name};")
    assert len(answer.of("execute_result")[0]["data"]["text/plain"]) < 101_000
    assert kept(fresh_lab, answer).read_text() == name


def test_a_hundred_thousand_printed_lines_are_cut_and_kept(fresh_lab):
    answer = fresh_lab.run(':lisp (dotimes (line 100000) (write-line "xxxxxxxxx"))\n6*7;')
    assert 15_000 < answer.printed.count("\n") <= 20_010
    assert kept(fresh_lab, answer).read_text().count("xxxxxxxxx") == 100_000
    assert answer.results == ["42"]


@pytest.mark.parametrize("code", ["1e400;", "1e300*1e300;", "float(10^400);"])
def test_a_float_that_is_too_large_is_told_in_words(lab, code):
    answer = lab.run(code)
    assert answer.error == "MaximaError"
    assert "too large for a float" in answer.reply["evalue"]
    assert not {"#<", "Lisp"} & set(re.findall("#<|Lisp", str(answer.reply)))


def test_where_no_file_can_be_made_the_notice_says_less(make_lab, tmp_path):
    (tmp_path / "taken").write_text("no folder")
    lab = make_lab(MAXIMALAB_OUTPUTS=str(tmp_path / "taken"))
    cut = lab.run("7^200000;").of("execute_result")[0]["data"]["text/plain"]
    assert "or more; the first 100000 are shown" in cut
    assert "the rest is not shown" in lab.run("for i thru 30000 do print(i)$").printed


def test_a_large_matrix_is_a_table_and_plain_rows(lab):
    data = lab.run("kill(all)$ genmatrix(lambda([i,j], i*100+j), 40, 25);").of("execute_result")[0]["data"]
    assert "text/latex" not in data
    assert data["text/html"].count("<tr>") == 41
    assert "<tr><th>40</th><td>4001</td>" in data["text/html"]
    assert sum("4001  4002" in line and "4025" in line for line in data["text/plain"].splitlines()) == 1


def test_a_small_matrix_is_a_formula(lab):
    data = lab.run("matrix([1,2],[3,4]);").of("execute_result")[0]["data"]
    assert set(data) == {"text/plain", "text/latex"}


def test_markup_in_a_table_is_text():
    frame = Frame("result", {"label": "%o1", "text": "m", "cells": ["<b>", "1"], "columns": 2})
    assert "<td>&lt;b&gt;</td><td>1</td>" in result_bundle(frame)[0]["text/html"]


@given(st.lists(st.text(alphabet="ab\n", max_size=30), max_size=12), st.integers(1, 60), st.integers(1, 9))
def test_what_is_shown_is_the_beginning_and_the_file_has_all(tmp_path_factory, texts, limit, lines):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAXIMALAB_OUTPUTS", str(tmp_path_factory.mktemp("outputs")))
        printed = PrintedText("printed", limit, lines)
        shown = "".join(printed.admit(text) for text in texts)
        printed.close()
        whole = "".join(texts)
        file = printed._keeper.path
        if not file.exists():
            assert shown == whole
        else:
            assert file.read_text() == whole
            beginning = shown.partition("\n[")[0]
            assert whole.startswith(beginning)
            assert len(beginning) <= limit


def test_a_full_folder_keeps_nothing_more(tmp_path, monkeypatch):
    monkeypatch.setenv("MAXIMALAB_OUTPUTS", str(tmp_path))
    with (tmp_path / "old.txt").open("wb") as old:
        old.truncate(FOLDER_LIMIT - 3)
    keeper = Keeper("new")
    assert keeper.open()
    keeper.add("abcdef")
    assert keeper.path.read_text() == "abc"
    assert not Keeper("newer").open()


# Since 5.48 Maxima draws with lines of Unicode, and a trace has other words.
PRINTED = [
    pytest.param("disp(a/b)$ display(q)$", [r"a\n *[─-]\n *b\n", "q = q"], id="disp and display"),
    pytest.param("ldisp(x^2)$", [r"\(%t", "2\n"], id="ldisp with its label"),
    pytest.param("grind(x^2+1)$", [r"x\^2\+1\$"], id="grind"),
    pytest.param('printf(true, "~a ~d~%", x^2, 3)$', [r"x\^2 3\n"], id="printf"),
    pytest.param('print("Слава", x^2)$', ["Слава", "2\n"], id="print"),
    pytest.param('print("你好 😀 é")$', ["你好 😀 é"], id="scripts, an emoji, a combining accent"),
    pytest.param('system("echo hi; echo Ї")$', ["hi\n", "Ї\n"], id="a program"),
    pytest.param("f(x):=x^2$ dispfun(f)$", [":="], id="a definition"),
    pytest.param("f(x):=x$ trace(f)$ f(3)$ untrace()$", ["Call|Enter", "Return|Exit"], id="a trace"),
    pytest.param("example(append)$", ["append"], id="an example of the manual"),
    pytest.param("matrix([1,2],[3,4])$ disp(%)$", [r"[│\[] *1 +2 *[│\]]\n"], id="a matrix"),
]


@pytest.mark.parametrize(("code", "pieces"), PRINTED)
def test_printed_text_is_readable(lab, code, pieces):
    answer = lab.run("kill(all)$ " + code)
    assert answer.reply["status"] == "ok", answer.reply
    for piece in pieces:
        assert re.search(piece, answer.printed), (piece, answer.printed)
    for raw in ("MLABEL", "SIMP", "#<"):
        assert raw not in answer.printed


def test_printed_text_comes_while_it_is_printed(lab):
    message_id = lab.client.execute("print(first)$ read(go)$", allow_stdin=True)
    while lab.client.get_iopub_msg(timeout=20)["msg_type"] != "stream":
        pass
    lab.client.get_stdin_msg(timeout=20)
    lab.client.input("1")
    assert lab.collect(message_id).reply["status"] == "ok"


THOUSAND = 'thousand: printf(false, "~{~d~%~}", makelist(i, i, 1000, 1999))$'
SHOWN = 200_000
"""Characters: 20,000 lines of five, with a notice and more than enough."""
MORE_MB = 40
"""Megabytes that a kernel may grow by; the lines together are 5, and were they kept as texts of Python, 60."""


def most_memory(pid):
    """The most that a process has ever had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+)", status)[1]) / 1024


def test_a_million_printed_lines_stay_within_every_limit(fresh_lab):
    before = most_memory(fresh_lab.pid)
    answer = fresh_lab.run(f"{THOUSAND} for k thru 1000 do printf(true, thousand)$ 6*7;")
    assert (answer.error, answer.results) == (None, ["42"])
    assert 15_000 < answer.printed.count("\n") <= 20_010
    assert len(answer.printed) < SHOWN
    assert len(answer.of("stream")) < answer.printed.count("\n") / 20  # what a client keeps: few messages
    thousand = "".join(f"{number}\n" for number in range(1000, 2000))
    assert kept(fresh_lab, answer).read_text() == thousand * 1000
    assert most_memory(fresh_lab.pid) - before < MORE_MB


def test_lines_without_an_end_can_be_interrupted_when_nothing_of_them_is_shown_any_more(fresh_lab):
    message_id, outputs = fresh_lab.start(f"{THOUSAND} for k do printf(true, thousand)$")
    while not any(kind == "stream" and "too much was printed" in told["text"] for kind, told in outputs):
        message = fresh_lab.client.get_iopub_msg(timeout=60)
        outputs.append((message["msg_type"], message["content"]))
    fresh_lab.interrupt()
    answer = fresh_lab.collect(message_id, outputs)
    assert answer.error == "KeyboardInterrupt"  # later than 3 s it would be MaximaDied
    assert len(answer.printed) < SHOWN
    assert fresh_lab.run("is(stringp(thousand));").results == ["true"]
