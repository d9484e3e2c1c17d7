"""`python -m maximalab_hub.vpn`: `maximalab vpn` without what only other commands need."""

from __future__ import annotations

import sys

from maximalab_hub.secret_files import SecretError
from maximalab_hub.vpn.command import VpnError, app

try:
    app()
except (VpnError, SecretError) as error:
    sys.exit(f"maximalab: {error}")
