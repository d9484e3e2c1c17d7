"""Nothing that reaches the kernel ends it: stray lines on Maxima's pipe, requests of the wrong shape."""

from __future__ import annotations

import json
import os
import re
import time

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from maximalab_kernel.frames import SHAPES, Sieve, frame_of

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted({"id", "kind", *(name for shape in SHAPES.values() for name in shape)})

LINES = [
    pytest.param("5", id="a number"),
    pytest.param("null", id="null"),
    pytest.param('"done"', id="a text"),
    pytest.param("[]", id="a list"),
    pytest.param("{}", id="an object without a kind"),
    pytest.param('{"id":%d}', id="our number, no kind"),
    pytest.param('{"id":%d,"kind":"mystery"}', id="an unknown kind"),
    pytest.param('{"id":%d,"kind":["done"]}', id="a kind that is a list"),
    pytest.param('{"id":%d,"kind":"result","size":"many"}', id="a size that is a text"),
    pytest.param('{"id":%d,"kind":"result","size":{}}', id="a size that is an object"),
    pytest.param('{"id":%d,"kind":"plot","path":7}', id="a path that is a number"),
    pytest.param('{"id":%d,"kind":"error","name":[],"message":{}}', id="an error without words"),
    pytest.param('{"id":{},"kind":"done"}', id="a number that is an object"),
    pytest.param("[" * 5000, id="deep JSON"),
    pytest.param("привіт", id="no JSON"),
]


def write_stray(lab, line):
    """Have the line written to the pipe of answers by Maxima's own process: a program cannot."""
    text = line.replace("\\", "\\\\").replace('"', '\\"').replace("%d", "~d")
    text = text if "~d" in text else text + "~*"
    return lab.run(
        f':lisp (progn (format *maximalab-frames* "{text}~%" *maximalab-id*) (finish-output *maximalab-frames*))'
    )


@pytest.mark.parametrize("line", LINES)
def test_a_stray_line_among_the_answers_is_noise(lab, line):
    answer = write_stray(lab, line)
    assert answer.reply["status"] == "ok", answer.reply
    assert lab.run("6*7;").results == ["42"]


def test_a_forged_answer_of_the_right_shape_hurts_only_its_own_cell(lab):
    for line in (
        '{"id":%d,"kind":"done"}',
        '{"id":%d,"kind":"plot","path":"\\u0000"}',
        '{"id":%d,"kind":"plot","path":"/"}',
    ):
        write_stray(lab, line)
        assert lab.run("6*7;").results == ["42"]


def test_a_program_cannot_write_among_the_answers(lab):
    answer = lab.run('system("echo 5 >&$MAXIMALAB_FRAMES && echo written")$ 6*7;')
    assert answer.results == ["42"]
    assert "written" not in answer.printed
    listed = lab.run('system("ls -l /proc/self/fd")$').printed
    frames = lab.run('system("echo frames:$MAXIMALAB_FRAMES")$').printed
    number = re.search(r"frames:(\d+)", frames)[1]
    maxima = next(
        child for child in psutil.Process(lab.pid).children() if "maxima" in " ".join(child.cmdline())
    )
    pipe = os.readlink(f"/proc/{maxima.pid}/fd/{number}")  # noqa: PTH115  what it names is no path
    assert pipe.startswith("pipe:")
    assert pipe not in listed


def test_a_program_does_not_read_the_requests(lab):
    answer = lab.run('system("cat; echo read")$ 6*7;')
    assert "read" in answer.printed
    assert answer.results == ["42"]


def test_a_background_program_does_not_hide_that_maxima_has_ended(lab):
    begin = time.monotonic()
    answer = lab.run('system("sleep 20 >/dev/null 2>&1 </dev/null &")$ quit();')
    assert answer.error == "MaximaDied"
    assert time.monotonic() - begin < 10


def test_stray_lines_are_logged_once_and_cut(caplog):
    sieve = Sieve()
    for _ in range(3):
        frames = sieve.sift([b"x" * 10_000, b'{"id":1,"kind":"done"}', b"5"])
        assert [frame.kind for frame in frames] == ["done"]
    assert len(caplog.records) == 1
    assert len(caplog.text) < 300


@given(line=st.dictionaries(st.sampled_from(FIELDS), JUNK) | JUNK)
def test_no_line_has_a_shape_that_its_kind_has_not(line):
    frame = frame_of(json.dumps(line).encode())
    if frame is not None:
        assert type(frame.fields["id"]) is int
        assert set(frame.fields) <= {"id", *SHAPES[frame.kind]}


@given(kind=st.sampled_from(sorted(SHAPES)), fields=st.dictionaries(st.sampled_from(FIELDS), JUNK))
def test_a_frame_of_a_known_kind_has_fields_of_its_types(kind, fields):
    frame = frame_of(json.dumps({**fields, "id": 1, "kind": kind}).encode())
    for name, wanted in SHAPES[kind].items() if frame else ():
        assert frame.fields.get(name) is None or isinstance(frame.fields[name], wanted)


@given(st.binary(max_size=40))
def test_bytes_are_no_frame(line):
    assert frame_of(line) is None


def ask(lab, kind, content, *, header=None):
    """Send a request as it is; the content of its reply."""
    message = lab.client.session.msg(kind, content)
    message["header"].update(header or {})
    lab.client.shell_channel.send(message)
    return lab.collect(message["header"]["msg_id"]).reply


BAD = [
    pytest.param("complete_request", {"code": "a", "cursor_pos": "x"}, "cursor_pos", id="a cursor that is a word"),
    pytest.param("inspect_request", {"code": "a", "cursor_pos": None}, "cursor_pos", id="a cursor that is nothing"),
    pytest.param("history_request", {"hist_access_type": "tail", "n": "x"}, "ValueError", id="a count that is a word"),
    pytest.param("execute_request", {"user_expressions": [1]}, "AttributeError", id="expressions in a list"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "content", "says"), BAD)
def test_a_request_of_the_wrong_shape_is_answered_as_an_error(lab, kind, content, says):
    reply = ask(lab, kind, content)
    assert (reply["status"], reply["ename"]) == ("error", "BadRequest")
    assert says in reply["evalue"]
    assert lab.run("6*7;").results == ["42"]


@pytest.mark.parametrize("cursor", [-5, 10**30, 3], ids=["before the code", "far behind it", "behind it"])
def test_a_cursor_outside_the_code_is_moved_into_it(lab, cursor):
    reply = ask(lab, "complete_request", {"code": "si", "cursor_pos": cursor})
    assert reply["status"] == "ok"
    assert 0 <= reply["cursor_start"] <= reply["cursor_end"] <= 2


def test_maxima_may_end_in_an_expression_of_the_front_end(lab):
    answer = lab.run("1;", user_expressions={"x": "quit()", "y": "6*7"})
    assert answer.reply["status"] == "ok"
    values = answer.reply["user_expressions"]
    assert values["x"]["ename"] == "MaximaDied"
    assert values["y"]["data"]["text/plain"] == "42"


KINDS = [
    f"{word}_request" for word in ("execute", "complete", "inspect", "is_complete", "history", "comm_info")
]
NAMES = ["code", "cursor_pos", "silent", "store_history", "user_expressions", "allow_stdin", "stop_on_error"]
NAMES += ["hist_access_type", "n", "start", "stop", "pattern", "unique", "output", "detail_level"]
CONTENTS = st.dictionaries(
    st.sampled_from(NAMES),
    st.sampled_from(["tail", "range", "search", "1;", "quit();"]) | JUNK,
)


@given(kind=st.sampled_from(KINDS), content=CONTENTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_request_six_times_seven_is_42(lab, kind, content):
    content.pop("allow_stdin", None)
    reply = ask(lab, kind, content)
    assert reply["status"] in {"ok", "error", "aborted", "complete", "incomplete", "invalid"}
    assert lab.run("kill(all)$ 6*7;").results == ["42"]


def test_messages_that_nobody_can_read_are_dropped(lab):
    deep = b'{"a":' * 3000 + b"1" + b"}" * 3000
    session = lab.client.session
    for content in (deep, b"[]", b"\xff", b""):
        parts = [json.dumps({"msg_type": "execute_request", "msg_id": "x"}).encode(), b"{}", b"{}", content]
        lab.client.shell_channel.socket.send_multipart([b"<IDS|MSG>", session.sign(parts), *parts])
        lab.client.control_channel.socket.send_multipart([b"<IDS|MSG>", session.sign(parts), *parts])
    assert lab.run("6*7;").results == ["42"]
    lab.interrupt()
    assert lab.run("6*7;").results == ["42"]


def test_a_header_that_can_be_read_and_not_be_written_ends_nothing(fresh_lab):
    session, socket = fresh_lab.client.session, fresh_lab.client.shell_channel.socket
    for depth in range(900, 1000, 3):
        deep = b'{"msg_type":"kernel_info_request","a":' + b"[" * depth + b"]" * depth + b"}"
        parts = [deep, b"{}", b"{}", b"{}"]
        socket.send_multipart([b"<IDS|MSG>", session.sign(parts), *parts])
    last = session.send(socket, "kernel_info_request", {})["header"]["msg_id"].encode()
    until = time.monotonic() + 20
    while not any(last in part for part in socket.recv_multipart()):
        assert time.monotonic() < until
