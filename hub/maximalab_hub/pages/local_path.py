"""Where a page may send a browser on: paths of this very lab, and nowhere else."""

from __future__ import annotations

import re
from typing import Final

_LONGEST: Final = 2048
_LOCAL: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def local_path(wanted: str | None, *, otherwise: str) -> str:
    r"""Give `wanted` where it is a path on this host, else `otherwise`.

    Refused are other hosts (`//host`, `http://host`), what some browsers read as such (`/\host`, tabs and
    line breaks within), and whatever is longer than any address of ours.
    """
    if wanted and len(wanted) <= _LONGEST and _LOCAL.fullmatch(wanted):
        return wanted
    return otherwise
