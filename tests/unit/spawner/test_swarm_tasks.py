"""What a Swarm's words about a task mean for a server, before any Swarm is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_spawner.seen import Why
from maximalab_spawner.tasks import (
    STAGES,
    NoNode,
    Stage,
    present,
    read_task,
    stage_of,
    why_ended,
    why_unplaced,
)

#: `TaskState` of Docker's API, https://docs.docker.com/reference/api/engine/version/v1.51/
DOCKER_S = {
    "new", "allocated", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running",
    "complete", "shutdown", "failed", "rejected", "remove", "orphaned",
}  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=6,
)


def told(state: str, *, err: str = "", code: int = 0, wanted: str = "running", **more) -> dict:
    return {
        "ID": "t1",
        "NodeID": "n1",
        "DesiredState": wanted,
        "Status": {"State": state, "Err": err, "ContainerStatus": {"ExitCode": code}},
        **more,
    }


def test_each_of_docker_s_states_has_a_meaning():
    assert set(STAGES) == DOCKER_S


@given(JSON, st.text())
def test_whatever_stands_there_is_a_stage_and_the_unknown_is_no_end(state, words):
    stage = stage_of(state, words)
    assert stage in Stage
    assert str(state).lower() in STAGES or stage is Stage.UNKNOWN


@given(st.sampled_from(sorted(DOCKER_S)))
def test_only_what_is_over_counts_as_over(state):
    over = {"complete", "shutdown", "failed", "remove", "rejected"}
    assert read_task(told(state)).alive is (state not in over)


@pytest.mark.parametrize(
    ("state", "err", "code", "stage", "status"),
    [
        pytest.param("complete", "", 0, Stage.ENDED, 0, id="it ended by itself"),
        pytest.param("failed", "task: non-zero exit (7)", 7, Stage.ENDED, 7, id="it died with a status"),
        pytest.param("failed", "No such container: x", 0, Stage.ENDED, 1, id="its engine was restarted"),
        pytest.param("shutdown", "", 143, Stage.ENDED, 143, id="it was asked to end"),
        pytest.param("rejected", "No such image: x:1", 0, Stage.REFUSED, 1, id="the image is missing"),
        pytest.param(
            "failed", "starting container failed: mount", 128, Stage.REFUSED, 128, id="the store is missing"
        ),
    ],
)
def test_an_end_has_a_status(state, err, code, stage, status):
    task = read_task(told(state, err=err, code=code))
    assert (task.stage, task.status) == (stage, status)


def test_addresses_and_memory_are_read():
    attached = {"Network": {"Spec": {"Name": "maximalab-x"}}, "Addresses": ["172.22.1.9/24"]}
    spec = {"Resources": {"Reservations": {"MemoryBytes": 5}}, "ContainerSpec": {"Labels": {"a": "b"}}}
    task = read_task({"Status": {"State": "running"}, "NetworksAttachments": [attached], "Spec": spec})
    assert task.addresses == {"maximalab-x": "172.22.1.9"}
    assert (task.reserved, task.labels) == (5, {"a": "b"})


def test_of_several_tasks_the_living_one_counts_and_else_the_last():
    first, living, last = (read_task(told(state)) for state in ("failed", "running", "complete"))
    assert present([first, living, last]) == living
    assert present([first, last]) == last
    assert present([]) is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        pytest.param("", None, id="the Swarm has not looked yet"),
        pytest.param(
            "no suitable node (scheduling constraints not satisfied on 2 nodes)",
            NoNode.UNLABELLED,
            id="label",
        ),
        pytest.param(
            "no suitable node (1 node not available for new tasks; scheduling constraints not satisfied on 1 node)",
            NoNode.AWAY,
            id="its node is drained or down",
        ),
        pytest.param(
            "no suitable node (insufficient resources on 1 node; scheduling constraints not satisfied on 2 nodes)",
            NoNode.FULL,
            id="its node is full",
        ),
    ],
)
def test_why_there_is_no_node(words, why):
    assert why_unplaced(words) is why


@pytest.mark.parametrize(
    ("state", "err", "open_", "why"),
    [
        ("failed", "No such container: x", True, Why.ENGINE_RESTARTED),
        ("shutdown", "", False, Why.NODE_DRAINED),
        ("shutdown", "", True, Why.NODE_AWAY),
        ("failed", "task: non-zero exit (7)", True, None),
        ("complete", "", True, None),
    ],
)
def test_why_it_ended(state, err, open_, why):
    assert why_ended(read_task(told(state, err=err)), node_open=open_) is why
