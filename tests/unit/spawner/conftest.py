"""Hypothesis without a deadline, since a busy machine is no fault of a rule; and a lab of local servers."""

from __future__ import annotations

import pytest
from hypothesis import settings
from localservers import LocalServers

settings.register_profile("spawner", deadline=None)
settings.load_profile("spawner")


@pytest.fixture
async def lab(tmp_path):
    """A lab whose servers are ended afterwards."""
    lab = LocalServers(tmp_path)
    yield lab
    for spawner in lab.spawners:
        await spawner.stop(now=True)
