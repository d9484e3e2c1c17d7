"""What of the server's environment a kernel may see: nothing that lets it speak in the server's name."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEPT_BACK = re.compile(
    r"^JUPYTERHUB_|^JPY_API_TOKEN$|^JUPYTER_TOKEN$|^MAXIMALAB_(SPOOL|USAGE_URL)$"
    r"|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|COOKIE|API_?KEY|PRIVATE_?KEY",
    re.IGNORECASE,
)


def for_kernel(environment: Mapping[str, str]) -> dict[str, str]:
    """Give `environment` without the hub's variables, the spool, and whatever is named like a secret.

    A kernel runs the student's code under the student's own user: this keeps a token out of easy reach and
    out of saved outputs. It is no wall; a server's token can only ever tell of its own user.
    """
    return {name: value for name, value in environment.items() if not _KEPT_BACK.search(name)}


def notebook_in(session_name: str | None, root: str) -> str | None:
    """Give the notebook that a kernel is started for, relative to the server's `root`.

    `session_name` is what Jupyter sets as `JPY_SESSION_NAME`: the notebook's path, with or without the root
    before it.
    """
    if not session_name or not session_name.endswith(".ipynb"):
        return None
    path = PurePosixPath(session_name)
    if not path.is_absolute():
        return str(path)
    return str(path.relative_to(root)) if path.is_relative_to(root) else None
