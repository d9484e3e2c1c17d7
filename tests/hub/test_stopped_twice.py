"""A server that is stopped while something else is under way with it, or as idle; and what the hub logs of failures."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pytest
from maximalab_spawner.seats import Seats, read_pools
from tieredhub import make_hub, until

SERVER = "/users/bob/servers/public-maxima"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """Bob has a server; how long a look at it takes is the test's to say."""
    hub = make_hub(tmp_path_factory.mktemp("hub"))
    try:
        assert hub.open("bob", "public-maxima", {"material": "simplex"}, door="public").status_code in {
            201,
            202,
        }
        until(lambda: hub.ready("bob", "public-maxima"), "bob's server is ready")
        yield hub
    finally:
        (hub.folder / "hold-bob").unlink(missing_ok=True)
        hub.close()


def test_a_stop_while_the_hub_still_looks_is_told_to_come_again(hub):
    hub.kill()
    (hub.folder / "hold-bob").touch()
    hub.start()
    answer = hub.ask("DELETE", SERVER)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10"), answer.text
    (hub.folder / "hold-bob").unlink()
    until(lambda: hub.ready("bob", "public-maxima"), "the hub has found bob's server")


def test_two_stops_at_once_are_one_stop(hub):
    (hub.folder / "held").write_text("")
    (hub.folder / "hold-bob").touch()
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(hub.ask, "DELETE", SERVER) for _ in range(2)]
        # The hub's own look, which it takes each second, and one for each stop.
        until(
            lambda: len(set((hub.folder / "held").read_text().split())) >= 3, "both stops look at the server"
        )
        (hub.folder / "hold-bob").unlink()
        assert {one.result().status_code for one in asked} <= {202, 204}
    until(lambda: not hub.ready("bob", "public-maxima"), "bob's server has ended")
    assert hub.ask("DELETE", SERVER).status_code == 204


SCOPES = ("list:users", "read:users:activity", "read:servers", "delete:servers")


@contextmanager
def culler(hub):
    """Run JupyterHub's own as docs/admins.md says, by an admin's token, with little patience for who does nothing."""
    made = hub.browse("root", "public", "/users/root/tokens", {"scopes": SCOPES})
    assert made.status_code == 201, made.text
    command = [sys.executable, "-m", "jupyterhub_idle_culler", f"--url={hub.url}/hub/api"]
    with (hub.folder / "culler.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--timeout=1", "--cull-every=1"],
            env={**os.environ, "JUPYTERHUB_API_TOKEN": made.json()["token"]},
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def test_a_server_that_is_culled_gives_its_seat_to_who_waits(hub):
    backends = hub.folder / "backends.toml"
    pool = '[[pool]]\nname = "licensed"\nseats = 1\nimages = ["maxima"]\n'
    backends.write_text(backends.read_text() + pool)
    seats = Seats(hub.folder / "seats.sqlite", lambda: datetime.now(UTC))

    def use():
        return next(iter(seats.use(read_pools(backends))))

    def told(user, kind):
        return [one for one in hub.told(user) if one["kind"] == kind]

    hub.open("ada", "public-maxima", {"material": "simplex"}, door="public")
    until(lambda: hub.ready("ada", "public-maxima"), "ada's server is ready")
    hub.open("dan", "public-maxima", {"material": "simplex"}, door="public")
    until(lambda: (use().taken, use().waiting) == (1, 1), "dan waits for ada's seat")
    with culler(hub):
        until(lambda: told("dan", "server_start"), "dan's server has ada's seat")
        assert [one["detail"]["how"] for one in told("ada", "server_stop")] == ["stopped"]
        until(lambda: told("dan", "server_stop"), "dan's server is culled as well")
        until(lambda: use().taken == 0, "no seat is taken")
    assert (use().peak, use().granted, use().refused) == (1, 2, 0)
    assert "its server does not run" not in hub.log(), "it was given back, and not only looked for"
    backends.write_text(backends.read_text().removesuffix(pool))


def test_a_start_that_is_broken_off_and_takes_notice_late_leaves_no_server_that_only_seems_ready(hub):
    holds = [hub.folder / "wait-eve", hub.folder / "linger-eve"]
    for hold in holds:
        hold.touch()
    hub.open("eve", "public-maxima", {"material": "simplex"}, door="public")
    answer = hub.ask("DELETE", "/users/eve/servers/public-maxima")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10"), answer.text
    for hold in holds:
        hold.unlink()
    until(lambda: hub.ask("GET", "/users/eve").json()["servers"] == {}, "nothing is left of the start")
    hub.open("eve", "public-maxima", {"material": "simplex"}, door="public")
    until(lambda: hub.ready("eve", "public-maxima"), "the next start brings a server")
    assert hub.ask("GET", "/users/eve").json()["servers"]["public-maxima"]["url"]
    assert hub.ask("DELETE", "/users/eve/servers/public-maxima").status_code in {202, 204}


def test_the_log_of_a_failure_has_no_value_of_a_header_that_may_be_secret(hub):
    """JupyterHub logs all headers of a request that ends in 500, and hides two of them by name."""
    words = {
        "X-XSRFToken": "the-secret-of-the-form",
        "Private-Token": "another-secret",
        "Cookie": "a=third-secret",
    }
    answer = httpx.get(f"{hub.url}/hub/broken", headers=words)
    assert answer.status_code == 500
    said = until(lambda: "X-Xsrftoken" in hub.log() and hub.log(), "the failure is logged")
    assert [word for word in words.values() if word.removeprefix("a=") in said] == []
    assert '"Host": "127.0.0.1' in said
