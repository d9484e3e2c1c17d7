"""What of the server's environment a kernel may see: nothing that lets it speak in the server's name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SESSION_PATH = "MAXIMALAB_SESSION_PATH"
"""Carries a session's path from Jupyter's sessions to the start of its kernel; no kernel gets to see it."""

_KEPT_BACK = re.compile(
    r"^JUPYTERHUB_|^JPY_API_TOKEN$|^JUPYTER_TOKEN$|^MAXIMALAB_(SPOOL|USAGE_URL|SESSION_PATH)$"
    r"|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|COOKIE|API_?KEY|PRIVATE_?KEY",
    re.IGNORECASE,
)


def for_kernel(environment: Mapping[str, str]) -> dict[str, str]:
    """Give `environment` without the hub's variables, the spool, and whatever is named like a secret.

    A kernel runs the student's code under the student's own user: this keeps a token out of easy reach and
    out of saved outputs. It is no wall; a server's token can only ever tell of its own user.
    """
    return {name: value for name, value in environment.items() if not _KEPT_BACK.search(name)}


def notebook_of(environment: Mapping[str, str]) -> str | None:
    """Give the notebook that a kernel is started for, as its session names it, relative to the server's root.

    `JPY_SESSION_NAME` would not do: it joins the folder with whatever the client calls the session, which may
    be the notebook's whole path once more, or no file at all.
    """
    path = environment.get(SESSION_PATH, "").strip("/")
    return path if path.endswith(".ipynb") else None
