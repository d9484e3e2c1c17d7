"""Fetch a calendar from an https address that a teacher gave, without letting it reach into the lab's network.

The name is resolved here, every address that it has must be one of the public internet (unless an admin allows the
host), and the connection goes to just that address, so that a name which answers differently the second time leads
nowhere else. Each redirect is looked at in the same way. Size, time and redirects are bounded.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, field
from ipaddress import IPv6Network, ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx

from maximalab_hub.timetable.lesson import MOST_BYTES, TimetableError, Trouble

if TYPE_CHECKING:
    from collections.abc import Collection
    from urllib.parse import SplitResult

SECONDS: Final = 20.0
"""For the whole of a fetch, redirects included."""
MOST_REDIRECTS: Final = 3
LONGEST_ADDRESS: Final = 2000
_OK: Final = 200
_NAT64: Final = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Fetching:
    """How calendars are fetched."""

    inside: frozenset[str] = frozenset()
    """Hosts that may lie in the lab's own network, as an admin allows."""
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False, compare=False)
    seconds: float = SECONDS


def checked(address: str) -> str:
    """Give the address as it is fetched: https, with a host, without a name and password.

    Raises `TimetableError`. `webcal:` is what calendars call https.
    """
    typed = address.strip()
    if typed.lower().startswith("webcal:"):
        typed = "https:" + typed[len("webcal:") :]
    try:
        parts = urlsplit(typed)
        known = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        known, parts = False, urlsplit("")
    if parts.scheme == "http":
        raise TimetableError(
            "only https addresses are fetched; http can be changed on its way", Trouble.PLAIN
        )
    unfit = not typed.isascii() or not typed.isprintable() or " " in typed or len(typed) > LONGEST_ADDRESS
    if parts.scheme != "https" or not known or unfit or parts.username or parts.password:
        raise TimetableError("this is no https address of a calendar", Trouble.ADDRESS)
    return urlunsplit(parts._replace(fragment=""))


def host_of(address: str) -> str:
    """Give the host, which may be shown; the rest of an address may hold a secret."""
    return urlsplit(address).hostname or ""


async def fetch(address: str, how: Fetching) -> bytes:
    """Fetch a calendar. Raises `TimetableError`; its words name the host, never the whole address."""
    host = host_of(address)
    try:
        async with asyncio.timeout(how.seconds):
            return await _follow(checked(address), how)
    except TimeoutError as error:
        raise TimetableError(f"{host} took longer than {how.seconds:g} s", Trouble.SLOW, host) from error


async def _follow(address: str, how: Fetching) -> bytes:
    async with httpx.AsyncClient(verify=how.trust, trust_env=False, timeout=how.seconds) as client:
        for _ in range(MOST_REDIRECTS + 1):
            host = host_of(address)
            try:
                answer = await _ask(client, address, how)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                said = f"{host} cannot be reached ({type(error).__name__})"
                raise TimetableError(said, Trouble.UNREACHABLE, host) from error
            if isinstance(answer, bytes):
                return answer
            address = checked(urljoin(address, answer))
    raise TimetableError(f"more than {MOST_REDIRECTS} redirects", Trouble.REDIRECTS, host_of(address))


async def _ask(client: httpx.AsyncClient, address: str, how: Fetching) -> bytes | str:
    """Give the body, or where else to ask."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    numeric = await resolved(host, parts.port or 443, how.inside)
    request = client.build_request(
        "GET",
        _at(parts, numeric),
        headers={"Host": parts.netloc, "Accept": "text/calendar", "Accept-Encoding": "identity"},
        extensions={"sni_hostname": host},
    )
    answer = await client.send(request, stream=True)
    try:
        if answer.is_redirect and "location" in answer.headers:
            return answer.headers["location"]
        if answer.status_code != _OK:
            said = f"{host} answered with {answer.status_code}"
            raise TimetableError(said, Trouble.REFUSED, f"{host}: {answer.status_code}")
        return await _read(answer)
    finally:
        await answer.aclose()


async def _read(answer: httpx.Response) -> bytes:
    content = bytearray()
    async for part in answer.aiter_raw():
        content += part
        if len(content) > MOST_BYTES:
            raise TimetableError(f"more than {MOST_BYTES} bytes", Trouble.TOO_BIG)
    return bytes(content)


async def resolved(host: str, port: int, inside: Collection[str]) -> str:
    """Give the number to connect to. Raises `TimetableError` for a name without one, and for one inside the network.

    A name with several numbers is refused if any of them is inside.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise TimetableError(f"there is no host {host}", Trouble.NO_HOST, host) from error
    numbers = [str(one[4][0]) for one in found]
    if host not in inside and not all(map(is_outside, numbers)):
        said = f"{host} lies in a network of the lab's own; an admin may allow it in timetable.inside_hosts"
        raise TimetableError(said, Trouble.INSIDE, host)
    return numbers[0]


def is_outside(number: str) -> bool:
    """Say whether an IP address belongs to the public internet; what hides another one counts as that one."""
    found = ip_address(number.partition("%")[0])
    if found.version == 6:  # noqa: PLR2004  the version of the protocol
        hidden = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if hidden is not None:
            return is_outside(str(hidden))
        if found in _NAT64:
            return is_outside(str(ip_address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast


def _at(parts: SplitResult, numeric: str) -> str:
    place = f"[{numeric}]" if ":" in numeric else numeric
    return urlunsplit(parts._replace(netloc=f"{place}:{parts.port or 443}"))
