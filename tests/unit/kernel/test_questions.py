"""What Maxima asks: through the notebook, or not at all, with a command that answers beforehand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_kernel.questions import proposal

PROPOSALS = [
    pytest.param("Is n equal to -1?", "assume(notequal(n,-1))", id="equal"),
    pytest.param("Is a positive, negative or zero?", "assume(a > 0)", id="a sign"),
    pytest.param("Is b positive or negative?", "assume(b > 0)", id="a sign that is not zero"),
    pytest.param("Is b negative or zero?", "assume(b < 0)", id="one that is not positive"),
    pytest.param("Is t-1 zero or nonzero?", "assume(notequal(t-1,0))", id="zero"),
    pytest.param(
        "Is (q-1)*(q+1) positive, negative or zero?", "assume((q-1) > 0, (q+1) > 0)", id="a product"
    ),
    pytest.param("Is 2*a-b positive, negative or zero?", "assume(2*a-b > 0)", id="a difference of products"),
    pytest.param(
        "Is abs(q)-1 positive, negative or zero?", "assume(abs(q)-1 < 0)", id="where a series converges"
    ),
    pytest.param("Is n an integer?", "declare(n, integer)", id="an integer"),
    pytest.param("Is k an even number?", "declare(k, even)", id="even"),
    pytest.param("Is n+m an integer?", "declare([m, n], integer)", id="a sum of integers"),
    pytest.param("Is n/2 an integer?", "declare(n, even)", id="half an integer"),
    pytest.param("Is n/3 an integer?", "", id="a third of an integer"),
    pytest.param("your name?", "", id="a question of the user's own"),
]


@pytest.mark.parametrize(
    ("question", "told"), [("a", "a. Nobody"), ("name?", "name? Nobody"), ("n: ", "n: Nobody")]
)
def test_our_words_stand_apart_from_the_readers_question(lab, question, told):
    answer = lab.run(f'read("{question}");')
    assert answer.error == "MaximaQuestion"
    assert f"Maxima asks: {told} can answer here" in answer.reply["evalue"]


@pytest.mark.parametrize("name", ["pi", "PI", "π"])
def test_nobody_is_told_to_assume_something_of_a_constant(lab, name):
    code = f"integrate(1/x, x, 1, {name});"
    answer = lab.run(code)
    assert answer.error == "MaximaQuestion"
    assert "assume" not in answer.reply["evalue"]
    assert "write %pi for the constant" in answer.reply["evalue"]
    prompts, _ = ask(lab, code, "p")
    assert f"({name} is an ordinary name; the constant is %pi." in prompts[0]


@pytest.mark.parametrize(("question", "command"), PROPOSALS)
def test_a_question_has_a_command_that_answers_it(question, command):
    assert proposal(question) == command


@given(st.text(alphabet="Is anequlto?pv,r zg()*/+-^1", max_size=60))
def test_any_question_can_be_looked_at(question):
    proposal(f"Is {question} positive, negative or zero?")
    proposal(question)


ASKING = [
    "asksign(a);", "asksign(a-1);", "asksign(a^3-b);", "asksign(x^2-1);", "asksign(log(x));", "asksign(t^2);",
    "asksign(t^2-2*t+1);", "asksign(sin(t));", "askinteger(n);", "askinteger(n, even);", "askinteger(n, odd);",
    "askinteger(n+m);", "askinteger(2*n+1);", "askinteger(n/2);", "askequal(a,b);", "askequal(x^2,y);",
    "integrate(u^n,u);", "integrate(x^n*exp(-x),x,0,inf);", "integrate(1/(x^2+a),x);", "integrate(exp(-a*x),x,0,inf);",
    "integrate(sqrt(a^2-x^2),x,0,a);", "integrate(x^p*(1-x)^q,x,0,1);", "integrate(cos(w*x)/(x^2+a^2),x,0,inf);",
    "integrate(sin(n*x)*sin(m*x),x,0,%pi);", "limit(x^k,x,inf);", "limit((1+r)^n,n,inf);", "laplace(t^n,t,s);",
    "ilt(1/(s^2+b*s+c),s,t);", "ode2('diff(y,x,2)+a*'diff(y,x)+b*y=0,y,x);", "sum(q^k,k,0,inf),simpsum;",
    "specint(exp(-s*t)*t^v,t);",
]  # fmt: skip


ASKED_SINCE_548 = {"integrate(sin(n*x)*sin(m*x),x,0,%pi);"}
"""Older ones, on SBCL and GCL, answer for different n and m."""


@pytest.mark.parametrize("code", ASKING)
def test_what_is_proposed_makes_the_cell_pass_where_nobody_can_answer(lab, lisp, code):
    lab.run("kill(all)$")
    added = []
    answer = lab.run(code)
    while answer.error == "MaximaQuestion" and len(added) < 4:
        command = (
            answer.reply["evalue"].partition("add for example ")[2].removesuffix(" before this statement.")
        )
        added.append(command)
        assert lab.run(f"{command}$").reply["status"] == "ok"
        answer = lab.run(code)
    assert bool(added) == (lisp == "ecl" or code not in ASKED_SINCE_548)
    assert answer.reply["status"] == "ok", (answer.reply, added)


def ask(lab, code, *replies):
    """Run a cell and answer its questions; the prompts and the answer."""
    message_id = lab.client.execute(code, allow_stdin=True)
    prompts = []
    for reply in replies:
        prompts.append(lab.client.get_stdin_msg(timeout=20)["content"]["prompt"].strip())
        lab.client.input(reply)
    return prompts, lab.collect(message_id)


@pytest.fixture
def script(tmp_path):
    """Writes a file for batch, and gives its path as Maxima's text."""

    def write(text):
        path = tmp_path / "script.mac"
        path.write_text(text, encoding="utf-8")
        return f'"{path}"'

    return write


ANSWERED = [
    pytest.param("askinteger(x); integerp(x); x;", ["yes"], ["yes", "false", "x"], id="a statement is no answer"),
    pytest.param("asksign(n2); 6*7;", ["neg"], ["neg", "42"], id="a sign"),
    pytest.param("asksign(n3);", ["perhaps", "pos;"], ["pos"], id="an answer that Maxima cannot take is asked again"),
    pytest.param('read("a?") + read("b?");', ["40", "2"], ["42"], id="two questions in a statement"),
    pytest.param('a: 5$ s: readonly("what?")$ s;', ["a + b"], ["b+a"], id="an expression, not evaluated"),
    pytest.param('sconcat(read("ім\'я?"), "!");', ['"Оля 😀"'], ["Оля 😀!"], id="a text of many scripts"),
    pytest.param("entermatrix(1,2);", ["1", "2"], ["matrix([1,2])"], id="a matrix, element by element"),
    pytest.param("entermatrix(2,2);", ["2", "1", "2", "3"], ["matrix([1,2],[2,3])"], id="a symmetric matrix"),
    pytest.param("integrate(1/(x^2+c2),x); integrate(x^n4,x);", ["p", "no"],
                 ["atan(x/sqrt(c2))/sqrt(c2)", "x^(n4+1)/(n4+1)"], id="questions in two statements"),
    pytest.param("errcatch(asksign(n5)); 6*7;", ["pos"], ["[pos]", "42"], id="a question inside errcatch"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "replies", "results"), ANSWERED)
def test_questions_are_asked_through_the_notebook(lab, code, replies, results):
    lab.run("kill(all)$")
    _, answer = ask(lab, code, *replies)
    assert answer.results == results, answer


UKRAINIAN = [
    pytest.param("askinteger(n21);", "Так", "yes", "n21 an integer? (так чи ні)", id="yes"),
    pytest.param("askinteger(n22);", "ні;", "no", "n22 an integer? (так чи ні)", id="no"),
    pytest.param("askequal(n23, 1);", "т", "yes", "equal to 1? (так чи ні)", id="one letter"),
    pytest.param("askequal(n24, 1);", "NO", "no", "equal to 1? (так чи ні)", id="capitals"),
    pytest.param("asksign(n25);", "від’ємне", "neg", "or zero? (додатне, від'ємне чи нуль)", id="negative"),
    pytest.param("asksign(n26);", "Додатне", "pos", "or zero? (додатне, від'ємне чи нуль)", id="positive"),
    pytest.param("asksign(n27);", "нуль", "zero", "or zero? (додатне, від'ємне чи нуль)", id="zero"),
    pytest.param("asksign(n28^2);", "не нуль", "pos", "zero or nonzero? (нуль чи не нуль)", id="not zero"),
    pytest.param('так: 5$ read("Is it an integer?");', "так", "5", "Is it an integer?", id="a question of one's own"),
]  # fmt: skip


@pytest.fixture(scope="module")
def ukrainian_lab(start_lab):
    return start_lab(MAXIMALAB_LANG="uk")


@pytest.mark.parametrize(("code", "reply", "result", "question"), UKRAINIAN)
def test_maxima_may_be_answered_in_ukrainian(ukrainian_lab, code, reply, result, question):
    ukrainian_lab.run("kill(all)$")
    prompts, answer = ask(ukrainian_lab, code, reply)
    assert prompts[0].endswith(question)
    assert answer.results == [result]


def test_a_decimal_comma_in_an_answer_brings_its_hint(lab):
    _, answer = ask(lab, 'x: read("x?");', "7,5")
    assert answer.hints == ["Hint: the decimal sign is a point: `….5`."]


def test_what_is_typed_into_the_box_of_an_earlier_question_answers_no_other(fresh_lab):
    """As JupyterLab's box, which stays open after an interrupt and names its question as the reply's parent."""
    client = fresh_lab.client
    first = client.execute('read("first?");', allow_stdin=True)
    stale = client.get_stdin_msg(timeout=20)
    fresh_lab.interrupt()
    assert fresh_lab.collect(first).error == "KeyboardInterrupt"
    second = client.execute('read("second?");', allow_stdin=True)
    asked = client.get_stdin_msg(timeout=20)
    for question, value in ((stale, "1"), (asked, "2")):
        reply = client.session.msg("input_reply", {"status": "ok", "value": value}, parent=question["header"])
        client.stdin_channel.send(reply)
    assert fresh_lab.collect(second).results == ["2"]


def test_a_question_in_a_file_is_the_question_of_the_cell(lab, script):
    answer = lab.run(f"batch({script('before: 1; asksign(q7); after: 2;')});")
    assert (answer.error, answer.results) == ("MaximaQuestion", [])
    assert lab.run("kill(after)$ 6*7;").results == ["42"]
    prompts, answer = ask(lab, f"batch({script('asksign(q7);')})$", "pos")
    assert prompts == ["Is q7 positive, negative or zero?"]
    assert "pos" in answer.printed


def test_an_error_in_a_file_is_the_error_of_the_cell(lab, script):
    answer = lab.run(f"batch({script('one: 1; 1/0; two: 2;')});")
    assert answer.error == "MaximaError"
    assert lab.run("kill(two)$ [one, two];").results == ["[1,two]"]


def test_a_file_may_bring_its_own_answers(lab, script):
    answer = lab.run(f"batch_answers_from_file: true$ batch({script('asksign(q8); neg; 6*7;')})$")
    assert answer.reply["status"] == "ok", answer.reply
    assert "neg" in answer.printed
    assert "42" in answer.printed
    assert lab.run("batch_answers_from_file: false$").reply["status"] == "ok"


@pytest.mark.parametrize("call", ["batch({}, demo)$", "demo({})$"])
def test_a_demonstration_waits_for_the_reader(lab, script, call):
    code = call.format(script("first: 11; second: 22; third: 33;"))
    prompts, answer = ask(lab, code, "", "end")
    assert prompts == ["Enter: the next command; end: stop"] * 2
    assert "22" in answer.printed
    assert "33" not in answer.printed
    refused = lab.run(code)
    assert refused.error == "MaximaQuestion"
    assert "batch(…)" in refused.reply["evalue"]


def test_playback_shows_what_was_done(lab):
    lab.run("kill(all)$ a: 41$ a+1;")
    assert "42" in lab.run("playback()$").printed
