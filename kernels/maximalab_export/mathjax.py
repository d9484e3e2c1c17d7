"""The MathJax that the extension of JupyterLab brings for exports: one script that needs no network."""

from __future__ import annotations

from pathlib import Path

from jupyter_core.paths import jupyter_path

PLACE = ("labextensions", "maximalab", "static", "mathjax.js")
ELSEWHERE = "https://cdn.jsdelivr.net/npm/mathjax@3.2.2/es5/tex-svg-full.js"
"""Where a page finds the same script when the extension is not installed."""


def script() -> str:
    """The script's text; empty where the extension is not installed."""
    found = next((path for path in map(Path, jupyter_path(*PLACE)) if path.is_file()), None)
    return found.read_text(encoding="utf-8") if found else ""
