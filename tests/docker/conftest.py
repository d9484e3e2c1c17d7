"""What the tests of containers share."""

from __future__ import annotations

import pytest
from dockerlab import DockerLab, build_image


@pytest.fixture(scope="session")
def server_image() -> str:
    """The image of students' servers."""
    return build_image()


@pytest.fixture
def lab(server_image, tmp_path):
    """A lab with an engine, and nothing left of it afterwards."""
    lab = DockerLab(tmp_path)
    yield lab
    lab.clean()
