"""`maximalab seats`, as an admin types it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from labrun import free_port
from maximalab_hub.cli import app
from maximalab_hub.lab.places import Addresses, Places
from maximalab_hub.lab.prepare import prepare
from maximalab_hub.settings import SETTINGS_VARIABLE
from maximalab_spawner.seats import Pool, Seats, named_backends
from typer.testing import CliRunner

POOL = '\n[[pool]]\nname = "matlab"\nseats = 2\nimages = ["matlab"]\n'


@pytest.fixture
def places(tmp_path, monkeypatch):
    made = Places(tmp_path / "lab")
    prepare(made, Addresses(free_port()), lambda _: None)
    monkeypatch.setenv(SETTINGS_VARIABLE, str(made.settings))
    return made


def said(*words: str) -> tuple[int, str]:
    ran = CliRunner().invoke(app, ["seats", *words])
    return ran.exit_code, ran.output


def named(places: Places) -> str:
    return min(named_backends(places.backends))


def test_use_peak_and_refusals_are_told(places):
    assert "names no pool" in said()[1]
    places.backends.write_text(places.backends.read_text() + POOL)
    store = places.backends.with_name("seats.sqlite")
    assert said() == (0, "matlab: 0 of 2 taken, 0 waiting; peak 0, granted 0, refused 0\n")
    assert not store.exists(), "a report makes no file that the hub could not write to"
    pool, seats = Pool("matlab", 2, ("matlab",)), Seats(store, lambda: datetime.now(UTC))
    for holder in ("ada", "bob", "eve"):
        seats.ask(pool, holder, named(places))
    assert said() == (0, "matlab: 2 of 2 taken, 1 waiting; peak 2, granted 2, refused 0\n")


def test_a_wrong_pool_is_one_line_that_names_the_field(places):
    places.backends.write_text(places.backends.read_text() + POOL.replace("2", "-2"))
    code, text = said()
    assert code == 2
    assert "`pool[0].seats`" in text


def test_seats_of_a_machine_that_is_gone_come_back_by_the_admins_word_alone(places):
    places.backends.write_text(places.backends.read_text() + POOL)
    pool, here = Pool("matlab", 2, ("matlab",)), named(places)
    seats = Seats(places.backends.with_name("seats.sqlite"), lambda: datetime.now(UTC))
    assert seats.ask(pool, "ada", here) is None
    assert seats.ask(pool, "bob", "burnt") is None
    assert seats.ask(pool, "eve", here) is not None
    code, text = said()
    assert (code, text.count("\n")) == (0, 2)
    assert text.splitlines()[1].startswith("1 taken at burnt")
    assert text.endswith("maximalab seats --gone burnt\n")
    code, text = said("--gone", here)
    assert code == 2
    assert f"names {here}" in text, "an engine that may come back says itself what runs"
    assert seats.ask(pool, "eve", here) is not None
    code, text = said("--gone", "burnt")
    assert (code, text) == (
        0,
        "bob: the seat is free\nmatlab: 1 of 2 taken, 1 waiting; peak 2, granted 2, refused 0\n",
    )
    assert seats.ask(pool, "eve", here) is None
    assert said("--gone", "burnt")[0] == 0, "said again, it changes nothing"
    assert seats.at_backends() == {here: 2}
