"""What the hub tells the gateway: whom to let in. No names: an id, a key, an address, and until when."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address
from typing import TYPE_CHECKING, Any, Final

from maximalab_hub.vpn.addresses import is_for_a_device
from maximalab_hub.vpn.keys import is_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from ipaddress import IPv4Network

    from maximalab_hub.vpn.devices import Device

MOST_PEERS: Final = 65_536
#: Seconds since 1970 until the year 9999; beyond it no moment can be named.
NEVER: Final = 253_402_300_800


class PeersError(Exception):
    """What was said of peers cannot be used, and so none of it is."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One device, as the gateway knows it."""

    id: str
    public_key: str
    address: IPv4Address
    until: float
    """Seconds since 1970: from then on it is not let in, also while the hub is away."""
    preshared_key: str | None = field(default=None, repr=False)


def tell(devices: Iterable[Device]) -> dict[str, Any]:
    """Write devices as the answer to the gateway."""
    return {"peers": [_told(device) for device in devices]}


def _told(device: Device) -> dict[str, Any]:
    shared = {"preshared_key": device.preshared_key} if device.preshared_key else {}
    return {
        "id": device.id,
        "public_key": device.public_key,
        "address": str(device.address),
        "until": device.until.timestamp(),
        **shared,
    }


def write(peers: Iterable[Peer]) -> dict[str, Any]:
    """Write peers as the gateway keeps them: the same form."""
    fields = [{name: getattr(peer, name) for name in Peer.__slots__} for peer in peers]
    return {
        "peers": [
            {
                key: str(value) if key == "address" else value
                for key, value in one.items()
                if value is not None
            }
            for one in fields
        ]
    }


def read(told: object, pool: IPv4Network) -> tuple[Peer, ...]:
    """Read an answer, wholly or not at all. Raises `PeersError`.

    An address that is not a device's is refused: whoever tells lies cannot draw other traffic into the VPN.
    """
    records = told.get("peers") if isinstance(told, dict) else None
    if not isinstance(records, list) or len(records) > MOST_PEERS:
        raise PeersError("it is no list of peers")
    peers = tuple(_peer(record, pool) for record in records)
    for what in ("public_key", "address"):
        if len({getattr(peer, what) for peer in peers}) != len(peers):
            raise PeersError(f"two peers have one {what}")
    return peers


def _peer(record: object, pool: IPv4Network) -> Peer:
    if not isinstance(record, dict):
        raise PeersError("a peer is no object")
    id_, key, until = record.get("id"), record.get("public_key"), record.get("until")
    shared = record.get("preshared_key")
    if not isinstance(id_, str) or not id_.isalnum() or len(id_) > 64:  # noqa: PLR2004  it stands in log lines
        raise PeersError("an id is no word")
    if not is_key(key) or not (shared is None or is_key(shared)):
        raise PeersError("a key is none")
    if isinstance(until, bool) or not isinstance(until, int | float) or not 0 <= until < NEVER:
        raise PeersError("a last moment is no number")  # nor is NaN, which Python takes from JSON
    try:
        address = IPv4Address(record.get("address"))
    except (AddressValueError, TypeError) as error:
        raise PeersError("an address is none") from error
    if not isinstance(record["address"], str) or not is_for_a_device(address, pool):
        raise PeersError("an address is none of the pool's")
    return Peer(id_, str(key), address, float(until), shared)


def changes(has: dict[str, str], wants: Sequence[Peer]) -> tuple[list[str], list[Peer]]:
    """Say which keys are to go, and which peers are to come or get another address; all others are left alone.

    `has` says for each public key that the gateway lets in which addresses it may use, as `wg` writes them.
    """
    wanted = {peer.public_key: f"{peer.address}/32" for peer in wants}
    gone = [key for key in has if key not in wanted]
    return gone, [peer for peer in wants if has.get(peer.public_key) != wanted[peer.public_key]]
