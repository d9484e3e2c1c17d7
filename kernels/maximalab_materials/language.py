"""JupyterLab's display language follows the language of the opening, until the student chooses one."""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_core.paths import jupyter_config_dir

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

SETTING = Path("@jupyterlab", "translation-extension", "plugin.jupyterlab-settings")
_LOCALES = {"uk": "uk_UA", "en": "en"}
_TEXT = """{{
    // Set when a material was opened. To choose another: Settings > Language
    "locale": "{}"
}}
"""
_OURS = frozenset(_TEXT.format(locale) for locale in _LOCALES.values())


def text_for(language: str, present: str | None, packs: frozenset[str]) -> str | None:
    """Give the text for JupyterLab's language setting, None where it stays as it is.

    `present` is the setting's text now; anything but what we have written is the student's own choice.
    `packs` are the installed language packs: without the pack there is nothing to choose.
    """
    locale = _LOCALES[language]
    if present is not None and present not in _OURS:
        return None
    if locale != "en" and locale not in packs:
        return None
    if locale == "en" and present is None:
        return None  # JupyterLab's own default
    text = _TEXT.format(locale)
    return None if text == present else text


def set_language(folder: Path, language: str) -> None:
    """Write JupyterLab's language setting below `folder` of user settings. Raises `OSError`."""
    file = folder / SETTING
    present = file.read_text(encoding="utf-8", errors="replace") if file.exists() else None
    packs = frozenset(point.name for point in entry_points(group="jupyterlab.languagepack"))
    text = text_for(language, present, packs)
    if text is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    half_made = file.with_name(f"{file.name}.{os.getpid()}")
    half_made.write_text(text, encoding="utf-8")
    half_made.replace(file)


def settings_folder(app: ServerApp) -> Path:
    """Find where this server's JupyterLab keeps its user settings."""
    for lab in app.extension_manager.extension_apps.get("jupyterlab", ()):
        return Path(str(getattr(lab, "user_settings_dir", _usual_folder())))
    return _usual_folder()


def _usual_folder() -> Path:
    return Path(
        os.environ.get("JUPYTERLAB_SETTINGS_DIR") or Path(jupyter_config_dir(), "lab", "user-settings")
    )
