"""What a Swarm cannot do, and what it lacks: labels, managers, overlays. Part of `maximalab_spawner.enginecheck`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maximalab_spawner.engine import ObjectGone
from maximalab_spawner.nodes import has_labels, read_node
from maximalab_spawner.servicespec import overlay_faults
from maximalab_spawner.shortcomings import CONFIGURE, numbers, shortcomings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from maximalab_spawner.engine import Engine
    from maximalab_spawner.hardening import Net
    from maximalab_spawner.nodes import Wanted
    from maximalab_spawner.site import Site

Told = tuple[str, str]
"""What is so, and the remedy."""
#: From this version on a service can ask for no new privileges and for the filter of system calls.
LEAST_FOR_PRIVILEGES = (25,)
#: The label of the meters' service (deploy/swarm/meter.yaml).
METER = "io.maximalab.meter"
#: What no Swarm does, whatever its version: to be known, not to be mended.
NEVER = (
    "services in a Swarm: a restart of a node's engine ends its servers; "
    "servers on one overlay reach each other; swap is not bounded (docs/admins.md says what follows)"
)


def membership(info: Mapping[str, Any]) -> Told | None:
    """Say what keeps the engine from being a manager; None where it is one."""
    swarm = info.get("Swarm") or {}
    state = swarm.get("LocalNodeState") or "inactive"
    if state != "active":
        return (
            f"no Swarm: this engine's is {state}",
            "make one: docker swarm init --advertise-addr ADDRESS, or unlock it: docker swarm unlock",
        )
    if not swarm.get("ControlAvailable"):
        return (
            "this engine is a worker of its Swarm",
            "name a manager in `engine`: docker node ls, at a manager",
        )
    return None


def nodes_faults(told: Sequence[Mapping[str, Any]], wanted: Wanted) -> Iterator[Told]:
    """Name what is wrong with the nodes of a backend."""
    ours = [one for one in told if has_labels(read_node(one), wanted)]
    if not ours:
        words = " ".join(f"--label-add {name}={value}" for name, value in wanted.labels.items())
        yield "no node has the backend's labels", f"docker node update {words} NODE"
    for one in ours:
        node = read_node(one)
        version = ((one.get("Description") or {}).get("Engine") or {}).get("EngineVersion")
        if not node.ready:
            yield (
                f"the node {node.name} is not heard of",
                "start its engine and see to the way there: docker node ls",
            )
        elif not node.open:
            yield (
                f"the node {node.name} takes no servers",
                f"docker node update --availability active {node.name}",
            )
        if numbers(version) < LEAST_FOR_PRIVILEGES:
            yield (
                f"the node {node.name} has Engine {version}: its services cannot ask for no new privileges",
                f'install Docker Engine 25 or newer, or set "no-new-privileges": true {CONFIGURE}',
            )


def meter_faults(
    nodes: Sequence[Mapping[str, Any]], tasks: Sequence[Mapping[str, Any]], wanted: Wanted
) -> Iterator[Told]:
    """Name the nodes of a backend, of those that are heard of, at which none of the meters' `tasks` runs."""
    running = {one.get("NodeID") for one in tasks if (one.get("Status") or {}).get("State") == "running"}
    for node in map(read_node, nodes):
        if has_labels(node, wanted) and node.able and node.id not in running:
            yield (
                f"no meter runs at the node {node.name}: what servers there use is not known",
                "deploy/swarm/up; then docker service ps LAB_meter says what is wrong",
            )


def network_fault(found: Mapping[str, Any] | None, net: Net) -> Told | None:
    """Say what is wrong with the overlay; None where all is well, or where it will be made at the first start."""
    faults = overlay_faults(found, net) if found is not None else []
    remedy = f"stop its servers, then: docker network rm {net.name}"
    return (f"network {net.name}: {', '.join(faults)}", remedy) if faults else None


async def _meters(engine: Engine) -> Sequence[Mapping[str, Any]]:
    """List the tasks of every lab's meters."""
    told = await engine.call(lambda client: client.services(filters={"label": METER}))
    ids = [str(one["ID"]) for one in told]
    tasks: Sequence[Mapping[str, Any]] = (
        await engine.call(lambda client: client.tasks(filters={"service": ids})) if ids else []
    )
    return tasks


async def look_at_swarm(site: Site, engine: Engine, wanted: Wanted) -> Sequence[Told]:
    """Ask a manager about its engine, its Swarm, its nodes and its network; all is well without a remedy."""
    info = await engine.call(lambda client: client.info())
    version = await engine.call(lambda client: client.version())
    outside = membership(info)
    if outside is not None:
        return [outside]
    # In a Swarm there is no live-restore to be set.
    found = list(shortcomings({**info, "LiveRestoreEnabled": True}, version))
    nodes = await engine.call(lambda client: client.nodes())
    found += nodes_faults(nodes, wanted)
    found += meter_faults(nodes, await _meters(engine), wanted)
    try:
        network = await engine.call(lambda client: client.inspect_network(site.net.name))
    except ObjectGone:
        network = None
    fault = network_fault(network, site.net)
    found += [fault] if fault is not None else []
    return [*found, (NEVER, "")]
