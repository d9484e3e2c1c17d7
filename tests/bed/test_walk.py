"""A walk at random over the whole lab (`walk.py`), short enough for each run of the tests, and that it sees faults."""

from __future__ import annotations

import os

import pytest
from bed.lab import Lab
from bed.walk import SOLVER, Walk, faults

OPERATIONS = int(os.environ.get("MAXIMALAB_TEST_WALK", "300"))
SEED = 20261128


@pytest.mark.bed
def test_whatever_dies_or_is_cut_nothing_private_shows(lab: Lab):
    walk = Walk(lab, SEED)
    walk.go(OPERATIONS)
    assert walk.seen["game served"], "private servers were served through the VPN"
    lab.stop_all()


@pytest.mark.parametrize(
    ("routes", "running", "told"),
    [
        pytest.param({"/": "127.0.0.1", "/user/a/public-maxima": "172.20.1.2"}, ["a"], 0, id="all well"),
        pytest.param({"/user/a/private-maxima": "172.21.1.2"}, [], 1, id="a private route"),
        pytest.param({"/services/x": "172.21.1.1"}, [], 1, id="a route to the private node"),
        pytest.param({}, ["m.public-maxima.ada", "m.public-maxima.ada"], 1, id="two of one name"),
        pytest.param({}, [f"m.{SOLVER}.ada", f"m.{SOLVER}.bob"], 1, id="a seat too many"),
    ],
)
def test_the_walk_sees_what_must_never_be(routes, running, told):
    table = {path: {"target": f"http://{host}:8888"} for path, host in routes.items()}
    assert len(list(faults(table, running))) == told
