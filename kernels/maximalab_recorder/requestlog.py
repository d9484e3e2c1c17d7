"""What a student's server logs of a request that failed: JupyterHub's log of requests hides two headers alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Scrub = Callable[[Mapping[str, str]], dict[str, str]]

_SECRET = re.compile("token|xsrf|secret|key", re.IGNORECASE)


def also_hiding(scrub: Scrub) -> Scrub:
    """Give what JupyterHub does with headers before it logs them, with the XSRF token and its like hidden as well."""

    def scrubbed(headers: Mapping[str, str]) -> dict[str, str]:
        return {name: "[secret]" if _SECRET.search(name) else value for name, value in scrub(headers).items()}

    return scrubbed


def install() -> None:
    """Put it in the way, where JupyterHub is there at all; JupyterHub has no setting for this."""
    try:
        log: Any = __import__("jupyterhub.log", fromlist=["log"])
    except ImportError:
        return
    log._scrub_headers = also_hiding(log._scrub_headers)  # noqa: SLF001
