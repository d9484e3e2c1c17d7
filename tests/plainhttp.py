"""Asking plain HTTP, again and again: without the list of authorities, whose reading takes 25 ms each time."""

from __future__ import annotations

import ssl

NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For httpx's `verify`: it trusts nobody, so that who is led to https by mistake is refused there."""
