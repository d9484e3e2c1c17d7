"""The code of cells leaves a server only where the service asks for it, and is never written to the spool."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest
from jupyter_client.asynchronous import AsyncKernelClient
from maximalab_recorder.answers import judge
from maximalab_recorder.delivery import Delivery
from maximalab_recorder.events import EventSource
from maximalab_recorder.heldcode import CODE_MOST, CellCode, HeldCode
from maximalab_recorder.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "lebesgue_integral = 42"


@pytest.mark.parametrize(
    ("status", "body", "asks"),
    [
        pytest.param(200, b'{"results":[],"code":true}', True, id="asked for"),
        pytest.param(200, b'{"results":[]}', False, id="not a word about it"),
        pytest.param(200, b'{"results":[],"code":1}', False, id="another word"),
        pytest.param(200, b'{"results":[],"code":"true"}', False, id="a text"),
        pytest.param(200, b"[true]", False, id="an answer that is none"),
        pytest.param(503, b'{"results":[],"code":true}', False, id="away"),
    ],
)
def test_which_answers_ask_for_code(status: int, body: bytes, *, asks: bool):
    assert judge(status, body, None, []).code is asks


def test_without_a_word_of_the_service_nothing_is_held_and_with_its_no_all_is_dropped():
    held = HeldCode()
    assert (held.asked, held.keep("a", CellCode("1")), len(held)) == (False, False, 0)
    held.told(asked=True)
    assert held.keep("a", CellCode("1", cut=True))
    assert held.joined({"event_id": "a"}) == {"event_id": "a", "code": {"text": "1", "cut": True}}
    held.told(asked=False)
    assert (held.asked, len(held), held.joined({"event_id": "a"})) == (False, 0, {"event_id": "a"})


def test_what_waits_is_bounded_the_oldest_goes_and_a_log_would_not_show_it():
    held = HeldCode(most=10)
    held.told(asked=True)
    for name in "abc":
        held.keep(name, CellCode("12345"))
    assert [len(held.joined({"event_id": name})) for name in "abc"] == [1, 2, 2]
    held.forget(["b", "unknown"])
    held.keep("d", CellCode("12345"))
    assert len(held) == 2
    assert SECRET not in repr(CellCode(SECRET))


def files_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def sending(tmp_path: Path, collector):
    """A delivery to the collector, whose service asks for code, and what holds it."""
    spool, held = Spool(tmp_path / "spool"), HeldCode()
    collector.asks_code = True
    delivery = Delivery(spool, collector.url, "s3cret", gather=0.0, chance=lambda: 0.0, code=held)
    delivery.start()
    EventSource(spool).emit("kernel_start")
    collector.wait(lambda: len(collector.posts) == 1)
    delivery.flush()
    yield spool, held, delivery
    delivery.stop(2)


def run(spool: Spool, held: HeldCode, name: str, text: str = SECRET) -> bool:
    kept = held.keep(name, CellCode(text))
    EventSource(spool).emit("run", event_id=name)
    return kept


def test_it_goes_with_its_event_and_is_let_go_of(sending, collector, tmp_path):
    spool, held, delivery = sending
    assert run(spool, held, "first")
    assert delivery.flush()
    assert collector.codes == {"first": {"text": SECRET, "cut": False}}
    assert len(held) == 0
    assert SECRET.encode() not in files_of(tmp_path)


def test_while_the_service_is_away_it_is_on_no_disk_and_goes_out_with_the_event_again(
    sending, collector, tmp_path
):
    spool, held, delivery = sending
    collector.mood = "503"
    run(spool, held, "first")
    assert not delivery.flush()
    assert len(held) == 1
    assert SECRET.encode() not in files_of(tmp_path)
    assert b"first" in files_of(tmp_path)
    collector.mood = "well"
    assert delivery.flush()
    assert collector.codes["first"]["text"] == SECRET


def test_when_told_to_stop_what_waits_is_dropped_and_the_events_arrive_without(sending, collector):
    spool, held, delivery = sending
    collector.asks_code = False
    run(spool, held, "first")
    assert delivery.flush()
    for number in range(3):
        assert run(spool, held, f"later-{number}") is False
    assert delivery.flush()
    assert set(collector.codes) == {"first"}, "the post after the withdrawal is the last to hold any"
    assert {"first", "later-0", "later-1", "later-2"} <= set(collector.events)
    assert (held.asked, len(held)) == (False, 0)


def test_codes_that_are_too_much_for_one_post_go_in_several(sending, collector):
    spool, held, delivery = sending
    for number in range(60):
        run(spool, held, f"long-{number}", "ї" * CODE_MOST)
    assert delivery.flush(30)
    assert len(collector.codes) == 60
    assert len(collector.posts) > 3


async def ran(server, collector, tab_of, code: str, cell: str | None = None) -> str:
    kernel_id = await asyncio.to_thread(server.open_notebook)
    cell = cell or uuid.uuid4().hex
    async with tab_of(server, kernel_id, "v1.kernel.websocket.jupyter.org") as browser:
        await browser.run(code, cell)
        await asyncio.to_thread(
            collector.wait, lambda: [one for one in collector.of("run") if one.get("cell_id") == cell]
        )
    [event] = [one for one in collector.of("run") if one.get("cell_id") == cell]
    return str(event["event_id"])


async def test_a_real_server_sends_the_code_of_cells_from_the_yes_to_the_no(
    started, collector, tab_of, tmp_path
):
    server = await asyncio.to_thread(started, collector.url)
    before = await ran(server, collector, tab_of, f"'before'; {SECRET}")
    collector.asks_code = True
    await ran(server, collector, tab_of, "'its answer is the yes'")
    within = await ran(server, collector, tab_of, f"'within'; {SECRET}")
    long = await ran(server, collector, tab_of, "'long'  #" + "ї" * 30_000)
    collector.asks_code = False
    await ran(server, collector, tab_of, "'the last'")
    after = await ran(server, collector, tab_of, f"'after'; {SECRET}")
    assert collector.codes[within] == {"text": f"'within'; {SECRET}", "cut": False}
    assert (len(collector.codes[long]["text"]), collector.codes[long]["cut"]) == (CODE_MOST, True)
    assert not {before, after} & collector.codes.keys()
    await asyncio.to_thread(server.stop)
    assert SECRET.encode() not in files_of(server.spool) + server.log.encode()


async def test_of_a_console_and_of_a_run_that_a_killed_server_left_no_code_is_told(
    started, collector, tab_of
):
    collector.asks_code = True
    server = await asyncio.to_thread(started, collector.url)
    await ran(server, collector, tab_of, "'its answer is the yes'")
    kernel_id = await asyncio.to_thread(server.open_notebook)
    client = AsyncKernelClient()
    client.load_connection_file(str(server.runtime / f"kernel-{kernel_id}.json"))
    client.start_channels()
    client.execute(SECRET)
    await asyncio.to_thread(
        collector.wait, lambda: [one for one in collector.of("run") if one["detail"]["via"] == "kernel"]
    )
    client.stop_channels()
    async with tab_of(server, kernel_id, "v1.kernel.websocket.jupyter.org") as browser:
        await browser.run(f"import time; print('here', flush=True); {SECRET}; time.sleep(60)", "killed")
        await browser.until(b"here")
    assert b"killed" in files_of(server.spool), "the run under way is noted"
    assert SECRET.encode() not in files_of(server.spool)
    await asyncio.to_thread(server.stop, 9)
    await asyncio.to_thread(started, collector.url)
    await asyncio.to_thread(
        collector.wait, lambda: [one for one in collector.of("run") if one.get("cell_id") == "killed"]
    )
    assert not [code for code in collector.codes.values() if SECRET in code["text"]]
