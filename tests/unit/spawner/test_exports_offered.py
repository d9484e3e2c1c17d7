"""What a student's server offers to export a notebook as can be had there."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_core.application import JupyterApp
from maximalab_spawner.serverenv import arguments
from nbconvert.exporters.base import get_export_names
from traitlets.config import Config

IMAGE = Path(__file__).parents[3] / "images" / "singleuser" / "server.json"
WITHOUT_OTHER_PROGRAMS = {
    "custom",
    "html",
    "markdown",
    "maxima_html",
    "maxima_pdf",
    "notebook",
    "python",
    "script",
    "slides",
}


def offered(*files: Path) -> set[str]:
    """What nbconvert offers in a server that has these files of settings and is started as spawners start it."""
    app = JupyterApp()
    for file in files:
        app.update_config(Config(json.loads(file.read_text())))
    app.parse_command_line(arguments(["maxima"], as_root=False))
    return set(get_export_names(app.config))


def test_no_export_is_offered_that_needs_what_is_not_there():
    assert offered() == WITHOUT_OTHER_PROGRAMS


def test_an_image_has_no_browser_that_prints():
    assert offered(IMAGE) == WITHOUT_OTHER_PROGRAMS - {"maxima_pdf"}
