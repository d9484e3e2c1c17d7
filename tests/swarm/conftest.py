"""What the tests of Swarms share: two Swarms of real engines, made once."""

from __future__ import annotations

import pytest
import swarmlab
from bed.spaces import Spaces
from swarmlab import Gate, SwarmLab, Swarms


@pytest.fixture(scope="session")
def swarms():
    """A Swarm for each tier, their overlays, and a small image on each node."""
    spaces = Spaces()
    try:
        made = Swarms(spaces)
        made.make()
        made.load(swarmlab.small_image())
        yield made
    finally:
        spaces.close()


@pytest.fixture(scope="session")
def gate(swarms):
    """Where the hub is."""
    swarms.make_overlays()
    return Gate(swarms.nodes["prv1"], swarmlab.net_of(swarmlab.Tier.PRIVATE).name)


@pytest.fixture
def lab(swarms, gate, tmp_path):
    """A lab at whose hub the test is, with all nodes whole and nothing left of it afterwards."""
    lab = SwarmLab(tmp_path, swarms)
    with gate.inside():
        yield lab
    swarms.whole()
    lab.clean()
