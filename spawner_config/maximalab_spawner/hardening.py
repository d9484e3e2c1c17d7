"""What a student's container may do, as plain data in the words of Docker's API.

Nothing here talks to an engine. `host_config` and `container_config` are the whole table: what they do not name is
the engine's default, and what could weaken them is not taken from anywhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: Number of the person in every image, and of its group: never root.
USER = "1000:1000"
#: Where things lie in every image. The folders are there, and belong to `USER`.
HOME, SPOOL, MATERIALS = "/home/student", "/srv/spool", "/srv/materials"
#: Where a server listens inside its container.
PORT = 8888
MB = 1024 * 1024
#: A resolver that answers nobody (RFC 5737), for networks without a way out: whatever an engine puts there of its
#: own accord may carry questions out of a network that nothing else leaves (CVE-2024-29018).
NO_RESOLVER = "192.0.2.1"
ICC = "com.docker.network.bridge.enable_icc"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server may use up."""

    memory_mb: int = 1024
    """Memory, and no swap beside it; what is written to /tmp counts."""
    cpus: float = 1.0
    pids: int = 256
    tmp_mb: int = 256
    home_mb: int | None = None
    """Size of a home. None: as much as the disk holds, as most engines' volumes cannot be bounded."""


@dataclass(frozen=True, slots=True)
class Net:
    """The network of one tier's servers at one engine."""

    name: str
    subnet: str
    internet: bool = False
    """Whether servers may reach other machines. Without: the hub's machine and nothing else."""
    dns: tuple[str, ...] = ()
    publish: str = ""
    """Address of the engine's machine at which servers are reached; empty: at the container's own."""
    doors: tuple[str, ...] = ()
    """Addresses in this network of hub and entrances, where these are containers themselves."""


@dataclass(frozen=True, slots=True)
class Volumes:
    """Names of the volumes that a server sees."""

    home: str
    spool: str
    materials: str
    """The tier's whole store; empty where a server sees materials apart."""
    apart: Mapping[str, str] = field(default_factory=dict)
    """Volumes of single materials, by the folder of the container where each lies."""


def host_config(limits: Limits, net: Net, volumes: Volumes) -> dict[str, Any]:
    """Give the `HostConfig` of a container."""
    memory = limits.memory_mb * MB
    ports = {f"{PORT}/tcp": [{"HostIp": net.publish, "HostPort": ""}]} if net.publish else {}
    return {
        "CapDrop": ["ALL"],
        "Privileged": False,
        "SecurityOpt": ["no-new-privileges:true"],
        "ReadonlyRootfs": True,
        "Tmpfs": {
            "/tmp": f"rw,nosuid,nodev,noexec,mode=1777,size={limits.tmp_mb}m",  # noqa: S108  # of the container
            "/run": "rw,nosuid,nodev,noexec,mode=755,size=16m",
        },
        "Memory": memory,
        "MemorySwap": memory,  # memory and swap together: so there is no swap
        "NanoCpus": round(limits.cpus * 1e9),
        "PidsLimit": limits.pids,
        "OomScoreAdj": 500,  # where the machine runs short, a server ends before the engine does
        "Ulimits": [
            {"Name": "core", "Soft": 0, "Hard": 0},
            {"Name": "nofile", "Soft": 4096, "Hard": 4096},
        ],
        "Init": True,
        "IpcMode": "private",
        "NetworkMode": net.name,
        "Dns": list(resolvers(net)),
        "DnsOptions": ["timeout:1", "attempts:1"],
        "PortBindings": ports,
        "PublishAllPorts": False,
        "Mounts": _mounts(volumes),
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "AutoRemove": False,  # its exit status is to be read
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "2"}},
    }


def desk_host_config(mounts: Mapping[str, str]) -> dict[str, Any]:
    """Give the `HostConfig` of a container that takes material in: no network at all, and these volumes, by place."""
    alone = Net("none", "")
    limits = Limits(memory_mb=1280, pids=64, tmp_mb=16)
    return host_config(limits, alone, Volumes("", "", "")) | {
        "Dns": [],
        "DnsOptions": [],
        "Mounts": [{"Type": "volume", "Source": name, "Target": target} for target, name in mounts.items()],
    }


def _mounts(volumes: Volumes) -> list[dict[str, Any]]:
    """Volumes only: no folder of the engine's machine is named, and none can be."""
    mounts = [(volumes.home, HOME, False), (volumes.spool, SPOOL, False)]
    if volumes.materials:
        mounts.append((volumes.materials, MATERIALS, True))
    mounts += [(name, target, True) for target, name in volumes.apart.items()]
    return [
        {"Type": "volume", "Source": name, "Target": target} | ({"ReadOnly": True} if read_only else {})
        for name, target, read_only in mounts
    ]


def container_config(
    image: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    labels: Mapping[str, str],
    host: Mapping[str, Any],
) -> dict[str, Any]:
    """Give the whole body with which a container is created."""
    return {
        "Image": image,
        "Entrypoint": [],
        "Cmd": list(command),
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "Labels": dict(labels),
        "User": USER,
        "WorkingDir": "/",  # Python looks for modules where it starts, and a home holds anything
        "ExposedPorts": {f"{PORT}/tcp": {}},
        "Healthcheck": {"Test": ["NONE"]},
        "StopSignal": "SIGTERM",
        "Tty": False,
        "OpenStdin": False,
        "HostConfig": dict(host),
    }


#: Laid over whatever else a container's server is told: what a student writes into the home changes no program.
ENVIRONMENT: Mapping[str, str] = {
    "HOME": HOME,
    "JUPYTER_PREFER_ENV_PATH": "1",
    "JUPYTER_RUNTIME_DIR": "/tmp/jupyter-runtime",  # noqa: S108  # of the container, and gone with it
    "LANG": "C.UTF-8",
    "PYTHONNOUSERSITE": "1",
    "PYTHONSAFEPATH": "1",
}


def resolvers(net: Net) -> tuple[str, ...]:
    """Say whom containers ask for names: never what the engine would choose."""
    return net.dns if net.internet and net.dns else (NO_RESOLVER,)


def network_config(net: Net, labels: Mapping[str, str]) -> dict[str, Any]:
    """Give what docker-py's `create_network` is called with: its servers do not reach each other."""
    return {
        "name": net.name,
        "driver": "bridge",
        "internal": not net.internet,
        "enable_ipv6": False,
        "attachable": False,
        "check_duplicate": True,
        "options": {ICC: "false"},
        "ipam": {"Config": [{"Subnet": net.subnet}]},
        "labels": dict(labels),
    }


def network_faults(inspected: Mapping[str, Any], net: Net) -> list[str]:
    """Name what of a network that is there already is not as it must be; then nothing starts in it."""
    found = {
        "driver": inspected.get("Driver") == "bridge",
        "internal": bool(inspected.get("Internal")) is not net.internet,
        "icc": (inspected.get("Options") or {}).get(ICC) == "false",
        "ipv6": not inspected.get("EnableIPv6"),
        "subnet": [one.get("Subnet") for one in (inspected.get("IPAM") or {}).get("Config") or []]
        == [net.subnet],
    }
    return [name for name, right in found.items() if not right]


def materials_volume(prefix: str, folder: Path) -> tuple[str, dict[str, str]]:
    """Name the volume by which servers see a folder of the engine's machine, and give its driver's options.

    The folder is part of the name: a store that moves is another volume.
    """
    mark = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return f"{prefix}.materials.{mark}", {"type": "none", "o": "bind,ro", "device": str(folder)}
