"""A taken port is found, and the line about it says whose it is and what to type."""

from __future__ import annotations

import os
import socket

import pytest
from labrun import free_port
from maximalab_hub.lab.places import Addresses
from maximalab_hub.lab.ports import complaint, is_free, taken


@pytest.fixture
def occupied():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_is_not_free_on_that_address_alone(occupied):
    assert not is_free("127.0.0.1", occupied)
    assert is_free("127.0.0.2", occupied)


def test_a_server_on_every_address_takes_the_vpn_entrances_too():
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert not is_free("127.0.0.2", server.getsockname()[1])


def test_the_complaint_names_address_process_and_remedy(occupied):
    addresses = Addresses(occupied)
    found = [one for one in taken(addresses.all) if one == addresses.public]
    said = complaint(occupied, found)
    assert f"127.0.0.1:{occupied} (public entrance) is taken by " in said
    assert f"process {os.getpid()}" in said
    assert "./lab up --port " in said


def test_a_free_set_has_nothing_taken():
    assert taken(Addresses(free_port()).all) == []


def test_a_lab_listens_on_loopback_alone_and_on_six_addresses():
    listeners = Addresses(9000).all
    assert {one.ip for one in listeners} == {"127.0.0.1", "127.0.0.2"}
    assert len({(one.ip, one.port) for one in listeners}) == 6
    assert {one.port for one in listeners} == {9000, 9001, 9002, 9003}


@pytest.mark.parametrize("port", [0, 80, 1023, 65533, 70000])
def test_a_port_that_cannot_be_is_refused_with_the_range(port):
    with pytest.raises(ValueError, match="choose one from 1024 to 65532"):
        Addresses(port)
