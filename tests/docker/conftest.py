"""What the tests of containers share."""

from __future__ import annotations

import pytest
import serverimage
from dockerlab import DockerLab


@pytest.fixture(scope="session")
def server_image() -> str:
    """The image of students' servers."""
    return serverimage.build()


@pytest.fixture
def lab(server_image, tmp_path):
    """A lab with an engine, and nothing left of it afterwards."""
    lab = DockerLab(tmp_path)
    yield lab
    lab.clean()
