"""How a text in both languages is written, and what a person reads while a server starts."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from maximalab_spawner.materials import Title
from maximalab_spawner.seen import Why

if TYPE_CHECKING:
    from collections.abc import Mapping

STARTING = Title(uk="Готуємо ваше місце…", en="Preparing your place…")
LAUNCHED = Title(uk="Сервер запускається…", en="The server is starting…")
ANSWERING = Title(uk="Ще мить: сервер відповідає…", en="One moment: the server is answering…")


#: Of a server that was given up, as nothing was heard of it for too long.
SILENT = "silent"
ENDED: Mapping[str, Title] = {
    Why.MEMORY: Title(
        uk="Сервер використав усю дозволену пам’ять і через це зупинився.",
        en="The server used up all the memory that it may have, and ended.",
    ),
    Why.ENGINE_RESTARTED: Title(
        uk="Комп’ютер, на якому працював сервер, було перезапущено.",
        en="The computer on which the server ran was restarted.",
    ),
    Why.NODE_AWAY: Title(
        uk="Комп’ютер, на якому працював сервер, був без зв’язку або його було перезапущено.",
        en="The computer on which the server ran was cut off or restarted.",
    ),
    Why.NODE_DRAINED: Title(
        uk="Комп’ютер, на якому працював сервер, узято на обслуговування.",
        en="The computer on which the server ran has been taken out of service for a while.",
    ),
    SILENT: Title(
        uk="Від комп’ютера, на якому працював сервер, давно немає звісток.",
        en="Nothing has been heard for long of the computer on which the server ran.",
    ),
}
"""Why a server ended by itself."""


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
