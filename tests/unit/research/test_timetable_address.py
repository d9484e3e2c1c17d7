"""Calendars are fetched from the public internet alone, by https, bounded in size, time and redirects."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from httpscertificate import certificate_for
from maximalab_hub.timetable.address import MOST_REDIRECTS, Fetching, checked, fetch, is_outside, resolved
from maximalab_hub.timetable.lesson import MOST_BYTES, TimetableError, Trouble


class Calendars(BaseHTTPRequestHandler):
    """Answers as calendars' servers do, and worse."""

    held = threading.Event()

    def do_GET(self) -> None:
        match self.path:
            case "/good.ics":
                self._say(200, b"BEGIN:VCALENDAR")
            case "/away.ics":
                self._say(404, b"")
            case "/round":
                self._say(302, b"", Location="/round")
            case "/moved":
                self._say(302, b"", Location="good.ics")
            case "/inside":
                self._say(302, b"", Location="https://127.0.0.1:1/secret")
            case "/plain":
                self._say(302, b"", Location="http://localhost/")
            case "/huge":
                self._say(200, b" " * (MOST_BYTES + 1))
            case "/slow":
                self.held.wait(60)
                self._say(200, b"")

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ssl.SSLContext]]:
    """An https server on loopback, and what trusts its certificate for `localhost`."""
    folder: Path = tmp_path_factory.mktemp("tls")
    certificate_for("localhost", folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    found = ThreadingHTTPServer(("127.0.0.1", 0), Calendars)
    found.socket = context.wrap_socket(found.socket, server_side=True)
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    yield f"https://localhost:{found.server_port}", ssl.create_default_context(cafile=folder / "cert.pem")
    Calendars.held.set()
    found.shutdown()
    thread.join(60)
    found.server_close()


@pytest.fixture
def ask(server: tuple[str, ssl.SSLContext]) -> Callable[..., object]:
    address, trust = server

    async def asked(path: str, *, inside: tuple[str, ...] = ("localhost",), seconds: float = 60.0) -> bytes:
        return await fetch(address + path, Fetching(frozenset(inside), trust, seconds))

    return asked


async def test_a_calendar_is_fetched_from_a_host_that_an_admin_allows(ask):
    assert await ask("/good.ics") == b"BEGIN:VCALENDAR"
    assert await ask("/moved") == b"BEGIN:VCALENDAR"


@pytest.mark.parametrize(
    ("path", "trouble"),
    [
        pytest.param("/away.ics", Trouble.REFUSED, id="404"),
        pytest.param("/round", Trouble.REDIRECTS, id=f"more than {MOST_REDIRECTS} redirects"),
        pytest.param("/inside", Trouble.INSIDE, id="a redirect into the network"),
        pytest.param("/plain", Trouble.PLAIN, id="a redirect to http"),
        pytest.param("/huge", Trouble.TOO_BIG, id="a body without end"),
    ],
)
async def test_what_is_no_fit_answer_is_refused(ask, path, trouble):
    with pytest.raises(TimetableError) as refused:
        await ask(path)
    assert refused.value.trouble is trouble


async def test_a_server_that_does_not_answer_is_let_go(ask):
    with pytest.raises(TimetableError) as refused:
        await ask("/slow", seconds=1.0)
    assert refused.value.trouble in {Trouble.SLOW, Trouble.UNREACHABLE}


async def test_loopback_is_refused_where_no_admin_allows_it(ask):
    with pytest.raises(TimetableError) as refused:
        await ask("/good.ics", inside=())
    assert refused.value.trouble is Trouble.INSIDE


async def test_a_certificate_for_another_name_is_not_believed(server):
    address, trust = server
    with pytest.raises(TimetableError) as refused:
        await fetch(address.replace("localhost", "127.0.0.1"), Fetching(frozenset({"127.0.0.1"}), trust))
    assert refused.value.trouble is Trouble.UNREACHABLE


async def test_a_host_that_there_is_not(ask):
    with pytest.raises(TimetableError) as refused:
        await resolved("no-such-host.invalid", 443, ())
    assert refused.value.trouble is Trouble.NO_HOST


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1", "127.255.0.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "::", "::1", "fe80::1",
        "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_a_number_of_a_network_of_ones_own_is_inside(number):
    assert not is_outside(number)


@pytest.mark.parametrize("number", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_a_number_of_the_internet_is_outside(number):
    assert is_outside(number)


@pytest.mark.parametrize(
    ("typed", "trouble"),
    [
        pytest.param("http://example.org/a.ics", Trouble.PLAIN, id="http"),
        pytest.param("file:///etc/passwd", Trouble.ADDRESS, id="a file"),
        pytest.param("gopher://example.org", Trouble.ADDRESS, id="gopher"),
        pytest.param("https://", Trouble.ADDRESS, id="no host"),
        pytest.param("https://a:b@example.org/", Trouble.ADDRESS, id="a name and a password"),
        pytest.param("https://example.org:99999/", Trouble.ADDRESS, id="no such port"),
        pytest.param("https://exa mple.org/", Trouble.ADDRESS, id="a space"),
        pytest.param("https://example.org/\r\nX: y", Trouble.ADDRESS, id="a line of its own"),
        pytest.param("https://[::1", Trouble.ADDRESS, id="half a number"),
        pytest.param("https://приклад.укр/", Trouble.ADDRESS, id="letters that addresses do not have"),
        pytest.param("https://example.org/" + "a" * 2000, Trouble.ADDRESS, id="without end"),
    ],
)
def test_what_is_no_address_is_refused(typed, trouble):
    with pytest.raises(TimetableError) as refused:
        checked(typed)
    assert refused.value.trouble is trouble


def test_what_calendars_call_webcal_is_https():
    assert checked(" webcal://example.org/a.ics?key=1#part ") == "https://example.org/a.ics?key=1"
