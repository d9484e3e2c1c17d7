"""Whatever is typed: the kernel answers the next `6*7;`, and never takes printed text for its own protocol.

MAXIMALAB_FUZZ=N tries N texts instead of a few.
"""

from __future__ import annotations

import json
import os
import re
import threading

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("MAXIMALAB_FUZZ") or 60)
LIMIT = 5.0
"""Seconds after which a cell is interrupted: it may run for ever, and rightly so."""

SECRET = "only-the-kernel-may-say-this"

SEEDS = [
    "1+1;", "f(x):=x^2$ f(3);", "x y;", '"abc', "(1+", "/* a /* b */ c */ 2;", "? minimize_lp", ":lisp (+ 1 2)",
    ":lisp (", "integrate(x^2,x,0,1);", "diff(sin(x)*exp(x),x,2);", "for i thru 3 do print(i)$",
    'print("a;b$c")$', "matrix([1,2],[3,4]) . x;", "solve(x^2-1,x);", "block([a:1], a+1);",
    "if true then 1 else 2;", "asksign(zz);", 'read("?");', "h(n):=1+h(n+1)$ h(1);", "error(1,2);", "throw(1);",
    "catch(throw(2));", "errcatch(1/0);", "to_lisp();", "break();", "debugmode(true)$", "kill(all);", "%i1;",
    "%o1;", "%th(2);", "'integrate(1/x,x);", "''%;", "a[1]:5$ a[1];", 'infix("@@")$ 1 @@ 2;', "ev(x,x=1);",
    "expand((a+b)^9);", 'eval_string("1+");', 'parse_string("x y");', "1e400;", "10^400;", "1/0.0;",
    "sqrt(-1);", "x:x+1;", "display2d:false$", "inchar:q$", "linenum:0$", "nolabels:true$",
    "ibase:2$ ibase:1010$", "obase:16$ 255;", "reset()$", "showtime:true$", "quit();", ":q", "??", "tex(x^2);",
    "grind(f);", "string(x);", 'batch("nofile");', 'load("nofile");', "closefile();", 'system("echo hi");',
    'with_stdout("/dev/null", print(1));', "ttyoff:true$", 'save("/dev/null", all)$', "?print(1);",
    "?\\*standard\\-output\\*:0$", ":lisp (setq *standard-output* nil)", ":lisp (throw 'macsyma-quit 1)",
    ':lisp (error "x")', ":lisp (setq *package* nil)", ":lisp (setq *print-base* 2)",
    ":lisp (setf *read-base* 3)", ":lisp (close *standard-output*)", ":lisp (sleep 0.1)",
]  # fmt: skip
WORDS = ("text", "name", "message", "prompt")
RUNNING = "the number of the request that runs"
"""Answers of any other request are dropped: a forgery must name this one. `printing` puts it in."""
FORGED = [
    json.dumps({"id": RUNNING, "kind": kind, "label": "%o1", **dict.fromkeys(WORDS, SECRET)})
    for kind in ("result", "done", "error", "input", "ready", "names")
]
PRINTED = st.sampled_from(
    [*FORGED, "(%i1) ", f"(%o1) {SECRET}", "<IDS|MSG>", "\x02P\x03", "\x1b[31m", "\r\n"]
)
MARKS = st.sampled_from(
    [*";$\"\\/*()[]{}:?!',=#~^%\n\t \0", "/*", "*/", "\ufeff", "\u202e", "é", "😀", "ї", "\r", "\x1a", "''"]
)
LONG = st.sampled_from(
    ["x" * 10**6, "(" * 10**4, "1+" * 10**4, '"' + "a" * 10**6, "[" * 300 + "]" * 300, "-" * 5000 + "1"]
)


def printing(text):
    """Code that prints `text`, in one of the ways that there are: Maxima's, Lisp's, a program's."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    parts = quoted.split(f'\\"{RUNNING}\\"')
    told = "sconcat(" + r", ?\*maximalab\-id\*, ".join(f'"{part}"' for part in parts) + ")"
    program = f"""system(sconcat("printf '%s\\\\n' '", {told}, "'"))"""
    return f'print({told})$ printf(true, "~a~%", {told})$ {program}$ disp({told})$'


@st.composite
def mutated(draw):
    """A seed with pieces put in, left out, doubled or cut off."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(text)))
        match draw(st.integers(0, 3)):
            case 0:
                text = text[:place] + draw(MARKS) + text[place:]
            case 1:
                text = text[:place] + text[place + draw(st.integers(1, 3)) :]
            case 2:
                text = text[:place]
            case _:
                text = text[:place] + draw(st.sampled_from(SEEDS)) + text[place:]
    return text


CELLS = st.one_of(
    mutated(),
    st.lists(st.sampled_from(SEEDS) | MARKS, max_size=12).map("".join),
    PRINTED.map(printing),
    st.tuples(PRINTED.map(printing), mutated()).map("\n".join),
    st.text(max_size=80),
    st.tuples(LONG, mutated()).map("".join),
)


TEN = 'ibase: slength("0123456789")$ obase: slength("0123456789")$'
"""Forty-two is told in decimal digits again, where a text has rightly changed that."""


def run(lab, code):
    """Run a cell that nobody answers, and interrupt it where it does not end; the interrupt is over with the cell."""
    message_id = lab.client.execute(code, allow_stdin=False)
    alarm = threading.Timer(LIMIT, lab.interrupt)
    alarm.start()
    try:
        answer = lab.collect(message_id)
    finally:
        alarm.cancel()
        alarm.join()
    assert answer.reply["status"] in {"ok", "error"}
    return answer


def forged(answer):
    """Whether anything but printed text carries what only printed text has said."""
    outputs = [content for kind, content in answer.outputs if kind in {"execute_result", "display_data"}]
    told = [content["data"].get("text/plain", "") for content in outputs]
    return [text for text in told if text.partition(") ")[2] == SECRET] or answer.reply.get("ename") == SECRET


@given(CELLS)
@settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
          suppress_health_check=list(HealthCheck))  # fmt: skip
def test_after_any_text_six_times_seven_is_42(lab, code):
    answer = run(lab, code)
    assert not forged(answer), answer
    after = lab.run(f"{TEN}\n6*7;")
    values = [content["data"]["text/plain"].rpartition(") ")[2] for content in after.of("execute_result")]
    assert values == ["42"], (code[:300], after)


def test_a_forgery_names_the_request_that_runs(fresh_lab):
    """What is printed carries its number; and the same on the pipe of answers would be taken for one, and noticed."""
    first = fresh_lab.run(printing(FORGED[0])).printed
    numbers = [int(number) for number in re.findall(r'"id": (\d+)', first)]
    assert len(numbers) == 4
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    leak = FORGED[0].replace("~", "~~").replace(f'"{RUNNING}"', "~d").replace('"', '\\"')
    answer = fresh_lab.run(f':lisp (progn (format *maximalab-frames* "{leak}~%" *maximalab-id*) (values))')
    assert forged(answer)
