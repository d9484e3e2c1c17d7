"""What our own functions in Maxima refuse is told in the reader's language, and every such message has its sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import maximalab_kernel
import pytest
from maximalab_kernel.ownpages import OWN_PAGES
from maximalab_kernel.ownwords import OWN_WORDS, REFUSALS, refusal

MAXIMAS = {"variables.lisp"}
"""What says a sentence of newer Maximas in older ones; it stays as it is."""
LISP = Path(maximalab_kernel.__file__).parent / "lisp"
REFUSED = [
    ("interact(n^2, [n, 1]);", "found: [n,1]", "а тут [n,1]"),
    ("interact(n^2, [n, a, b]);", "a is no number", "a не є числом"),
    ("interact(n^2, [n, 3, 1]);", "3 does not lie below 1", "3 не менше за 1"),
    ("interact(n^2, [n, []]);", "n has nothing", "для n немає"),
    ("interact(n);", "are wanted: interact(n^2, [n, 1, 10])", "потрібні вираз"),
    ("with_slider(n, 1, sin(n*x), [x,0,6]);", "wanted: with_slider(n, [1, 2, 3]", "значень: with_slider(n, [1, 2, 3]"),
    ("plotdf(x, [zzz, 1]);", "the option [zzz,1]", "параметра [zzz,1]"),
    ("to_lisp();", "to_lisp: not in a notebook", "to_lisp: у зошиті"),
]  # fmt: skip


@pytest.fixture(scope="module")
def labs(start_lab):
    """One kernel that speaks English, one that speaks Ukrainian."""
    return start_lab(MAXIMALAB_LANG="en"), start_lab(MAXIMALAB_LANG="uk")


@pytest.mark.parametrize(("code", "english", "ukrainian"), REFUSED, ids=[code for code, *_ in REFUSED])
def test_a_refusal_of_ours_is_told_in_either_language(labs, code, english, ukrainian):
    for lab, told in zip(labs, (english, ukrainian), strict=True):
        answer = lab.run(code)
        assert answer.error == "MaximaError"
        assert told in answer.reply["evalue"]


def test_each_message_of_the_lisp_files_has_its_sentence():
    files = [path for path in sorted(LISP.glob("*.lisp")) if path.name not in MAXIMAS]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in files)
    messages = re.findall(r'\(merror "([^"]+)"', sources)
    assert len(messages) >= len(REFUSALS)
    for message in messages:
        shown = message.replace("but ~A", "but a slider goes")
        assert refusal(re.sub("~[aAM]", "x", shown)), message
    assert {key for _, key in REFUSALS} == set(OWN_WORDS)


def test_what_others_refuse_stays_as_it_is():
    assert refusal("solve: all variables must not be numbers.") is None


@pytest.mark.parametrize("name", OWN_PAGES)
def test_a_function_of_ours_has_its_page(labs, name):
    for lab, told in zip(labs, ("of this kernel", "цього ядра"), strict=True):
        for page in (lab.run(f"? {name}").printed, inspected(lab, f"{name}(")):
            assert OWN_PAGES[name].signatures[0] in page
            assert told in page
            assert OWN_PAGES[name].example in page


@pytest.mark.parametrize("name", OWN_PAGES)
def test_the_example_of_its_page_runs(labs, name):
    answer = labs[0].run(f"{OWN_PAGES[name].example};", allow_stdin=True)
    assert answer.error is None
    assert "image/" in json.dumps(answer.of("display_data"))


def test_completion_knows_what_is_ours_behind_what_is_commoner(labs):
    matches = asked(labs[0], labs[0].client.complete("inte"))["matches"]
    assert matches.index("integrate") < matches.index("interact")


def asked(lab, message_id):
    """The content of the reply."""
    while True:
        reply = lab.client.get_shell_msg(timeout=40)
        if reply["parent_header"].get("msg_id") == message_id:
            return reply["content"]


def inspected(lab, code):
    return asked(lab, lab.client.inspect(code))["data"].get("text/plain", "")
