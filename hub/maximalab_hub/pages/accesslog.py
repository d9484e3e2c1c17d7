"""What the hub's log keeps of a request that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyterhub import log

if TYPE_CHECKING:
    from collections.abc import Mapping

HARMLESS: Final = frozenset({
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-length",
    "content-type",
    "host",
    "origin",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "upgrade",
    "user-agent",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-maximalab-entrance",
})  # fmt: skip
"""Headers that are logged as they are, of others the name alone. JupyterHub hides two, and X-XSRFToken is neither."""


def without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    """Give a request's headers for the log. A referrer is an address, and loses what JupyterHub takes out of those."""
    return {
        name: value if name.lower() in HARMLESS else f"[{len(value)} characters]"
        for name, value in headers.items()
    }


def install() -> None:
    """Let JupyterHub's log of requests use it; JupyterHub has no setting for this."""
    log._scrub_headers = without_secrets  # noqa: SLF001
