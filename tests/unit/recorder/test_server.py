"""A real server with real kernels: each run is recorded exactly once, whoever asked for it and however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import uuid
from pathlib import Path

import psutil
import pytest
from jupyter_client.asynchronous import AsyncKernelClient


def kernel_process(server, kernel_id: str) -> psutil.Process:
    """The kernel itself: what it starts has its words, too, until it becomes another program."""
    named: dict[int, psutil.Process] = {}
    for child in psutil.Process(server.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if any(kernel_id in word for word in child.cmdline()) and child.ppid() not in named:
                named[child.pid] = child
    (found,) = named.values()
    return found


def of_kernel(collector, kernel_id: str, kind: str) -> list[dict]:
    return [event for event in collector.of(kind) if event["detail"].get("kernel_id") == kernel_id]


def by_cell(collector, cells: set[str]) -> dict[str, dict]:
    """The runs of these cells; each cell ran once."""
    runs = [event for event in collector.of("run") if event.get("cell_id") in cells]
    named = {run["cell_id"]: run for run in runs}
    assert len(named) == len(runs), "a run was told twice"
    return named


async def arrived(collector, happened) -> None:
    await asyncio.to_thread(collector.wait, happened)


async def test_cells_that_end_well_in_error_and_behind_an_error(server, lab_collector, tab):
    notebook = f"simplex/{uuid.uuid4().hex}/план.ipynb"
    kernel_id = await asyncio.to_thread(server.open_notebook, notebook)
    cells = {f"{kernel_id[:8]}-{word}" for word in ("ok", "slow", "bad", "behind")}
    async with tab(kernel_id) as browser:
        prefix = kernel_id[:8]
        await browser.run("40 + 2", f"{prefix}-ok")
        await browser.run("import time; time.sleep(1.0)", f"{prefix}-slow")
        await browser.run("'secret'; 1 / 0", f"{prefix}-bad")
        await browser.run("1", f"{prefix}-behind")
        await browser.run("1", None, silent=True)
        await arrived(lab_collector, lambda: len(by_cell(lab_collector, cells)) == 4)
    runs = {name.removeprefix(f"{prefix}-"): run for name, run in by_cell(lab_collector, cells).items()}
    outcomes = {name: (run["outcome"], run.get("error_name")) for name, run in runs.items()}
    assert outcomes == {
        "ok": ("ok", None),
        "slow": ("ok", None),
        "bad": ("error", "ZeroDivisionError"),
        "behind": ("aborted", None),
    }
    assert 900 <= runs["slow"]["duration_ms"] < 20_000  # both ends as a server that may be busy heard them
    assert all(run["notebook"] == notebook and run["kernel"] == "python3" for run in runs.values())
    assert all(run["detail"] == {"via": "websocket"} for run in runs.values())
    assert "secret" not in json.dumps(list(lab_collector.events.values())), "code was recorded"
    (start,) = of_kernel(lab_collector, kernel_id, "kernel_start")
    assert (start["notebook"], start["kernel"]) == (notebook, "python3")


async def test_a_tab_that_closes_mid_run_does_not_hide_how_it_ended(server, lab_collector, tab):
    kernel_id = await asyncio.to_thread(server.open_notebook)
    cell = f"{kernel_id}-closed"
    async with tab(kernel_id) as browser:
        await browser.run("import time; time.sleep(0.8)", cell)
        await browser.until(b"execute_input")
    await arrived(lab_collector, lambda: by_cell(lab_collector, {cell}))
    run = by_cell(lab_collector, {cell})[cell]
    assert (run["outcome"], run["duration_ms"] >= 700) == ("ok", True)


async def test_an_interrupted_cell(server, lab_collector, tab):
    kernel_id = await asyncio.to_thread(server.open_notebook)
    async with tab(kernel_id) as browser:
        await browser.run("import time\nprint('here', flush=True)\ntime.sleep(60)", f"{kernel_id}-stop")
        await browser.until(b"here")
        await asyncio.to_thread(server.ask, "POST", f"/api/kernels/{kernel_id}/interrupt")
        await arrived(lab_collector, lambda: by_cell(lab_collector, {f"{kernel_id}-stop"}))
    run = by_cell(lab_collector, {f"{kernel_id}-stop"})[f"{kernel_id}-stop"]
    assert (run["outcome"], run["error_name"]) == ("interrupted", "KeyboardInterrupt")


async def test_a_kernel_killed_mid_run_closes_the_run_as_dead(server, lab_collector, tab):
    kernel_id = await asyncio.to_thread(server.open_notebook)
    async with tab(kernel_id) as browser:
        await browser.run("import time\nprint('here', flush=True)\ntime.sleep(60)", f"{kernel_id}-dies")
        await browser.until(b"here")
        kernel_process(server, kernel_id).kill()
        await arrived(lab_collector, lambda: of_kernel(lab_collector, kernel_id, "kernel_restart"))
        await browser.until(b"restarting")
        await browser.run("1", f"{kernel_id}-after")
        await arrived(lab_collector, lambda: by_cell(lab_collector, {f"{kernel_id}-after"}))
    runs = by_cell(lab_collector, {f"{kernel_id}-dies", f"{kernel_id}-after"})
    assert {name.rpartition("-")[2]: run["outcome"] for name, run in runs.items()} == {
        "dies": "dead",
        "after": "ok",
    }
    (dead,) = of_kernel(lab_collector, kernel_id, "kernel_dead")
    assert dead["detail"]["restarting"] is True
    assert of_kernel(lab_collector, kernel_id, "kernel_restart")[0]["detail"]["cause"] == "died"


async def test_a_restart_closes_the_open_run_and_is_told(server, lab_collector, tab):
    kernel_id = await asyncio.to_thread(server.open_notebook)
    async with tab(kernel_id) as browser:
        await browser.run("import time\nprint('here', flush=True)\ntime.sleep(60)", f"{kernel_id}-open")
        await browser.until(b"here")
        await asyncio.to_thread(server.ask, "POST", f"/api/kernels/{kernel_id}/restart")
        await browser.run("1", f"{kernel_id}-after")
        await arrived(lab_collector, lambda: by_cell(lab_collector, {f"{kernel_id}-after"}))
    runs = by_cell(lab_collector, {f"{kernel_id}-open", f"{kernel_id}-after"})
    assert {name.rpartition("-")[2]: run["outcome"] for name, run in runs.items()} == {
        "open": "dead",
        "after": "ok",
    }
    assert [e["detail"]["cause"] for e in of_kernel(lab_collector, kernel_id, "kernel_restart")] == ["asked"]
    assert of_kernel(lab_collector, kernel_id, "kernel_dead") == []


@contextlib.asynccontextmanager
async def console_of(server, kernel_id: str):
    """A client that goes past the server, straight to the kernel, as `jupyter console` does."""
    client = AsyncKernelClient(connection_file=str(server.runtime / f"kernel-{kernel_id}.json"))
    client.load_connection_file()
    client.start_channels()
    try:
        await client.kernel_info(reply=True, timeout=90)
        yield client
    finally:
        client.stop_channels()


def runs_in(collector, notebook: str) -> list[dict]:
    return [run for run in collector.of("run") if run.get("notebook") == notebook]


async def test_a_client_that_is_no_browser(server, lab_collector):
    notebook = "other/console.ipynb"
    kernel_id = await asyncio.to_thread(server.open_notebook, notebook)
    async with console_of(server, kernel_id) as client:
        for code, silent in [("1", False), ("2", True), ("1/0", False), ("3", False)]:
            client.execute(code, silent=silent)
        await arrived(lab_collector, lambda: len(runs_in(lab_collector, notebook)) == 3)
    runs = runs_in(lab_collector, notebook)
    assert [run["outcome"] for run in runs] == ["ok", "error", "aborted"]
    assert {run["detail"]["via"] for run in runs} == {"kernel"}
    assert all(run.get("cell_id") is None for run in runs)


async def test_the_first_run_of_a_kernel_that_serves_at_once_is_heard(server, lab_collector):
    spec = server.data / "kernels" / "prompt"
    spec.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, str(Path(__file__).with_name("promptkernel.py")), "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "", "language": "text"}))
    for number in range(3):
        notebook = f"prompt/{number}.ipynb"
        kernel_id = await asyncio.to_thread(server.open_notebook, notebook, kernel="prompt")
        async with console_of(server, kernel_id) as client:
            client.execute("1")
            await arrived(lab_collector, lambda: runs_in(lab_collector, notebook))  # noqa: B023  (waited for here)
        await asyncio.to_thread(server.ask, "DELETE", f"/api/kernels/{kernel_id}")
        assert [run["outcome"] for run in runs_in(lab_collector, notebook)] == ["ok"]
    assert "was not heard at its start" not in server.log


async def test_a_hundred_queued_cells_are_all_there(server, lab_collector, tab):
    kernel_id = await asyncio.to_thread(server.open_notebook)
    cells = {f"{kernel_id}-{number}" for number in range(100)}
    async with tab(kernel_id) as browser:
        for cell in sorted(cells):
            await browser.run("print('x' * 100)", cell)
        await arrived(lab_collector, lambda: len(by_cell(lab_collector, cells)) == 100)
    assert {run["outcome"] for run in by_cell(lab_collector, cells).values()} == {"ok"}


def test_a_kernel_sees_no_secret_of_the_server(server, lab_collector):
    kernel_id = server.open_notebook()
    environment = kernel_process(server, kernel_id).environ()
    assert "hub-t0ken" not in environment.values()
    assert not [name for name in environment if name.startswith("JUPYTERHUB_")]
    assert "MAXIMALAB_SPOOL" not in environment
    assert environment["MAXIMALAB_LANG"] == "uk"
    assert environment["PATH"] == os.environ["PATH"]


def test_opening_and_saving_a_notebook_is_told_without_noise(server, lab_collector):
    empty = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    server.ask("PUT", "/api/contents/week%201", {"type": "directory"})
    path = "/api/contents/week%201/%D0%BF%D0%BB%D0%B0%D0%BD.ipynb"
    server.ask("PUT", path, {"type": "notebook", "content": empty})
    server.ask("PUT", "/api/contents/notes.txt", {"type": "file", "format": "text", "content": "x"})
    server.ask("GET", "/api/contents/week%201")
    server.ask("GET", f"{path}?content=0&hash=1")
    server.ask("GET", f"{path}?type=file&content=1")
    server.ask("GET", f"{path}?type=notebook&content=1&hash=1")
    with pytest.raises(OSError, match="404"):
        server.ask("GET", "/api/contents/none.ipynb?type=notebook&content=1")
    wanted = "week 1/план.ipynb"
    lab_collector.wait(lambda: lab_collector.of("notebook_open"))
    assert [event["notebook"] for event in lab_collector.of("notebook_open")] == [wanted]
    assert [event["notebook"] for event in lab_collector.of("notebook_save")] == [wanted]


async def test_a_server_killed_while_the_service_is_away_loses_nothing(started, collector):
    collector.close()
    first = started(collector.url)
    path = "/api/contents/a.ipynb"
    notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    for _ in range(30):
        await asyncio.to_thread(first.ask, "PUT", path, {"type": "notebook", "content": notebook})
    first.stop(signal.SIGKILL)
    collector.open()
    second = started(collector.url)
    await asyncio.to_thread(second.ask, "PUT", path, {"type": "notebook", "content": notebook})
    await arrived(collector, lambda: len(collector.of("notebook_save")) == 31)
    saves = collector.of("notebook_save")
    assert len({event["boot_id"] for event in saves}) == 2
    assert [event["seq"] for event in saves] == [*range(30), 0]
    assert max(collector.arrivals.values()) == 1


async def test_a_run_under_way_when_the_server_is_killed_is_told_once_at_the_next_start(
    started, collector, tab_of
):
    first = started(collector.url)
    kernel_id = await asyncio.to_thread(first.open_notebook, "simplex/simplex.uk.ipynb")
    async with tab_of(first, kernel_id, "v1.kernel.websocket.jupyter.org") as browser:
        await browser.run("1", "cell-done")
        await browser.run("import time\nprint('here', flush=True)\ntime.sleep(60)", "cell-killed")
        await browser.run("1", "cell-behind")
        await browser.until(b"here")
        await arrived(collector, lambda: by_cell(collector, {"cell-done"}))
        await asyncio.to_thread(first.stop, signal.SIGKILL)
    for _ in range(2):
        again = await asyncio.to_thread(started, collector.url)
        await arrived(collector, lambda: by_cell(collector, {"cell-killed"}))
        await asyncio.to_thread(again.stop)
    runs = by_cell(collector, {"cell-done", "cell-killed", "cell-behind"})
    assert {name: run["outcome"] for name, run in runs.items()} == {"cell-done": "ok", "cell-killed": "dead"}
    killed = runs["cell-killed"]
    assert killed["detail"] == {"via": "websocket", "server": "killed"}
    assert (killed["notebook"], killed["kernel"]) == ("simplex/simplex.uk.ipynb", "python3")
    assert "duration_ms" not in killed
    assert killed["at"] > runs["cell-done"]["at"]
    assert killed["boot_id"] != runs["cell-done"]["boot_id"]


async def test_a_server_says_as_its_last_word_that_it_ended_and_a_killed_one_does_not(started, collector):
    path = "/api/contents/a.ipynb"
    notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    for how in (signal.SIGTERM, signal.SIGKILL):
        server = await asyncio.to_thread(started, collector.url)
        await asyncio.to_thread(server.ask, "PUT", path, {"type": "notebook", "content": notebook})
        await asyncio.to_thread(server.stop, how)
    again = await asyncio.to_thread(started, collector.url)  # brings what the killed one has left
    await arrived(collector, lambda: len(collector.of("notebook_save")) == 2)
    first, _ = collector.of("notebook_save")
    (end,) = collector.of("recording_end")
    assert (end["boot_id"], end["seq"]) == (first["boot_id"], first["seq"] + 1)
    await asyncio.to_thread(again.stop)


NAMES = [
    pytest.param("simplex.en.ipynb", id="the file's name"),
    pytest.param("simplex/simplex.en.ipynb", id="the whole path once more"),
    pytest.param("My plan", id="words of the client's own"),
    pytest.param("", id="nothing"),
]


@pytest.mark.parametrize("name", NAMES)
def test_the_start_of_a_kernel_names_the_notebook_whatever_the_session_is_called(server, lab_collector, name):
    kernel_id = server.open_notebook("simplex/simplex.en.ipynb", name)
    lab_collector.wait(lambda: of_kernel(lab_collector, kernel_id, "kernel_start"))
    (start,) = of_kernel(lab_collector, kernel_id, "kernel_start")
    assert start["notebook"] == "simplex/simplex.en.ipynb"
    assert "MAXIMALAB_SESSION_PATH" not in kernel_process(server, kernel_id).environ()
    server.ask("DELETE", f"/api/kernels/{kernel_id}")


def test_a_server_that_stops_delivers_its_last_events(started, collector):
    server = started(collector.url)
    kernel_id = server.open_notebook()
    server.stop()
    assert of_kernel(collector, kernel_id, "kernel_start")
    assert {token for *_, token in collector.posts} == {"token hub-t0ken"}
    assert "t0ken" not in server.log.replace("?token=t0ken", "").replace("?token=...", "")


def test_without_an_address_events_are_kept_and_that_is_said_once(started, collector):
    server = started("")
    server.open_notebook()
    assert server.log.count("events are kept, not sent") == 1
    server.stop()
    started(collector.url)
    collector.wait(lambda: collector.of("kernel_start"))


def test_a_recorder_that_fails_fails_no_run(started, collector):
    server = started(collector.url)
    kernel_id = server.open_notebook()
    (server.root / "x.ipynb").write_text("{}")
    server.spool.rename(server.spool.with_name("gone"))
    server.spool.write_text("a file in the way")
    assert server.open_notebook("b.ipynb") != kernel_id
    server.stop(signal.SIGKILL)
    again = started(collector.url)
    assert again.open_notebook()
    assert "the recorder failed to begin to record" in again.log
