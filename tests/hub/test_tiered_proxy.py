"""Which entrance leads where: a real hub, two real proxies, and attempts to get past them."""

from __future__ import annotations

import os
import signal
import socket

import httpx
import pytest
from maximalab_spawner.process import ProcessId
from plainhttp import NO_AUTHORITIES
from tieredhub import API_TOKEN, SECRET, make_hub, until

PRIVATE = "/user/ada/private-maxima/"
PUBLIC = "/user/ada/public-maxima/"
REMOVED = "Removing a route to a private-tier server from the public entrance"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """Ada has an open and a private server, in the default scenario."""
    hub = make_hub(tmp_path_factory.mktemp("hub"))
    try:
        assert hub.open("ada", "public-maxima", {"material": "simplex"}, door="public").status_code in (
            201,
            202,
        )
        assert hub.open("ada", "private-maxima", {"material": "game"}, door="vpn").status_code in (201, 202)
        for server in ("public-maxima", "private-maxima"):
            until(lambda server=server: hub.ready("ada", server), f"{server} is ready")
        yield hub
    finally:
        hub.close()


@pytest.fixture
def settled(hub):
    """Whatever the test before did, all is as it should be."""
    for door in hub.doors.values():
        if door.process is None:
            door.open()
    until(lambda: all_there(hub), "all routes are there")
    return hub


def all_there(hub) -> bool:
    vpn, public = hub.doors["vpn"].routes(), hub.doors["public"].routes()
    paths = {"/", PUBLIC.rstrip("/"), PRIVATE.rstrip("/")}
    return set(vpn) == paths == set(public) and "vpn-needed" in str(public[PRIVATE.rstrip("/")]["target"])


def get(hub, door, path, **given):
    return httpx.get(f"{hub.doors[door].url}{path}", timeout=10, verify=NO_AUTHORITIES, **given)


def raw(hub, door, request: str) -> bytes:
    """Send bytes as they are: a client would tidy the path."""
    with socket.create_connection((hub.doors[door].ip, hub.doors[door].port), timeout=10) as line:
        line.sendall(request.encode())
        line.settimeout(2)
        answer = b""
        try:
            while part := line.recv(65536):
                answer += part
        except TimeoutError:
            pass  # an open line is an answer as well: what came is looked at
        return answer


@pytest.mark.parametrize(
    ("door", "path", "status", "text"),
    [
        pytest.param("vpn", PRIVATE, 200, SECRET, id="private server through the VPN"),
        pytest.param("vpn", PUBLIC, 200, "open bytes", id="open server through the VPN"),
        pytest.param("public", PUBLIC, 200, "open bytes", id="open server from home"),
        pytest.param("public", PRIVATE, 403, "VPN needed", id="private server from home asks for the VPN"),
        pytest.param(
            "public", PRIVATE + "lab/tree/a?b=c", 403, "VPN needed", id="and so does any page of it"
        ),
        pytest.param("public", PRIVATE.rstrip("/"), 403, "VPN needed", id="and its bare address"),
    ],
)
def test_t01_each_entrance_leads_where_it_should(settled, door, path, status, text):
    answer = get(settled, door, path)
    assert (answer.status_code, text in answer.text) == (status, True)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_t01_no_method_gets_past_the_gate(settled, method):
    answer = httpx.request(method, f"{settled.doors['public'].url}{PRIVATE}api/contents", timeout=10)
    assert 400 <= answer.status_code < 500
    assert SECRET not in answer.text


def websocket_request(path: str) -> str:
    return (
        f"GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )


def test_t01_a_websocket_is_refused_from_home_and_served_through_the_vpn(settled):
    refused = raw(settled, "public", websocket_request(PRIVATE + "ws"))
    assert refused.startswith(b"HTTP/1.1 4")
    assert SECRET.encode() not in refused
    served = raw(settled, "vpn", websocket_request(PRIVATE + "ws"))
    assert served.startswith(b"HTTP/1.1 101")
    assert SECRET.encode() in served


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-MaximaLab-Entrance": "vpn"}, id="the entrance's own header"),
        pytest.param({"x-maximalab-entrance": "vpn", "X-Forwarded-For": "127.0.0.2"}, id="small letters"),
        pytest.param({"X-Real-IP": "10.66.0.9"}, id="X-Real-IP"),
        pytest.param({"Forwarded": "for=10.66.0.9;host=vpn.lab"}, id="Forwarded"),
        pytest.param({"Host": "127.0.0.2", "X-Forwarded-Host": "127.0.0.2"}, id="the VPN's host name"),
    ],
)
def test_t02_no_header_opens_the_gate(settled, headers):
    answer = get(settled, "public", PRIVATE, headers=headers)
    assert (answer.status_code, SECRET in answer.text) == (403, False)
    start = settled.ask(
        "POST", "/users/ada/servers/private-other", door="public", json={"user_options": {"material": "game"}}
    )
    assert start.status_code in (400, 403)


def test_t02_a_spoofed_entrance_header_does_not_start_a_private_server(settled):
    answer = httpx.post(
        f"{settled.doors['public'].url}/hub/api/users/bob/servers/private-maxima",
        headers={"Authorization": f"token {API_TOKEN}", "X-MaximaLab-Entrance": "vpn"},
        json={"user_options": {"material": "game"}},
        timeout=30,
    )
    assert answer.status_code in (403, 404)
    assert "/user/bob/private-maxima" not in settled.doors["vpn"].routes()


@pytest.mark.parametrize("way", ["the hub's own port", "the VPN entrance", "the public entrance"])
def test_t02_a_token_starts_nothing_private_whatever_header_it_comes_with(settled, way):
    doors = {"the VPN entrance": settled.doors["vpn"].url, "the public entrance": settled.doors["public"].url}
    answer = httpx.post(
        f"{doors.get(way, settled.url)}/hub/api/users/eve/servers/private-maxima",
        headers={"Authorization": f"token {settled.token_of('eve')}", "X-MaximaLab-Entrance": "vpn"},
        json={"user_options": {"material": "game"}},
        timeout=30,
    )
    assert answer.status_code == 403
    assert "needs the VPN" in answer.json()["message"]
    assert not settled.ready("eve", "private-maxima")
    refused = settled.told("eve")[-1]
    assert (refused["kind"], refused["entrance"]) == ("spawn_refused", "public")


@pytest.mark.parametrize(
    "path",
    [
        "//user/ada/private-maxima/",
        "/user//ada/private-maxima/",
        "/user/ada//private-maxima/",
        "/user/ada/public-maxima/../private-maxima/",
        "/user/ada/public-maxima/%2e%2e/private-maxima/",
        "/user/ada/public-maxima/..%2fprivate-maxima/",
        "/user/ada%2fprivate-maxima/",
        "/user/ada/%70rivate-maxima/",
        "/user/ada/private%2Dmaxima/",
        "/USER/ada/private-maxima/",
        "/user/ADA/private-maxima/",
        "/user/ada/PRIVATE-MAXIMA/",
        "/./user/ada/./private-maxima/.",
        "/user/ada/private-maxima;x/",
        "/user/ada/private-maxima%00/",
        "/hub/user/ada/private-maxima/",
        "http://127.0.0.2/user/ada/private-maxima/",
    ],
)
@pytest.mark.parametrize("host", ["lab", "lab.", "127.0.0.2"])
def test_t03_no_trick_with_the_path_gets_past_the_gate(settled, path, host):
    answer = raw(settled, "public", f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 ")
    assert SECRET.encode() not in answer


@pytest.mark.parametrize("spec", ["/user/ada/private-maxima", "/anything", "/user/ada/public-maxima/x"])
@pytest.mark.parametrize("marked", [True, False], ids=["as JupyterHub marks it", "as a stranger's"])
def test_a_route_to_a_private_server_put_on_the_public_proxy_is_removed(settled, spec, marked):
    public, vpn = settled.doors["public"], settled.doors["vpn"]
    body = {"target": vpn.routes()[PRIVATE.rstrip("/")]["target"]} | ({"jupyterhub": True} if marked else {})
    told = settled.log().count(REMOVED)
    assert httpx.post(f"{public.api}/api/routes{spec}", headers=public.auth, json=body).status_code == 201
    until(lambda: all_there(settled), "the public proxy's table is as it was")
    assert settled.log().count(REMOVED) == told + 1


@pytest.mark.parametrize(("dead", "alive"), [("vpn", "public"), ("public", "vpn")])
def test_t23_an_entrance_dies_alone_and_comes_back_with_all_its_routes(settled, dead, alive):
    settled.doors[dead].kill()
    assert settled.ask("POST", "/proxy", door=alive).status_code == 200
    assert get(settled, alive, PUBLIC).status_code == 200
    settled.doors[dead].open()
    until(lambda: all_there(settled), "all routes are back", patience=15)


def test_t23_a_hub_starts_with_both_entrances_away_and_serves_them_when_they_come(settled):
    before = {name: door.routes() for name, door in settled.doors.items()}
    for door in settled.doors.values():
        door.kill()
    settled.kill()
    settled.start()
    assert httpx.get(f"{settled.url}/hub/login", timeout=10).status_code == 200
    for door in settled.doors.values():
        door.open()
    until(lambda: all_there(settled), "all routes are there", patience=15)
    after = {name: door.routes() for name, door in settled.doors.items()}
    assert targets(after) == targets(before)


def targets(tables):
    return {(door, spec): route["target"] for door, table in tables.items() for spec, route in table.items()}


def test_t10_servers_outlive_the_hub_and_are_taken_up_again(settled):
    pages = {path: get(settled, "vpn", path).text for path in (PUBLIC, PRIVATE)}
    settled.kill()
    assert {path: get(settled, "vpn", path).text for path in pages} == pages
    settled.start()
    until(
        lambda: settled.ready("ada", "private-maxima") and settled.ready("ada", "public-maxima"),
        "both are ready",
    )
    assert {path: get(settled, "vpn", path).text for path in pages} == pages


@pytest.mark.parametrize(
    ("user", "server", "options", "door", "status"),
    [
        pytest.param("ada", "private-maxima2", {"material": "game"}, "vpn", 400, id="another server's name"),
        pytest.param("ada", "public-maxima2", {"material": "game"}, "vpn", 400, id="the other tier's name"),
        pytest.param("bob", "private-maxima", {"material": "game"}, "public", 403, id="from home"),
        pytest.param(
            "bob", "private-maxima", {"material": "game"}, "vpn", 403, id="by one who is not enrolled"
        ),
        pytest.param(
            "bob", "public-maxima", {"material": "simplex", "image": "x"}, "vpn", 400, id="an option more"
        ),
        pytest.param("bob", "public-maxima", {}, "vpn", 400, id="without a material"),
        pytest.param("bob", "public-maxima", {"material": "none"}, "vpn", 404, id="an unknown material"),
        pytest.param("bob", "strange", {"material": "simplex"}, "vpn", 400, id="a name that says no tier"),
        pytest.param("bob", "", {"material": "simplex"}, "vpn", 400, id="a server without a name"),
    ],
)
def test_the_spawner_decides_again_whatever_asked(  # one column each
    settled, user, server, options, door, status
):
    answer = settled.open(user, server, options, door)
    assert answer.status_code == status
    assert " / " in answer.json()["message"]
    assert not settled.ready(user, server)


def test_a_server_that_dies_or_stops_is_told_once(settled):
    assert settled.open("bob", "public-maxima", {"material": "simplex"}).status_code in (201, 202)
    until(lambda: settled.ready("bob", "public-maxima"), "ready")
    kernel, pid = map(int, get(settled, "public", "/user/bob/public-maxima/").text.split()[-2:])
    os.kill(pid, signal.SIGKILL)
    until(lambda: not settled.ready("bob", "public-maxima"), "the hub sees that it died")
    assert ProcessId.of(kernel) is None, "its kernel has outlived it"
    until(lambda: "/user/bob/public-maxima" not in settled.doors["public"].routes(), "its route is gone")
    settled.open("bob", "public-maxima", {"material": "simplex"})
    until(lambda: settled.ready("bob", "public-maxima"), "ready again")
    settled.stop("bob", "public-maxima")
    bobs = [
        (one["kind"], one["tier"], one["backend"], one["material"], one["detail"].get("how"))
        for one in settled.told("bob")
        if one["kind"] != "spawn_refused"
    ]
    where = ("public", "local-public", "simplex")
    once = [("server_start", *where, None), ("server_stop", *where, "died")]
    assert bobs == [*once, once[0], ("server_stop", *where, "stopped")]
    assert (settled.folder / "homes/public/bob/ended-in-peace").exists()


def test_t10_a_server_that_was_starting_when_the_hub_died_is_taken_up(settled):
    settled.ask("POST", "/users/slow", door="public")
    with pytest.raises(httpx.ReadTimeout):
        settled.ask(
            "POST",
            "/users/slow/servers/public-maxima",
            timeout=2,
            json={"user_options": {"material": "simplex"}},
        )
    started = until(lambda: settled.told("slow"), "the start is told")
    assert [one["kind"] for one in started] == ["server_start"]
    settled.kill()
    settled.start()
    assert not settled.ready("slow", "public-maxima")
    (settled.folder / "homes/public/slow/go").touch()
    until(lambda: settled.ready("slow", "public-maxima"), "ready")
    assert "open bytes" in until(lambda: page_of(settled, "/user/slow/public-maxima/"), "its page")
    assert settled.told("slow") == started
    settled.stop("slow", "public-maxima")
    assert [one["kind"] for one in settled.told("slow")] == ["server_start", "server_stop"]


def page_of(hub, path) -> str:
    answer = get(hub, "vpn", path)
    return answer.text if answer.status_code == 200 else ""
