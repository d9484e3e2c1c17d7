"""Puts a material into a student's own space and opens it."""

from __future__ import annotations


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "maximalab_materials.extension"}]
