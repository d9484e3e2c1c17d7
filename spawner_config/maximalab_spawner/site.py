"""What the file of backends says of a Docker engine or a Swarm, beyond what it says of every backend.

[[backend]]
name = "campus"
tier = "private"
kind = "docker"
capacity = 30
materials = "/srv/maximalab/materials/private"   # on the engine's machine
engine = "unix:///var/run/docker.sock"           # or tcp://host:2376 with tls_ca, tls_cert and tls_key
subnet = "172.28.2.0/24"                         # of the servers' network; its first address is the machine
hub_url = "http://172.28.2.1:8081"               # where servers reach the hub
usage_url = "http://172.28.2.1:8000/services/usage/api/events"  # where servers deliver events
hub_machine = "172.29.0.2"                       # where the hub is another machine: its address, as this one sees it
[backend.images]
maxima = "maximalab/singleuser:0.1"
[backend.limits]                                 # memory_mb, cpus, pids, tmp_mb, home_mb
memory_mb = 1024
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from ipaddress import IPv4Address, IPv4Network, ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from maximalab_spawner.engine import Address, Tls
from maximalab_spawner.hardening import Limits, Net
from maximalab_spawner.materials import IMAGE
from maximalab_spawner.tiers import Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from maximalab_spawner.nodes import Wanted

    Wrong = Callable[[str, str], Exception]

TLS_FIELDS = ("tls_ca", "tls_cert", "tls_key")
SITE_FIELDS = frozenset(
    {
        "engine",
        "subnet",
        "hub_url",
        "hub_machine",
        "usage_url",
        "images",
        "limits",
        "internet",
        "dns",
        "publish",
        "doors",
        *TLS_FIELDS,
    }
)
ONLY_WITH_A_WAY_OUT = "add internet = true or remove it: a network without a way out publishes nothing"
#: A server that gets less does not start.
LEAST_MEMORY_MB, LEAST_PIDS = 128, 32


@dataclass(frozen=True, slots=True)
class Site:
    """One Docker engine, or one manager of a Swarm, as a place for servers."""

    engine: Address
    net: Net
    hub_url: str
    usage_url: str
    images: Mapping[str, str]
    """From the word in `material.toml` to the reference of an image that the engine has."""
    limits: Limits
    hub_machine: str = ""
    """Address of the hub's machine, with the entrances' proxies on it; empty where it is the engine's own."""
    nodes: Wanted | None = None
    """What is asked of a Swarm's nodes; None where the engine is one machine."""


def read_site(name: str, tier: Tier, record: Mapping[str, Any], folder: Path, wrong: Wrong) -> Site:
    """Read the fields of an engine; `wrong` makes the error for a field and a remedy."""
    internet = record.get("internet", False)
    if not isinstance(internet, bool):
        raise wrong("internet", "write true or false")
    if internet and tier is Tier.PRIVATE:
        raise wrong("internet", "remove it: private servers have no way out but the hub")
    subnet = _subnet(record, wrong)
    net = Net(
        name=f"maximalab-{name}",
        subnet=subnet,
        internet=internet,
        dns=_dns(record, wrong, internet=internet),
        publish=_publish(record, wrong, internet=internet),
        doors=_doors(record.get("doors", []), subnet, wrong),
    )
    return Site(
        engine=Address(name, *_engine(record, folder, wrong)),
        net=net,
        hub_url=_url(record, "hub_url", wrong),
        usage_url=_url(record, "usage_url", wrong),
        images=_images(record, wrong),
        limits=_limits(record.get("limits", {}), wrong),
        hub_machine=_machine(record, wrong),
    )


def _engine(record: Mapping[str, Any], folder: Path, wrong: Wrong) -> tuple[str, Tls | None]:
    url = record.get("engine")
    parts = urlsplit(url if isinstance(url, str) else "")
    files = {field: _file(record[field], field, folder, wrong) for field in TLS_FIELDS if field in record}
    if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
        if files:
            raise wrong(next(iter(files)), "remove it: a socket of this machine has no TLS")
        return str(url), None
    if parts.scheme != "tcp" or not _port(url) or parts.path or parts.query:
        raise wrong("engine", "write unix:///path/of/the/socket or tcp://host:port")
    if files and len(files) < len(TLS_FIELDS):
        missing = next(field for field in TLS_FIELDS if field not in files)
        raise wrong(missing, f"name this file too: {', '.join(TLS_FIELDS)} belong together")
    if not files and not _loopback(parts.hostname or ""):
        raise wrong("engine", "name tls_ca, tls_cert and tls_key: an engine without TLS obeys everybody")
    return str(url), Tls(files["tls_ca"], files["tls_cert"], files["tls_key"]) if files else None


def _port(url: object) -> int | None:
    try:
        return urlsplit(str(url)).port
    except ValueError:
        return None


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _file(value: object, field: str, folder: Path, wrong: Wrong) -> Path:
    if not isinstance(value, str) or not value.strip():
        raise wrong(field, "write the path of a PEM file")
    path = (folder / Path(value).expanduser()).resolve()
    if not path.is_file():
        raise wrong(field, f"there is no file {path}; put it there or mend the path")
    return path


def _subnet(record: Mapping[str, Any], wrong: Wrong) -> str:
    remedy = "write a private IPv4 network such as 172.28.1.0/24, of at most /28, that nothing else uses"
    try:
        subnet = IPv4Network(record.get("subnet", ""))
    except ValueError as error:
        raise wrong("subnet", remedy) from error
    if not subnet.is_private or subnet.prefixlen > 28:  # noqa: PLR2004  # as the remedy says
        raise wrong("subnet", remedy)
    return str(subnet)


def _doors(given: object, subnet: str, wrong: Wrong) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(within(subnet, one) for one in given):
        raise wrong(
            "doors", f"write a list of addresses in {subnet}: of hub and entrances that are containers there"
        )
    return tuple(given)


def within(subnet: str, value: object) -> bool:
    """Say whether `value` is an IPv4 address of `subnet`."""
    try:
        return isinstance(value, str) and IPv4Address(value) in IPv4Network(subnet)
    except ValueError:
        return False


def _dns(record: Mapping[str, Any], wrong: Wrong, *, internet: bool) -> tuple[str, ...]:
    given = record.get("dns", [])
    if not isinstance(given, list) or not all(_resolver(one) for one in given):
        raise wrong("dns", "write a list of IPv4 addresses of resolvers, none of this machine's own")
    if internet and not given:
        raise wrong("dns", "name a resolver: servers with a way out must not use what the engine chooses")
    if given and not internet:
        raise wrong("dns", "remove it: servers without a way out reach no resolver")
    return tuple(given)


def _resolver(value: object) -> bool:
    try:
        return isinstance(value, str) and not IPv4Address(value).is_loopback
    except ValueError:
        return False


def _publish(record: Mapping[str, Any], wrong: Wrong, *, internet: bool) -> str:
    value = record.get("publish")
    if value is None:
        return ""
    try:
        address = IPv4Address(value)
    except ValueError as error:
        raise wrong(
            "publish", "write the IPv4 address of the engine's machine that the hub reaches"
        ) from error
    if address.is_unspecified:
        raise wrong("publish", "write one address: 0.0.0.0 opens students' servers to everybody")
    if not internet:
        raise wrong("publish", ONLY_WITH_A_WAY_OUT)
    return str(address)


def _machine(record: Mapping[str, Any], wrong: Wrong) -> str:
    value = record.get("hub_machine", "")
    try:
        address = IPv4Address(value) if value else None
    except ValueError as error:
        raise wrong("hub_machine", "write the IPv4 address of the hub's machine, or remove it") from error
    if address is not None and (address.is_loopback or address.is_unspecified):
        raise wrong("hub_machine", "remove it where the hub is on the engine's own machine")
    return str(address or "")


def _url(record: Mapping[str, Any], field: str, wrong: Wrong) -> str:
    value = record.get(field)
    parts = urlsplit(value if isinstance(value, str) else "")
    if parts.scheme not in {"http", "https"} or not parts.hostname or _loopback(parts.hostname):
        raise wrong(
            field, "write an http or https URL as a container sees it; its own loopback leads nowhere"
        )
    return str(value)


def _images(record: Mapping[str, Any], wrong: Wrong) -> dict[str, str]:
    images = record.get("images")
    if not isinstance(images, dict) or not images:
        raise wrong("images", 'write a table [backend.images] with lines such as maxima = "name:version"')
    for word, reference in images.items():
        if not IMAGE.fullmatch(word) or not isinstance(reference, str) or not reference.strip():
            raise wrong(
                f"images.{word}", f"write a word of the form {IMAGE.pattern} and an image's reference"
            )
    return images


def _limits(given: object, wrong: Wrong) -> Limits:
    known = {field.name for field in fields(Limits)}
    if not isinstance(given, dict) or not set(given) <= known:
        raise wrong("limits", f"write a table [backend.limits] of {', '.join(sorted(known))}")
    for name, value in given.items():
        right = (int, float) if name == "cpus" else int
        if isinstance(value, bool) or not isinstance(value, right) or value <= 0:
            raise wrong(f"limits.{name}", "write a number above 0")
    limits = Limits(**given)
    if limits.memory_mb < LEAST_MEMORY_MB:
        raise wrong("limits.memory_mb", f"write at least {LEAST_MEMORY_MB}: with less no server starts")
    if limits.pids < LEAST_PIDS:
        raise wrong("limits.pids", f"write at least {LEAST_PIDS}: with fewer no kernel starts")
    return limits
