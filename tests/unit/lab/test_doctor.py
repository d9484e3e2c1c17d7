"""The doctor: every check says ok, or what to do."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from labrun import free_port
from maximalab_hub.doctor import checks, files, programs, running, vpn
from maximalab_hub.doctor.command import table_of
from maximalab_hub.doctor.finding import Finding, Verdict
from maximalab_hub.lab.places import Addresses, Places
from maximalab_hub.lab.prepare import prepare
from maximalab_hub.settings import load_settings
from maximalab_hub.vpn.keys import new_pair
from maximalab_hub.vpn.section import GatewaySection
from maximalab_hub.vpn.seen import note_that_the_gateway_asked, seen_file
from maximalab_spawner.tiers import Scenario
from rich.console import Console

GATE = "http://127.0.0.1:8002/hub/vpn-needed"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    made = Places(tmp_path_factory.mktemp("doctor") / "lab")
    prepare(made, Addresses(free_port()), lambda _: None)
    return made


@pytest.fixture
def settings(places):
    return load_settings(places.settings)


@pytest.mark.parametrize(
    "name", sorted(set(checks.BY_SETTINGS) - {"entrances", "private routes", "VPN gateway"})
)
def test_a_lab_just_prepared_is_well(settings, name):
    finding = checks.BY_SETTINGS[name](settings)
    assert finding.verdict is Verdict.OK, finding


@pytest.mark.parametrize("name", ["entrances", "private routes", "VPN gateway"])
def test_a_lab_that_does_not_run_is_no_fault(settings, name):
    assert checks.BY_SETTINGS[name](settings).verdict is Verdict.NOT_CHECKED


def test_a_key_that_others_may_read_is_wrong_and_the_remedy_named(settings):
    key = settings.secrets.dir / "cookie_secret"
    key.chmod(0o644)
    try:
        finding = files.keys(settings)
    finally:
        key.chmod(0o600)
    assert finding.verdict is Verdict.WRONG
    assert f"chmod 600 {key}" in finding.detail


def test_a_gateway_that_does_not_ask_is_wrong_and_one_that_asks_is_well(settings, tmp_path):
    told = {"endpoint": "a:1", "public_key": new_pair().public, "routes": ["172.20.0.1/32"]}
    section = GatewaySection(pool="172.20.0.0/24", **told)
    lab = settings.lab.model_copy(update={"state_dir": tmp_path})
    with_vpn = settings.model_copy(update={"gateway": section, "lab": lab})
    assert vpn.gateway(with_vpn).verdict is Verdict.WRONG
    note_that_the_gateway_asked(with_vpn)
    assert vpn.gateway(with_vpn).verdict is Verdict.OK
    os.utime(seen_file(with_vpn), (1, 1))
    assert "docs" not in vpn.gateway(with_vpn).remedy
    assert vpn.gateway(with_vpn).verdict is Verdict.WRONG


def test_a_store_without_its_tables_is_wrong_and_the_remedy_named(settings, tmp_path):
    empty = settings.usage.model_copy(update={"db_url": f"sqlite:///{tmp_path / 'empty.sqlite'}"})
    finding = files.store(settings.model_copy(update={"usage": empty}))
    assert finding.verdict is Verdict.WRONG
    assert finding.remedy == "Run: maximalab db upgrade"


def test_a_missing_catalogue_is_wrong(settings, tmp_path):
    gone = settings.catalogue.model_copy(update={"dir": tmp_path / "gone"})
    assert files.catalogue(settings.model_copy(update={"catalogue": gone})).verdict is Verdict.WRONG


@pytest.mark.parametrize(
    ("route", "is_private"),
    [
        pytest.param("/", False, id="the hub's own route"),
        pytest.param("/services/usage/", False, id="the usage service"),
        pytest.param("/user/olena/public-maxima/", False, id="a server of the public tier"),
        pytest.param("/user/olena/private-maxima/", True, id="a server of the private tier"),
        pytest.param(
            "/user/olena/", True, id="a server without a name is of no tier, so it counts as private"
        ),
        pytest.param("/user/public-olena/x/", True, id="a person's name says nothing about the tier"),
    ],
)
def test_private_routes_are_found(route, is_private):
    table = {route: {"target": "http://127.0.0.1:41234"}}
    assert bool(running.private_paths(table, GATE)) is is_private


@pytest.mark.parametrize(
    ("target", "is_private"),
    [
        pytest.param(GATE, False, id="the gate in a private server's place"),
        pytest.param(f"{GATE}/", False, id="the same with a stroke at its end"),
        pytest.param("http://10.0.0.9:8888", True, id="a server that is said to be a gate"),
        pytest.param("http://10.0.0.9:8888/hub/vpn-needed", True, id="a server that calls itself so"),
        pytest.param("http://127.0.0.1:8002", True, id="the hub, but not at its gate"),
    ],
)
def test_a_gate_is_known_by_where_it_leads(target, is_private):
    table = {"/user/olena/private-maxima": {"target": target, "maximalab_gate": True}}
    assert bool(running.private_paths(table, GATE)) is is_private


@pytest.mark.parametrize(("scenario", "kept"), [(1, True), (2, False), (3, True), (4, True)], ids=str)
def test_which_scenario_keeps_private_servers_off_the_public_entrance(scenario, kept):
    assert running.keeps_private_off(Scenario(scenario)) is kept


@pytest.mark.parametrize("check", [programs.python, programs.gnuplot, programs.proxy])
def test_what_the_set_up_installed_is_found(check):
    finding = check()
    assert finding.verdict is Verdict.OK, finding


def test_a_program_that_is_not_there_is_said_so():
    code, said = programs.answer(["/no/such/program"])
    assert code == 1
    assert "/no/such/program" in said


def test_a_failing_program_is_quoted_by_its_last_line():
    code, said = programs.answer([sys.executable, "-c", "print('first'); raise SystemExit('the reason')"])
    assert (code, said) == (1, "the reason")


def test_the_table_shows_the_remedy_and_no_markup_of_others():
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123  closed at exit
    console.print(table_of([("store", Finding(Verdict.WRONG, "[red]x[/red]", "Run: [this]"))]))
    text = console.export_text()
    assert "[red]x[/red]" in text
    assert "→ Run: [this]" in text


def test_without_a_settings_file_the_exit_code_is_1_and_the_file_named(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "maximalab_hub.doctor"],
        env={
            "PATH": "/usr/bin:/bin",
            "MAXIMALAB_SETTINGS": str(tmp_path / "none.toml"),
            "COLUMNS": "300",
            "MAXIMALAB_STATE": str(tmp_path / "state"),
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 1, ran.stderr
    assert str(tmp_path / "none.toml") in ran.stdout
    assert "needs the settings file" in ran.stdout
