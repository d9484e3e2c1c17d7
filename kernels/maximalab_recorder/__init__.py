"""Records what happens in a student's server and delivers it to the usage service.

`spool`, `events` and `delivery` need nothing but the standard library: the hub uses them as well.
"""

from __future__ import annotations


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "maximalab_recorder.extension"}]
