"""What must never be, whatever dies or is cut: plain rules over what was seen.

Whatever is not known to be right counts as wrong: a route of the public entrance leads to the hub, to the usage
service or to a public node, and one for a private server leads to the hub's page that says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from bed.figure import HUB_PORT, NODES, SUBNETS, USAGE_PORT
from bed.plan import SOLVER
from bed.smallserver import SECRET

OPEN = [ip_network(part) for name in ("pub1", "pub2") for part in (SUBNETS[name], f"{NODES[name]}/32")]
"""Where open servers are, as the hub reaches them."""
SHARED = {("127.0.0.1", HUB_PORT), ("127.0.0.1", USAGE_PORT)}
GATE = "/hub/vpn-needed/"


def wrong_routes(table: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """Name the routes that the public entrance must not have."""
    for path, route in table.items():
        target = urlsplit(str(route["target"]))
        host, port = target.hostname or "", target.port or 80
        if not (_is_open(host) or (host, port) in SHARED):
            yield f"the public entrance leads {path} to {host}:{port}"
        elif "/private-" in path.lower() and not _is_gate(host, port, target.path):
            yield f"the public entrance leads {path} elsewhere than to its gate: {host}:{port}{target.path}"


def _is_open(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in net for net in OPEN)


def _is_gate(host: str, port: int, path: str) -> bool:
    return (host, port) == ("127.0.0.1", HUB_PORT) and f"{path}/".startswith(GATE)


def private_bytes(text: str) -> Iterator[str]:
    """Say where a page at the public entrance tells what a private server said."""
    if SECRET in text:
        yield "a private byte came out of the public entrance"


def tracebacks(text: str) -> Iterator[str]:
    """Say where a page shows a program's insides."""
    if "Traceback" in text:
        yield "a traceback in a page"


def doubles(running: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Name what runs twice; `running` are names and ids of containers at all engines."""
    for name, times in Counter(name for name, _ in running).items():
        if times > 1:
            yield f"two servers of one name: {name}"


def seats_too_many(running: Sequence[tuple[str, str]], holders: Collection[str], seats: int) -> Iterator[str]:
    """Say where more licensed servers run, or more leases are given, than there are seats."""
    licensed = [name for name, _ in running if f".{SOLVER}." in name]
    if len(licensed) > seats:
        yield f"a seat too many: {licensed}"
    if len(holders) > seats:
        yield f"a lease too many: {sorted(holders)}"
