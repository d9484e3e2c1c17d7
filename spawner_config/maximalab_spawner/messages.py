"""How a text in both languages is written, and what a person reads while a server starts."""

from __future__ import annotations

from html import escape
from typing import Any

from maximalab_spawner.materials import Title

STARTING = Title(uk="Готуємо ваше місце…", en="Preparing your place…")
LAUNCHED = Title(uk="Сервер запускається…", en="The server is starting…")
ANSWERING = Title(uk="Ще мить: сервер відповідає…", en="One moment: the server is answering…")


def waiting(position: int, seconds: float | None) -> Title:
    """Say the place in the queue for a seat, from 1, and the wait that is to be expected."""
    place = Title(
        uk=f"Усі ліцензії зайняті. Ви {position}-й у черзі",
        en=f"All licences are in use. You are number {position} in the queue",
    )
    if seconds is None:
        return Title(uk=f"{place.uk}…", en=f"{place.en}…")
    minutes = max(1, round(seconds / 60))
    return Title(uk=f"{place.uk}: приблизно {minutes} хв…", en=f"{place.en}: about {minutes} min…")


def both_plain(title: Title) -> str:
    """Write both languages one after the other."""
    return f"{title.uk} / {title.en}"


def both_html(title: Title) -> str:
    """Write both languages as HTML, each marked as such, so that a page can show the reader's own."""
    return f'<span lang="uk">{escape(title.uk)}</span> <span lang="en">{escape(title.en)}</span>'


def step(percent: int, text: Title) -> dict[str, Any]:
    """Make a step of the progress that JupyterHub shows while a server starts; `percent` from 0 to 100."""
    return {
        "progress": percent,
        "message": both_plain(text),
        "html_message": both_html(text),
    }
