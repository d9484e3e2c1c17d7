"""What a student's service in a Swarm may do, as plain data in the words of Docker's API; pure.

The same table as `hardening` has for a container, as far as a service can say it. What an engine does not know it
passes over: `NoNewPrivileges` and `Seccomp` count from Engine 25 on, `OomScoreAdj` from 27 on. Swap cannot be bounded.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maximalab_spawner.hardening import HOME, MATERIALS, MB, PORT, SPOOL, USER, host_config, resolvers
from maximalab_spawner.nodes import constraints
from maximalab_spawner.seen import LAB

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from maximalab_spawner.hardening import Limits, Net, Volumes
    from maximalab_spawner.nodes import Wanted

#: Where `publish` says this, servers are reached at their node's own address.
AT_ITS_NODE = "node"
#: Below the ports that Linux gives to whoever asks for any (32768 and up); one for each server of a Swarm.
PORTS = range(20000, 32768)
#: Fits into WireGuard's packets (1420 bytes) with what an overlay adds (50).
MTU = 1370
#: Letters of a service's name that tell people whose it is. The whole has 63 at most, as a name in DNS.
TELLING = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """What one server is to be, beyond what its backend says."""

    image: str
    command: Sequence[str]
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    node: str
    """The id of the one node where it may run."""
    grace: float
    """Seconds between SIGTERM and SIGKILL."""
    volumes: Volumes
    store: Mapping[str, str]
    """The driver's options for the volume of materials."""


def object_name(*words: str) -> str:
    """Name a service or a config: a Swarm allows few signs, so what names it fully is the hash at its end."""
    full = ".".join(words)
    plain = re.sub(r"[^a-z0-9]+", "-", full.lower()).strip("-")[:TELLING].strip("-")
    return f"{plain}-{hashlib.sha256(full.encode()).hexdigest()[:20]}".strip("-")


def task_template(asked: Asked, limits: Limits, net: Net, wanted: Wanted) -> dict[str, Any]:
    """Give a service's `TaskTemplate`."""
    table = host_config(limits, net, asked.volumes)
    return {
        "ContainerSpec": {
            "Image": asked.image,
            "Command": list(asked.command),
            "Env": [f"{name}={value}" for name, value in asked.environment.items()],
            "Labels": dict(asked.labels),
            "User": USER,
            "Dir": "/",  # Python looks for modules where it starts, and a home holds anything
            "TTY": False,
            "OpenStdin": False,
            "ReadOnly": table["ReadonlyRootfs"],
            "CapabilityDrop": table["CapDrop"],
            "Privileges": {"NoNewPrivileges": True, "Seccomp": {"Mode": "default"}},
            "OomScoreAdj": table["OomScoreAdj"],
            "Init": table["Init"],
            "Ulimits": table["Ulimits"],
            # On an overlay servers are neighbours: none is to lead another's traffic elsewhere.
            "Sysctls": {"net.ipv4.conf.all.accept_redirects": "0"},
            "DNSConfig": {"Nameservers": list(resolvers(net)), "Options": table["DnsOptions"]},
            "Healthcheck": {"Test": ["NONE"]},
            "StopSignal": "SIGTERM",
            "StopGracePeriod": round(asked.grace * 1e9),
            "Mounts": _mounts(asked, limits),
        },
        "Resources": {
            "Limits": {
                "MemoryBytes": table["Memory"],
                "NanoCPUs": table["NanoCpus"],
                "Pids": table["PidsLimit"],
            },
            "Reservations": {"MemoryBytes": wanted.reserve_mb * MB},
        },
        "RestartPolicy": {"Condition": "none", "MaxAttempts": 0},
        "Placement": {"Constraints": constraints(wanted, asked.node)},
        "Networks": [{"Target": net.name}],
        "LogDriver": {"Name": table["LogConfig"]["Type"], "Options": table["LogConfig"]["Config"]},
    }


def _mounts(asked: Asked, limits: Limits) -> list[dict[str, Any]]:
    """Volumes and memory only: no folder of a node is named, and none can be."""
    lab = {LAB: asked.labels.get(LAB, "")}
    home = {"size": str(limits.home_mb * MB)} if limits.home_mb else {}
    return [
        _volume(asked.volumes.home, HOME, lab, home),
        _volume(asked.volumes.spool, SPOOL, lab, {}),
        {**_volume(asked.volumes.materials, MATERIALS, lab, asked.store), "ReadOnly": True},
        _tmpfs("/tmp", limits.tmp_mb, 0o1777),  # noqa: S108  # of the container
        _tmpfs("/run", 16, 0o755),
    ]


def _volume(name: str, target: str, labels: Mapping[str, str], options: Mapping[str, str]) -> dict[str, Any]:
    """Name a volume; the node makes it at the first use."""
    driver = {"Name": "local", "Options": dict(options)}
    return {
        "Type": "volume",
        "Source": name,
        "Target": target,
        "VolumeOptions": {"Labels": dict(labels), "DriverConfig": driver},
    }


def _tmpfs(target: str, size_mb: int, mode: int) -> dict[str, Any]:
    """Give a folder in memory; Docker adds nosuid, nodev and noexec of its own accord."""
    return {"Type": "tmpfs", "Target": target, "TmpfsOptions": {"SizeBytes": size_mb * MB, "Mode": mode}}


def endpoint(port: int) -> dict[str, Any]:
    """Say how a service is reached: at its task's own address, and at this port of its node, 0 for none.

    The port is named here, since a Swarm that is left to choose forgets its choice with the next change of managers.
    """
    told = {"Protocol": "tcp", "TargetPort": PORT, "PublishedPort": port, "PublishMode": "host"}
    return {"Mode": "dnsrr"} | ({"Ports": [told]} if port else {})


def port_of(spec: Mapping[str, Any]) -> int:
    """Give the port of its node at which a service is reached, by its `Spec`; 0 where there is none."""
    ports = (spec.get("EndpointSpec") or {}).get("Ports") or [{}]
    return int(ports[0].get("PublishedPort") or 0)


def free_port(taken: Container[int], draw: int) -> int | None:
    """Pick a port of `PORTS` that is not taken, the first one from place `draw` on; None where there is none."""
    turned = (PORTS[(draw + place) % len(PORTS)] for place in range(len(PORTS)))
    return next((port for port in turned if port not in taken), None)


def overlay_config(net: Net, labels: Mapping[str, str]) -> dict[str, Any]:
    """Give what docker-py's `create_network` is called with. A hub in a container of its own may be attached."""
    return {
        "name": net.name,
        "driver": "overlay",
        "scope": "swarm",
        "internal": not net.internet,
        "enable_ipv6": False,
        "attachable": True,
        "check_duplicate": True,
        "options": {"com.docker.network.driver.mtu": str(MTU)},
        "ipam": {"Config": [{"Subnet": net.subnet}]},
        "labels": dict(labels),
    }


def overlay_faults(inspected: Mapping[str, Any], net: Net) -> list[str]:
    """Name what of a network that is there already is not as it must be; then nothing starts in it."""
    found = {
        "driver": inspected.get("Driver") == "overlay",
        "scope": inspected.get("Scope") == "swarm",
        "internal": bool(inspected.get("Internal")) is not net.internet,
        "ipv6": not inspected.get("EnableIPv6"),
        "subnet": [one.get("Subnet") for one in (inspected.get("IPAM") or {}).get("Config") or []]
        == [net.subnet],
    }
    return [name for name, right in found.items() if not right]
