"""Which routes JupyterHub's own objects ask for."""

from __future__ import annotations

import socket
from types import SimpleNamespace

from jupyterhub import orm
from jupyterhub.objects import Server
from maximalab_spawner.hubroutes import server_routes
from maximalab_spawner.tiers import Tier

GUESS: dict[str, object] = {}
"""What JupyterHub writes down of a server before it is started: nothing, and so its own defaults."""
TOLD = {"ip": "172.20.1.2", "port": 8888}


def written_down(address: dict[str, object]) -> Server:
    """A server as the hub's database has it."""
    row = orm.Server(base_url="/user/cai/public-maxima/", **address)
    with orm.new_session_factory("sqlite://")() as session:
        session.add(row)
        session.commit()
        return Server(orm_server=row)


def users(address: dict[str, object] | None, *, ready: bool = True, active: bool = True):
    server = None if address is None else written_down(address)
    spawner = SimpleNamespace(
        server=server, ready=ready, active=active, tier=Tier.PUBLIC, proxy_spec="/user/cai/public-maxima/"
    )
    return {"cai": SimpleNamespace(name="cai", spawners={"public-maxima": spawner})}


def settled(**how: object) -> list[bool]:
    return [one.settled for one in server_routes(users(**how))]


def test_a_route_is_put_only_where_a_start_has_told_the_address():
    assert settled(address=TOLD) == [True]
    assert settled(address=TOLD, ready=False) == [False], "it is on its way"
    assert settled(address=None, ready=False, active=False) == []


def test_a_start_that_was_broken_off_has_no_route():
    (made,) = server_routes(users(GUESS))
    assert made.route.target.startswith(f"http://{socket.gethostname()}:"), "which is what JupyterHub guesses"
    assert not made.settled
