"""xAPI 1.0.3: one statement an event, as JSON Lines, for any learning record store.

Verbs are those that others use where there are any. Addresses of our own lie below the lab's public address, so
that two labs never mean the same by accident.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from maximalab_hub.events import Kind, Outcome
from maximalab_hub.export.columns import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from maximalab_hub.export.columns import Observation
    from maximalab_hub.export.source import PersonTold

VERSION: Final = "1.0.3"
_ADL: Final = "http://adlnet.gov/expapi/verbs/"
_STREAMS: Final = "http://activitystrea.ms/schema/1.0/"

VERBS: Final[Mapping[str, tuple[str, str, str]]] = {
    Kind.LOGIN: ("https://w3id.org/xapi/adl/verbs/logged-in", "signed in", "увійшов або увійшла"),
    Kind.SERVER_START: (f"{_ADL}initialized", "started a server", "запустив або запустила сервер"),
    Kind.SERVER_STOP: (f"{_ADL}terminated", "stopped a server", "зупинив або зупинила сервер"),
    Kind.SPAWN_REFUSED: ("refused", "was refused", "отримав або отримала відмову"),
    Kind.KERNEL_START: ("kernel-started", "had a kernel started", "запустив або запустила ядро"),
    Kind.KERNEL_RESTART: ("kernel-restarted", "restarted a kernel", "перезапустив або перезапустила ядро"),
    Kind.KERNEL_DEAD: ("kernel-died", "lost a kernel", "втратив або втратила ядро"),
    Kind.NOTEBOOK_OPEN: (f"{_STREAMS}open", "opened", "відкрив або відкрила"),
    Kind.NOTEBOOK_SAVE: (f"{_STREAMS}save", "saved", "зберіг або зберегла"),
    Kind.RUN: (f"{_ADL}attempted", "ran", "запустив або запустила"),
}
"""By the kind of event: the verb's address (or its name below the lab's), and how it is shown."""
_SUCCEEDED: Final[Mapping[str, bool]] = {Outcome.OK: True, Outcome.ERROR: False, Outcome.DEAD: False}
_COMPLETED: Final = frozenset({Outcome.OK, Outcome.ERROR})


@dataclass(frozen=True, slots=True)
class Home:
    """Below which address this lab's own words live, and which study speaks."""

    url: str
    study: str

    def of(self, *path: str) -> str:
        """Give an address of ours."""
        return _address(self.url, path)


# A few words of ours, and the notebooks that many open, stand in every statement.
@lru_cache(maxsize=4096)
def _address(url: str, path: tuple[str, ...]) -> str:
    return "/".join([url.rstrip("/"), "xapi", *(quote(part, safe="") for part in path)])


def statements(people: Iterable[PersonTold], home: Home) -> Iterator[dict[str, Any]]:
    """Give the statements, ordered by person and time."""
    for one in people:
        starts = [session.starts_at for session in one.sessions]
        for event in one.observations:
            place = bisect_right(starts, event.at) - 1
            last = one.sessions[place] if place >= 0 else None
            inside = last is not None and event.at <= last.ends_at
            yield statement(event, home, last.session_id if last and inside else None)


def statement(event: Observation, home: Home, session: str | None = None) -> dict[str, Any]:
    """Say one event as a statement; `session` is the id of the session that it lies in."""
    made: dict[str, Any] = {
        "id": event.event_id,
        "version": VERSION,
        "timestamp": moment(event.at),
        "actor": {
            "objectType": "Agent",
            "account": {"homePage": home.of("pseudonyms", home.study), "name": event.person},
        },
        "verb": _verb(event.kind, home),
        "object": _activity(event, home),
        "context": _context(event, home, session),
    }
    if event.kind == Kind.RUN:
        made["result"] = _result(event, home)
    return made


def duration(milliseconds: int) -> str:
    """Write a length of time after ISO 8601."""
    return f"PT{milliseconds // 1000}.{milliseconds % 1000:03}S"


def _verb(kind: str, home: Home) -> dict[str, Any]:
    address, en, uk = VERBS[kind]
    own = "://" not in address
    return {"id": home.of("verbs", address) if own else address, "display": {"en": en, "uk": uk}}


def _activity(event: Observation, home: Home) -> dict[str, Any]:
    match event.kind:
        case Kind.RUN:
            return _cell(event, home)
        case Kind.NOTEBOOK_OPEN | Kind.NOTEBOOK_SAVE if event.notebook:
            return _made(home, "notebook", _notebook(event, home), event.notebook)
        case _:
            name = event.material or event.tier or "lab"
            return _made(home, "application", home.of("applications", name), name)


def _cell(event: Observation, home: Home) -> dict[str, Any]:
    address = f"{_notebook(event, home)}/{quote(event.cell_id or 'unknown', safe='')}"
    return _made(home, "cell", address, event.cell_id or event.notebook or "unknown")


def _notebook(event: Observation, home: Home) -> str:
    return home.of("notebooks", event.material or "unknown", event.notebook or "unknown")


def _made(home: Home, kind: str, address: str, name: str) -> dict[str, Any]:
    definition = {"type": home.of("activities", kind), "name": {"und": name}}
    return {"objectType": "Activity", "id": address, "definition": definition}


def _result(event: Observation, home: Home) -> dict[str, Any]:
    made: dict[str, Any] = {"completion": event.outcome in _COMPLETED}
    success = _SUCCEEDED.get(event.outcome or "")
    if success is not None:
        made["success"] = success
    if event.duration_ms is not None:
        made["duration"] = duration(event.duration_ms)
    said = {"outcome": event.outcome, "error-name": event.error_name}
    if extensions := _extensions(said, home):
        made["extensions"] = extensions
    return made


def _context(event: Observation, home: Home, session: str | None) -> dict[str, Any]:
    said = {
        "setting": event.setting,
        "source": event.source,
        "tier": event.tier,
        "entrance": event.entrance,
        "received-at": moment(event.received_at),
    }
    made: dict[str, Any] = {"extensions": _extensions(said, home)}
    if session is not None:
        made["registration"] = session
    if event.kernel:
        made["platform"] = event.kernel
    around = {
        "grouping": [_around(home, "courses", event.course)] if event.course else None,
        "parent": [_around(home, "materials", event.material)] if event.material else None,
    }
    if present := {name: value for name, value in around.items() if value}:
        made["contextActivities"] = present
    return made


def _around(home: Home, kind: str, name: str) -> dict[str, str]:
    return {"objectType": "Activity", "id": home.of(kind, name)}


def _extensions(said: Mapping[str, str | None], home: Home) -> dict[str, str]:
    return {home.of("extensions", name): value for name, value in said.items() if value is not None}
