"""A whole lab, started as `./lab up` starts it: what it says, what it survives, what it leaves behind."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys

import httpx
import pytest
from labrun import RunningLab, free_port, start_lab, until
from maximalab_hub.lab import descent
from maximalab_hub.lab.places import ROOT
from plainhttp import NO_AUTHORITIES

OWN = ["public entrance", "VPN entrance", "usage service", "hub"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    running = start_lab(tmp_path_factory.mktemp("whole"))
    yield running
    running.stop()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=10, verify=NO_AUTHORITIES).status_code == 200
    except httpx.HTTPError:
        return False


def try_up(state, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "maximalab_hub.lab", "up", "--port", str(port)],
        env=os.environ | {"MAXIMALAB_STATE": str(state)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_says_where_it_is_who_may_sign_in_and_what_it_is_not(lab: RunningLab):
    until(lambda: "Ctrl-C stops all of it" in lab.output.read_text(), "the lab has said all")
    said = lab.output.read_text()
    assert lab.public in said
    assert lab.vpn in said
    for account in lab.accounts.values():
        assert account.name in said
        assert account.password in said
    assert "no isolation between students" in said
    assert set(lab.accounts) == {"student", "teacher", "researcher", "admin"}


def test_what_it_writes_is_for_its_owner_alone(lab: RunningLab):
    open_to_others = [
        str(path.relative_to(lab.state))
        for path in (lab.state, *lab.state.iterdir(), *lab.state.glob("secrets/*"), *lab.state.glob("log/*"))
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert open_to_others == []
    assert stat.S_IMODE(lab.state.stat().st_mode) == 0o700


@pytest.mark.parametrize("entrance", ["public", "vpn"])
def test_the_login_page_answers_at_each_entrance(lab: RunningLab, entrance: str):
    page = httpx.get(f"{getattr(lab, entrance)}/", trust_env=False, follow_redirects=True, timeout=10)
    assert page.status_code == 200
    assert page.url.path == "/hub/login"


def test_a_second_one_says_that_the_first_one_runs_and_where(lab: RunningLab):
    second = try_up(lab.state, free_port())
    assert second.returncode == 1
    assert f"This lab runs already: {lab.public} (process {lab.process.pid})." in second.stderr


def test_a_taken_port_is_named_with_its_process_and_the_remedy(lab: RunningLab, tmp_path):
    port = int(lab.public.rsplit(":", 1)[1])
    second = try_up(tmp_path / "other", port)
    assert second.returncode == 1
    assert f"127.0.0.1:{port} (public entrance) is taken by node" in second.stderr
    assert f"./lab up --port {port + 1000}" in second.stderr
    assert not (tmp_path / "other" / "maximalab.toml").exists()


@pytest.mark.parametrize("name", OWN)
def test_a_killed_process_is_replaced_and_the_lab_answers_again(lab: RunningLab, name: str):
    others = {other: lab.pids(other) for other in OWN if other != name}
    lab.kill_and_await(name)
    for url in (f"{lab.public}/hub/health", f"{lab.vpn}/hub/health", f"{lab.public}/services/usage/health"):
        until(lambda url=url: answers(url), f"{url} answers again after the {name} was killed", 60)
    assert {other: lab.pids(other) for other in others} == others


def test_a_lab_that_was_killed_is_cleaned_up_by_the_next_one_and_nothing_is_lost(tmp_path):
    first = start_lab(tmp_path)
    left = descent.still_there(first.records())
    assert len(left) >= len(OWN)
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    second = start_lab(tmp_path, port=int(first.public.rsplit(":", 1)[1]))
    try:
        assert [process for process in left if descent.lives(process)] == []
        assert second.accounts == first.accounts
        assert "that an earlier lab left behind" in second.output.read_text()
    finally:
        second.stop()
    assert not (second.state / "lab.json").exists()
    assert not (second.state / "run" / "processes.json").exists()
