"""One lab on one bed for all tests here: home has a device in the VPN, and Ada a server on each tier."""

from __future__ import annotations

import pytest
from bed.asking import PRIVATE, PUBLIC
from bed.lab import Lab


@pytest.fixture(scope="session")
def lab():
    made = Lab()
    try:
        made.start()
        made.enrol("ada", at="home")
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def settled(lab):
    """Ada sits at home, in the VPN, and has both servers; a test that breaks something mends it."""
    lab.ada = lab.person("ada", door="vpn").in_()
    for material, server in (("simplex", PUBLIC), ("game", PRIVATE)):
        if not lab.ready("ada", server):
            lab.bring(lab.ada, material, server)
    yield lab
    lab.ada.close()
