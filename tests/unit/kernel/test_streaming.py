"""Printed text: few messages for many lines, and yet while the cell runs, and in order with everything else."""

from __future__ import annotations

import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from maximalab_kernel.streaming import EVERY, Stream

LINES = 20_000
PATIENCE = 60.0
MANY_MESSAGES = 600
"""Text of a minute and a half at seven messages a second; told line by line there were 7,000 and more."""
LOOP = "for i thru {} do (for j thru 30 do j^2, print(i))"


class Published:
    """A stream, its clock, and what has come out of it: when, where, what."""

    def __init__(self):
        self.now, self.messages = 0.0, []
        self.stream = Stream(
            lambda name, text: self.messages.append((self.now, name, text)), lambda: self.now
        )

    @property
    def texts(self):
        return [(name, text) for _, name, text in self.messages]


def test_the_first_text_goes_out_at_once_and_more_of_it_together():
    published = Published()
    for text in "abc":
        published.stream.add("stdout", text)
    assert published.texts == [("stdout", "a")]
    published.now += EVERY
    published.stream.tick()
    assert published.texts == [("stdout", "a"), ("stdout", "bc")]
    published.now += EVERY
    published.stream.add("stdout", "d")
    assert published.texts[2:] == [("stdout", "d")]


def test_what_follows_does_not_overtake():
    published = Published()
    for name, text in [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]:
        published.stream.add(name, text)
    published.stream.flush()
    assert published.texts == [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]
    published.stream.flush()
    assert len(published.messages) == 4


@given(
    st.lists(
        st.tuples(st.sampled_from(["stdout", "stderr"]), st.text(min_size=1), st.integers(0, 4)), max_size=40
    )
)
def test_nothing_is_lost_or_out_of_order_and_little_is_sent(pieces):
    published = Published()
    for name, text, steps in pieces:
        published.stream.add(name, text)
        for _ in range(steps):
            published.now += EVERY / 3
            published.stream.tick()
    published.stream.flush()
    said = [(name, char) for name, text in published.texts for char in text]
    assert said == [(name, char) for name, text, _ in pieces for char in text]
    changes = sum(one[0] != other[0] for one, other in pairwise(pieces))
    assert len(published.messages) <= 2 + published.now / EVERY + changes


def test_a_flood_of_lines_arrives_whole_in_few_messages(lab):
    answer = lab.run(LOOP.format(LINES) + "$")
    assert [int(line) for line in answer.printed.split()] == list(range(1, LINES + 1))
    assert len(answer.of("stream")) <= MANY_MESSAGES


def seen(lab, word):
    """Wait until `word` has been published."""
    said, until = "", time.monotonic() + PATIENCE
    while word not in said:
        assert time.monotonic() < until, said
        message = lab.client.get_iopub_msg(timeout=PATIENCE)
        said += message["content"]["text"] if message["msg_type"] == "stream" else ""


def test_text_comes_while_the_cell_works_on_and_prints_nothing(lab, tmp_path):
    waiting = f'system("until [ -e {tmp_path}/go ]; do sleep 0.05; done")'
    message_id = lab.client.execute(f"(print(first), print(second), {waiting}, print(third))$")
    seen(lab, "second")
    (tmp_path / "go").touch()
    assert "third" in lab.collect(message_id).printed


def test_text_comes_before_the_question_behind_it(lab):
    message_id = lab.client.execute(f"({LOOP.format(50)}, print(last), read(go))$", allow_stdin=True)
    lab.client.get_stdin_msg(timeout=PATIENCE)
    seen(lab, "last")  # while nobody has answered
    lab.client.input("1")
    assert lab.collect(message_id).reply["status"] == "ok"


def test_text_comes_before_the_result_and_the_error_behind_it(lab):
    answer = lab.run(f"({LOOP.format(50)}, 6*7); ({LOOP.format(50)}, error(no));")
    order = "".join(
        content["text"] if kind == "stream" else f" {kind} "
        for kind, content in answer.outputs
        if kind in {"stream", "execute_result", "error"}
    ).split()
    numbers = [str(number) for number in range(1, 51)]
    assert [word for word in order if word != "no"] == [*numbers, "execute_result", *numbers, "error"]
