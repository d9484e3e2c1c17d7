"""From the log of a failed step to the line that helps."""

from __future__ import annotations

NO_NETWORK = (
    "Temporary failure in name resolution",
    "Name or service not known",
    "Failed to establish a new connection",
    "Network is unreachable",
    "No route to host",
    "Connection refused",
    "ConnectTimeoutError",
    "Read timed out",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ETIMEDOUT",
    "Could not resolve",
    # What is left of it where pip may not try twice.
    "(from versions: none)",
)
NO_SPACE = ("No space left on device", "ENOSPC", "Disk quota exceeded")
BAD_CERTIFICATE = ("CERTIFICATE_VERIFY_FAILED", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_GET_ISSUER_CERT")

ROOM = "The disk is full. Make room (the set-up needs about 2 GB) and run the same command again."
CERTIFICATE = """\
A package registry's certificate was not accepted. Name your network's certificate bundle in PIP_CERT
and NODE_EXTRA_CA_CERTS and run the same command again."""
CONNECTION = """\
No network: a package registry could not be reached. Connect, or name your proxy in HTTPS_PROXY, or your
own registry in PIP_INDEX_URL and NPM_CONFIG_REGISTRY, and run the same command again."""

REMEDIES = ((NO_SPACE, ROOM), (BAD_CERTIFICATE, CERTIFICATE), (NO_NETWORK, CONNECTION))


def remedy(log: str) -> str | None:
    """Name the remedy for what a step's output tells, or None where it tells nothing known."""
    for signs, text in REMEDIES:
        if any(sign in log for sign in signs):
            return text
    return None


def tail(log: str, lines: int = 15, width: int = 200) -> list[str]:
    """Take the last lines that are not empty, each cut to `width` characters."""
    return [line[:width] for line in log.splitlines() if line.strip()][-lines:]
