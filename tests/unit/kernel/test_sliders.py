"""Sliders: what a reader moves is computed anew, the newest value alone, in place; cells come first."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_kernel.sliders import Sliders
from maximalab_kernel.widgets import VIEW, Choices, Range, control

WAIT = 30.0


class Reader:
    """Moves sliders of a kernel, and sees what a front end would."""

    def __init__(self, lab):
        self.lab = lab
        self.models = {}
        self.answers = []

    def open(self, code):
        """Run `code` as a front end does; its reply and the data that it displays."""
        answer = self.lab.run(code, allow_stdin=True)
        for content in answer.of("comm_open"):
            self.models[content["comm_id"]] = content["data"]["state"]
        return answer

    def slider(self, name):
        """The comm of the newest control for the parameter `name`."""
        return [comm for comm, state in self.models.items() if state.get("description") == name][-1]

    def send(self, kind, content):
        message = self.lab.client.session.msg(kind, content)
        self.lab.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def move(self, comm, **state):
        return self.send("comm_msg", {"comm_id": comm, "data": {"method": "update", "state": state}})

    def updates(self, last):
        """Outputs that came in place of others, up to the end of the request `last`."""
        found = []
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            message = self.lab.client.get_iopub_msg(timeout=WAIT)
            if message["msg_type"] == "comm_msg" and "outputs" in message["content"]["data"].get("state", {}):
                found.append(message["content"]["data"]["state"]["outputs"])
            idle = message["content"].get("execution_state") == "idle"
            if idle and message["parent_header"].get("msg_id") == last:
                return found
        raise AssertionError("no end in sight")


def texts(outputs):
    return [each["data"]["text/plain"] for each in outputs if "data" in each]


@pytest.fixture
def reader(lab):
    return Reader(lab)


MOVES = [
    pytest.param("interact(n^2, [n, 1, 10])$", "n", {"value": 7}, "49", id="whole numbers"),
    pytest.param("interact(2*t, [t, 0, 1.0])$", "t", {"value": 0.25}, "0.5", id="real numbers"),
    pytest.param(
        "interact(2*t, [t, 0, 1, 0.5, 1])$", "t", {"value": 0.5}, "1.0", id="a step and a first value"
    ),
    pytest.param("interact(c^2, [c, [a, b+1]])$", "c", {"index": 1}, "(b+1)^2", id="choices"),
    pytest.param("interact(n+m, [n, 1, 5], [m, 10, 20])$", "m", {"value": 12}, "13", id="two parameters"),
    pytest.param("interact(string(k), [k, 1, 5])$", "k", {"value": 2}, "2", id="a text"),
]


@pytest.mark.parametrize(("code", "name", "state", "result"), MOVES)
def test_a_move_is_computed_and_replaces_what_was_there(reader, code, name, state, result):
    reader.open(code)
    assert [texts(each) for each in reader.updates(reader.move(reader.slider(name), **state))] == [[result]]


@pytest.mark.parametrize(
    ("code", "name", "state"),
    [
        pytest.param(
            "interact(plot2d(x^n,[x,0,1]), [n, 1, 5])$", "n", {"value": 3}, id="interact with a plot"
        ),
        pytest.param("with_slider(n, [1,2,5], sin(n*x), [x,0,6])$", "n", {"index": 2}, id="with_slider"),
        pytest.param(
            "with_slider_draw(k, [1,2], explicit(x^k,x,0,1))$", "k", {"index": 1}, id="with_slider_draw"
        ),
        pytest.param(
            "with_slider_draw3d(k, [1,2], explicit(k*x*y,x,0,1,y,0,1))$", "k", {"index": 1}, id="a surface"
        ),
    ],
)
def test_a_picture_is_drawn_anew(reader, code, name, state):
    answer = reader.open(code)
    data = answer.of("display_data")[0]["data"]
    (outputs,) = reader.updates(reader.move(reader.slider(name), **state))
    assert len(outputs) == 1
    assert outputs[0]["data"]["image/svg+xml"] != data["image/svg+xml"]


BUSY = "block([s:0], for i thru 300000 do s:s+i, s)$"


def test_of_many_moves_the_last_is_computed(reader):
    reader.open("interact(n, [n, 1, 1000])$")
    comm = reader.slider("n")
    reader.lab.client.execute(BUSY, allow_stdin=False)
    last = [reader.move(comm, value=value) for value in range(2, 202)][-1]
    found = reader.updates(last)
    assert len(found) <= 20
    assert texts(found[-1]) == ["201"]


def test_a_cell_that_waits_goes_before_the_sliders(reader):
    reader.open("interact(n, [n, 1, 1000])$")
    comm = reader.slider("n")
    reader.lab.client.execute(BUSY, allow_stdin=False)
    reader.move(comm, value=2)
    cell = reader.lab.client.execute('print("cell")$', allow_stdin=False)
    assert reader.updates(cell) == []
    assert [texts(each) for each in reader.updates(reader.move(comm, value=2))] == [[["2"]][0]]


def test_an_error_is_shown_in_place_and_the_next_move_works(reader):
    reader.open("interact(1/n, [n, -1, 3])$")
    comm = reader.slider("n")
    (failed,) = reader.updates(reader.move(comm, value=0))
    assert [each["output_type"] for each in failed] == ["error"]
    assert [texts(each) for each in reader.updates(reader.move(comm, value=2))] == [["1/2"]]
    assert reader.lab.run("6*7;").results == ["42"]


def test_an_interrupt_ends_a_long_computation(reader):
    reader.open("interact(if n>1 then do n:n, [n, 1, 3])$")
    comm = reader.slider("n")
    last = reader.move(comm, value=2)
    time_out = time.monotonic() + WAIT
    while time.monotonic() < time_out:
        message = reader.lab.client.get_iopub_msg(timeout=WAIT)
        if message["parent_header"].get("msg_id") == last:
            break
    reader.lab.interrupt()
    (outputs,) = reader.updates(last)
    assert outputs[-1]["ename"] == "KeyboardInterrupt"
    assert reader.lab.run("6*7;").results == ["42"]


def test_a_parameter_keeps_its_own_value_outside(reader):
    reader.open("n: 77$ interact(n^2, [n, 1, 10])$")
    reader.updates(reader.move(reader.slider("n"), value=3))
    assert reader.lab.run("n;").results == ["77"]
    reader.lab.run("kill(n)$")


WRONG = [
    pytest.param({"value": 99}, id="outside the range"),
    pytest.param({"value": "many"}, id="no number"),
    pytest.param({"value": None}, id="nothing"),
    pytest.param({"color": "red"}, id="another part of the state"),
]


@pytest.mark.parametrize("state", WRONG)
def test_what_is_no_value_moves_nothing(reader, state):
    reader.open("interact(n, [n, 1, 10])$")
    assert reader.updates(reader.move(reader.slider("n"), **state)) == []


def test_without_a_reader_the_first_value_and_a_sentence_are_shown(lab):
    answer = lab.run("interact(n^2, [n, 3, 10])$")
    shown = [content["data"] for content in answer.of("display_data")]
    assert answer.of("comm_open") == []
    assert "n = 3 (3 … 10)" in shown[0]["text/plain"]
    assert shown[1]["text/plain"] == "9"


def test_the_first_picture_stands_beside_the_controls_for_exports(reader):
    data = reader.open("interact(plot2d(x^n,[x,0,1]), [n, 1, 5])$").of("display_data")[0]["data"]
    assert data[VIEW]["model_id"] in reader.models
    assert data["image/svg+xml"].rstrip().endswith("</svg>")


@pytest.mark.parametrize(
    ("code", "begins"),
    [
        pytest.param("interact(plot2d(x^n,[x,0,1]), [n, 1, 5])$", '<img alt="plot; x', id="a picture"),
        pytest.param("interact(n^2, [n, 1, 5])$", "\\begin{equation*}", id="a formula"),
        pytest.param('interact("<b>", [n, 1, 5])$', "<pre>&lt;b&gt;", id="a text"),
    ],
)
def test_where_no_control_is_shown_a_word_tells_why(reader, code, begins):
    data = reader.open(code).of("display_data")[0]["data"]
    assert data["text/html"].startswith(begins)
    assert "n = 1 (1 … 5)" in data["text/html"]
    assert "pip install jupyterlab_widgets" in data["text/html"]


def test_the_word_is_in_both_languages(make_lab):
    answer = make_lab(MAXIMALAB_LANG="uk").run("interact(n^2, [n, 1, 5])$", allow_stdin=True)
    assert "Тут немає повзунка?" in answer.of("display_data")[0]["data"]["text/html"]


def test_a_page_that_is_loaded_anew_gets_the_models_back(reader):
    reader.open("interact(n^2, [n, 1, 10])$")
    reader.updates(reader.move(reader.slider("n"), value=6))
    info = reader.lab.collect(reader.send("comm_info_request", {"target_name": "jupyter.widget"}))
    assert set(reader.models) <= set(info.reply["comms"])
    reader.send("comm_open", {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {}})
    asked = reader.send("comm_msg", {"comm_id": "c", "data": {"method": "request_states"}})
    while True:
        message = reader.lab.client.get_iopub_msg(timeout=WAIT)
        if message["msg_type"] == "comm_msg" and message["parent_header"].get("msg_id") == asked:
            break
    states = message["content"]["data"]["states"]
    assert states[reader.slider("n")]["state"]["value"] == 6
    assert any(texts(each["state"].get("outputs", [])) == ["36"] for each in states.values())


def test_an_unknown_target_is_closed(reader):
    opened = reader.send("comm_open", {"comm_id": "x", "target_name": "somebody.else", "data": {}})
    while True:
        message = reader.lab.client.get_iopub_msg(timeout=WAIT)
        if message["msg_type"] == "comm_close" and message["parent_header"].get("msg_id") == opened:
            break
    assert message["content"]["comm_id"] == "x"


BAD = [
    pytest.param("interact(n)$", id="no parameter"),
    pytest.param("interact(n, [n, 5, 1])$", id="a range that goes down"),
    pytest.param("interact(n, [n, a, b])$", id="a range of symbols"),
    pytest.param("interact(n, [n, []])$", id="nothing to choose from"),
    pytest.param("interact(n, 5)$", id="no list"),
    pytest.param("with_slider()$", id="with_slider of nothing"),
]


@pytest.mark.parametrize("code", BAD)
def test_what_cannot_be_moved_is_an_error(lab, code):
    assert lab.run(code).error == "MaximaError"


@given(
    st.sampled_from(["index", "value", "other"]), st.one_of(st.none(), st.integers(), st.floats(), st.text())
)
def test_no_state_puts_a_control_out_of_its_bounds(name, value):
    sliders = Sliders(1, [Choices("c", ["a", "b"]), Range("r", 0, 1, 0.1, 0.5, whole=False)])
    for handle in sliders.handles:
        sliders.take(handle.id, {name: value})
    assert sliders.values[0] in {0, 1}
    assert 0 <= sliders.values[1] <= 1
    json.dumps([model.state for model in sliders.models], allow_nan=False)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("n\nwhole\n1\n10\n1\n1", Range("n", 1, 10, 1, 1, whole=True), id="whole"),
        pytest.param("t\nreal\n0\n1.0d0\n0.5\n1e-3", Range("t", 0, 1, 0.5, 0.001, whole=False), id="real"),
        pytest.param("c\nchoice\n1\na\nb", Choices("c", ["a", "b"], 1), id="choice"),
    ],
)
def test_a_control_is_read(line, expected):
    assert control(line) == expected


def test_a_with_slider_without_a_list_is_named_and_shown(lab):
    answer = lab.run("with_slider(n, 1, 5, sin(n*x), [x,0,6]);")
    assert answer.reply["evalue"].startswith("with_slider: a parameter and a list of its values are wanted")
    assert "with_slider(n, [1, 2, 3], sin(n*x), [x, 0, 6])" in answer.reply["evalue"]
