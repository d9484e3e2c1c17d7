"""At which node a server starts, before any Swarm is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_spawner.nodes import Node, Wanted, choose, constraints, has_labels, read_node, reserved_by_node
from maximalab_spawner.tasks import NoNode, Stage, Task

GB = 1024**3
WANTED = Wanted({"tier": "private", "site": "campus"}, 1024)
LABELS = {"tier": "private", "site": "campus"}


def node(name: str, *, ready=True, open_=True, labels=None, memory=8 * GB) -> Node:
    return Node(name, name, "172.28.0.1", ready, open_, LABELS if labels is None else labels, memory)


def task(where: str, *, reserved=GB, stage=Stage.RUNNING, wanted=True) -> Task:
    return Task("t", where, stage, "", 0, {}, {}, wanted, False, reserved)


@pytest.mark.parametrize(
    ("nodes", "kept", "home", "chosen"),
    [
        pytest.param([node("a"), node("b")], {"a": GB}, None, "b", id="the one with most memory to spare"),
        pytest.param([node("a"), node("b")], {"b": GB}, "b", "b", id="the one with the home, full or not"),
        pytest.param([node("a"), node("b", ready=False)], {}, None, "a", id="not one that is away"),
        pytest.param([node("a"), node("b", open_=False)], {}, None, "a", id="not one that is drained"),
        pytest.param(
            [node("a", labels={"tier": "public", "site": "campus"}), node("b")],
            {},
            None,
            "b",
            id="the tier's own",
        ),
        pytest.param([node("a")], {}, "gone", NoNode.HOME_AWAY, id="the home's node has left the Swarm"),
        pytest.param([node("a"), node("b", ready=False)], {}, "b", NoNode.HOME_AWAY, id="it does not answer"),
        pytest.param([node("a"), node("b", open_=False)], {}, "b", NoNode.HOME_AWAY, id="it is drained"),
        pytest.param([node("a"), node("b", labels={})], {}, "b", NoNode.HOME_AWAY, id="it lost its label"),
        pytest.param([], {}, None, NoNode.UNLABELLED, id="no node at all"),
        pytest.param(
            [node("a", labels={"tier": "private"})], {}, None, NoNode.UNLABELLED, id="half the labels"
        ),
        pytest.param([node("a", ready=False)], {}, None, NoNode.AWAY, id="all are away"),
        pytest.param([node("a")], {"a": 7 * GB + 1}, None, NoNode.FULL, id="all are full"),
        pytest.param([node("a")], {"a": 7 * GB}, None, "a", id="there is just room"),
    ],
)
def test_choose(nodes, kept, home, chosen):
    found = choose(nodes, WANTED, kept, home)
    assert (found.id if isinstance(found, Node) else found) == chosen


NODES = st.lists(
    st.builds(
        node,
        st.sampled_from("abcdef"),
        ready=st.booleans(),
        open_=st.booleans(),
        labels=st.dictionaries(
            st.sampled_from(["tier", "site"]), st.sampled_from(["private", "public", "campus"])
        ),
        memory=st.integers(0, 8 * GB),
    ),
    unique_by=lambda one: one.id,
)


@given(
    NODES,
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 8 * GB)),
    st.none() | st.sampled_from("abcdef"),
)
def test_nobody_starts_beside_the_home_off_the_tier_or_where_nothing_can_start(nodes, kept, home):
    found = choose(nodes, WANTED, kept, home)
    if isinstance(found, Node):
        assert found.able
        assert has_labels(found, WANTED)
        assert home in {None, found.id}


@given(st.lists(st.builds(task, st.sampled_from("ab"), stage=st.sampled_from(Stage), wanted=st.booleans())))
def test_memory_counts_for_those_that_are_to_run(tasks):
    kept = reserved_by_node(tasks)
    assert sum(kept.values()) == sum(one.reserved for one in tasks if one.wanted and one.alive)


def test_a_constraint_is_a_node_and_labels_that_a_manager_gave():
    assert constraints(WANTED, "n1") == [
        "node.id==n1",
        "node.labels.tier==private",
        "node.labels.site==campus",
    ]


@pytest.mark.parametrize(
    ("state", "availability", "able"),
    [
        ("ready", "active", True),
        ("down", "active", False),
        ("unknown", "active", False),
        ("disconnected", "active", False),
        ("ready", "drain", False),
        ("ready", "pause", False),
        ("", "", False),
    ],
)
def test_a_node_that_nobody_hears_of_is_not_able(state, availability, able):
    told = {"ID": "n1", "Status": {"State": state}, "Spec": {"Availability": availability}}
    assert read_node(told).able is able
