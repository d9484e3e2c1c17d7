"""ProgSnap2 1.0: a main table of events, a link table for what the main table has no column for, metadata.

The format asks for these columns in each row: EventType, EventID, SubjectID, ToolInstances, CodeStateID; for
SessionID in starts and ends of sessions and nowhere else; for CodeStateSection where a file is opened or saved; for
ExecutionResult where a program runs. An empty field is a value that is not there.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from maximalab_hub.events import Kind, Outcome, Source
from maximalab_hub.export.columns import moment
from maximalab_hub.export.csv import guarded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from maximalab_hub.export.columns import Observation
    from maximalab_hub.export.source import PersonTold
    from maximalab_hub.export.work import WorkSession

MAIN: Final = (
    "EventType",
    "EventID",
    "SubjectID",
    "ToolInstances",
    "CodeStateID",
    "Order",
    "ServerTimestamp",
    "ClientTimestamp",
    "CourseID",
    "AssignmentID",
    "SessionID",
    "CodeStateSection",
    "ExecutionResult",
)
LINK: Final = (
    "EventID",
    "Setting",
    "Source",
    "Tier",
    "Entrance",
    "CodeStateSection",
    "CellID",
    "DurationMs",
    "Outcome",
    "ErrorName",
)
METADATA: Final = (
    ("Property", "Value"),
    ("Version", "1.0"),
    ("IsEventOrderingConsistent", "false"),
    ("EventOrderScope", "Restricted"),
    ("EventOrderScopeColumns", "SubjectID"),
    ("CodeStateRepresentation", "Directory"),
    ("ProgramInputLinkTable", ""),
)
RESULTS: Final[Mapping[str, str]] = {
    Outcome.OK: "Success",
    Outcome.ERROR: "Error",
    Outcome.INTERRUPTED: "Timeout",
    Outcome.DEAD: "Error",
}
"""The format's word for how a run ended; runs without one (never run, or unknown) are left out."""
FILES: Final[Mapping[str, str]] = {Kind.NOTEBOOK_OPEN: "File.Open", Kind.NOTEBOOK_SAVE: "File.Save"}
TOOL: Final = "MaximaLab"
README: Final = """# Usage data in ProgSnap2 1.0

Students' work with notebooks, of those who agreed to the study, under its pseudonyms (SubjectID).

- `MainTable.csv`: sessions (derived: a silence longer than the manifest's session gap ends one), notebooks opened and
  saved, runs of cells. `Order` orders the events of one subject.
- `LinkTables/LinkEvent.csv`: by EventID, whether the person was in class, who reported the event, how long a run took
  and how it ended, in our words.
- These files hold no code: `CodeStateID` is always empty, and there is no folder of code states.
- `ExecutionResult`: Timeout means that the person interrupted the run; a kernel that died counts as Error. Cells that
  were queued behind a failed one and never ran, and runs whose end nobody saw, are left out, and so are sign-ins and
  starts and stops of servers and kernels: the other formats have them.
- A saved notebook may have been saved by the person or by the program.
- In text columns one apostrophe stands before a text that a spreadsheet would take for a formula: take it away.

`manifest.json` says which events, by which rules, with which hashes; `codebook.json` describes the fields; cite as
`CITATION.cff` says.
"""
_ROWS_AT_ONCE: Final = 500


def main_rows(people: Iterable[PersonTold]) -> Iterator[dict[str, str]]:
    """Give the rows of the main table, ordered by subject and order."""
    for one in people:
        for order, row in enumerate(_in_order(one), start=1):
            yield row | {"SubjectID": one.person, "CodeStateID": "", "Order": str(order)}


def link_rows(people: Iterable[PersonTold]) -> Iterator[dict[str, str]]:
    """Give the rows of the link table, for the main table's events that are no start or end of a session."""
    for one in people:
        yield from (_link(event) for event in one.observations if _type(event))


def write_rows(rows: Iterable[Mapping[str, str]], columns: tuple[str, ...]) -> Iterator[bytes]:
    """Write rows as CSV, some hundred lines at a time; columns that a row does not have are empty."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    for place, row in enumerate(rows, start=1):
        writer.writerow(row)
        if place % _ROWS_AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def metadata() -> bytes:
    """Write the table of metadata."""
    return "".join(f"{name},{value}\r\n" for name, value in METADATA).encode()


def _in_order(one: PersonTold) -> Iterator[dict[str, str]]:
    """Give events with the starts and ends of sessions around them."""
    following = iter(one.sessions)
    upcoming, current = next(following, None), None
    for event in one.observations:
        if current is not None and event.at > current.ends_at:
            yield _border("End", current)
            current = None
        if current is None and upcoming is not None and upcoming.starts_at <= event.at:
            current, upcoming = upcoming, next(following, None)
            yield _border("Start", current)
        if row := _event(event):
            yield row
    if current is not None:
        yield _border("End", current)


def _border(which: str, session: WorkSession) -> dict[str, str]:
    at = session.starts_at if which == "Start" else session.ends_at
    return {
        "EventType": f"Session.{which}",
        "EventID": f"{session.session_id}-{which.lower()}",
        "ToolInstances": TOOL,
        "ServerTimestamp": moment(at),
        "SessionID": session.session_id,
    }


def _event(event: Observation) -> dict[str, str] | None:
    kind = _type(event)
    if kind is None:
        return None
    clock = "ClientTimestamp" if event.source == Source.CLIENT else "ServerTimestamp"
    row = {
        "EventType": kind,
        "EventID": event.event_id,
        "ToolInstances": f"{TOOL};{_text(event.kernel)}" if event.kernel else TOOL,
        clock: moment(event.at),
        "CourseID": _text(event.course),
        "AssignmentID": _text(event.material),
    }
    if kind == "Run.Program":
        return row | {"ExecutionResult": RESULTS[event.outcome or ""]}
    return row | {"CodeStateSection": _text(event.notebook)}


def _type(event: Observation) -> str | None:
    """Give the format's word for an event; `None` for one that it has no word for."""
    if event.kind == Kind.RUN:
        return "Run.Program" if event.outcome in RESULTS else None
    return FILES.get(event.kind) if event.notebook else None


def _link(event: Observation) -> dict[str, str]:
    return {
        "EventID": event.event_id,
        "Setting": event.setting,
        "Source": event.source,
        "Tier": _text(event.tier),
        "Entrance": _text(event.entrance),
        "CodeStateSection": _text(event.notebook),
        "CellID": _text(event.cell_id),
        "DurationMs": "" if event.duration_ms is None else str(event.duration_ms),
        "Outcome": _text(event.outcome),
        "ErrorName": _text(event.error_name),
    }


def _text(value: str | None) -> str:
    return guarded(value) if value else ""


def _taken(buffer: io.StringIO) -> bytes:
    content = buffer.getvalue().encode("utf-8")
    buffer.seek(0)
    buffer.truncate()
    return content
