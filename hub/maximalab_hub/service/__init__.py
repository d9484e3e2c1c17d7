"""The usage service: it takes events, and shows pages under /services/usage/."""

from __future__ import annotations

from typing import Final

PREFIX: Final = "/services/usage"
"""Where both entrances reach the service."""
