"""Engines that answer, hang, are cut off and are in trouble, beside the real one."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from maximalab_spawner.engine import Address, Engine, EngineRefused, Engines, EngineUnreachable, ObjectGone

REAL = "unix:///var/run/docker.sock"


@pytest.fixture
def hanging():
    """An engine that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as line:
        yield f"tcp://127.0.0.1:{line.getsockname()[1]}"


@pytest.fixture
def troubled():
    """An engine that answers its version and then fails with the status in the path it is asked for."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.rpartition("/containers/")[2].partition("/")[0]
            status = int(name) if name.isdigit() else 200
            body = b'{"ApiVersion": "1.41", "message": "dial 10.1.2.3:99 failed"}'
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def late():
    """An engine that tells its version at once, and answers a wish once it may: gives its address, and that word."""
    may = threading.Event()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer(b'{"ApiVersion": "1.41"}')

        def do_POST(self):
            may.wait(60)
            self.answer(b'{"Id": "made"}')

        def answer(self, body):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_port}", may
        may.set()
        server.shutdown()


@pytest.fixture
def engines():
    engines = Engines(timeout=1.5)
    yield engines
    engines.close()


@pytest.mark.docker
async def test_an_engine_that_hangs_delays_no_call_of_another(engines, hanging):
    well, ill = engines.of(Address("public", REAL)), engines.of(Address("private", hanging))
    stuck = [asyncio.ensure_future(ill.call(lambda client: client.ping())) for _ in range(40)]
    for _ in range(40):
        assert await well.answers()
    assert not any(call.done() for call in stuck), "the live engine was asked while the other hung"
    outcomes = await asyncio.gather(*stuck, return_exceptions=True)
    assert {type(one) for one in outcomes} == {EngineUnreachable}


@pytest.mark.docker
async def test_what_is_not_there_is_gone_and_the_engine_is_well(engines):
    engine = engines.of(Address("public", REAL))
    with pytest.raises(ObjectGone, match="public: No such container"):
        await engine.call(lambda client: client.inspect_container("maximalab-no-such-container"))
    assert await engine.answers()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        pytest.param(404, ObjectGone, id="only 404 means gone"),
        pytest.param(409, EngineRefused, id="a name that is taken is a refusal"),
        pytest.param(400, EngineRefused, id="a bad wish is a refusal"),
        pytest.param(500, EngineUnreachable, id="an engine in trouble is no stopped server"),
        pytest.param(503, EngineUnreachable, id="an engine that starts is no stopped server"),
    ],
)
async def test_an_answer_means_what_it_says(engines, troubled, status, error):
    engine = engines.of(Address("private", troubled))
    with pytest.raises(error) as told:
        await engine.call(lambda client: client.inspect_container(str(status)))
    assert str(told.value) == "private: dial (address) failed"


async def test_a_cancellation_that_meets_an_answer_is_not_lost(engines, troubled):
    """Else JupyterHub's `start_timeout` would end nothing."""
    engine = engines.of(Address("private", troubled))
    assert await engine.answers()
    for steps in range(400):
        answered = threading.Event()
        call = asyncio.ensure_future(engine.call(lambda _, answered=answered: answered.set()))
        await asyncio.sleep(0)
        assert answered.wait(10), "the thread had no turn"
        for _ in range(steps % 5):  # the answer is on its way through the loop
            await asyncio.sleep(0)
        meant = call.cancel()
        await asyncio.wait([call])
        assert call.cancelled() is meant, f"lost after {steps % 5} steps"


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param(lambda client: client.create_container_from_config({}, "name"), id="to make"),
        pytest.param(lambda client: client.start("made"), id="to start"),
        pytest.param(
            lambda client: client.stop("made", timeout=0), id="to stop: docker-py has its own time for it"
        ),
    ],
)
async def test_who_is_granted_more_time_has_it(engines, late, wish):
    url, may = late
    engine = engines.of(Address("private", url))
    assert await engine.answers()
    slow = asyncio.ensure_future(engine.call(wish, extra=60))
    with pytest.raises(EngineUnreachable, match="ReadTimeout"):
        await engine.call(wish)  # its time is over later than that of the other one would be
    may.set()
    await slow


async def test_those_who_look_do_not_wait_for_slow_calls(engines, late):
    url, may = late
    engine = engines.of(Address("private", url))
    slow = [
        asyncio.ensure_future(engine.call(lambda client: client.start("made"), extra=60)) for _ in range(20)
    ]
    await asyncio.sleep(0)  # they are before us
    assert await engine.answers()
    assert not any(one.done() for one in slow)
    may.set()
    await asyncio.gather(*slow)


async def test_who_is_cancelled_in_a_call_that_cannot_be_called_back_waits_for_its_end(engines, late):
    url, may = late
    engine = engines.of(Address("private", url))
    call = asyncio.ensure_future(engine.call_to_its_end(lambda client: client.start("made"), extra=60))
    for _ in range(3):  # an impatient one
        assert await engine.answers()
        call.cancel()
    assert await engine.answers()
    assert not call.done()
    may.set()
    await asyncio.wait([call])
    assert call.cancelled()


async def test_who_is_cancelled_hears_of_a_call_whose_end_nobody_knows(engines, late):
    engine = engines.of(Address("private", late[0]))
    call = asyncio.ensure_future(engine.call_to_its_end(lambda client: client.start("made")))
    assert await engine.answers()
    call.cancel()
    with pytest.raises(EngineUnreachable, match="ReadTimeout"):
        await call


async def test_an_engine_that_is_not_there_is_unreachable_and_its_address_untold(engines):
    engine = engines.of(Address("private", "tcp://127.0.0.1:1"))
    with pytest.raises(EngineUnreachable) as told:
        await engine.call(lambda client: client.ping())
    assert "127.0.0.1" not in str(told.value)
    assert not await engine.answers()


async def test_an_engine_comes_back(engines, troubled):
    """A first call that fails leaves no half-made client behind."""
    port = int(troubled.rpartition(":")[2])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        away = Address("private", f"tcp://127.0.0.1:{taken.getsockname()[1]}")
    engine = Engine(away, timeout=1.5)
    assert not await engine.answers()
    relay = await asyncio.start_server(
        lambda reader, writer: _relay(reader, writer, port), "127.0.0.1", int(away.url.rpartition(":")[2])
    )
    async with relay:
        assert await engine.answers()
    engine.close()


async def _relay(reader, writer, port):
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)

    async def pour(source, sink):
        with suppress(ConnectionError):
            while chunk := await source.read(65536):
                sink.write(chunk)
                await sink.drain()
        sink.close()

    await asyncio.gather(pour(reader, far_writer), pour(far_reader, writer))


def test_a_changed_record_gets_an_engine_anew(engines):
    old = engines.of(Address("public", "tcp://127.0.0.1:1"))
    assert engines.of(Address("public", "tcp://127.0.0.1:1")) is old
    assert engines.of(Address("public", "tcp://127.0.0.1:2")) is not old
