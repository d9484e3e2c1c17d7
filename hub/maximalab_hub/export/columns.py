"""What an export's tables are made of: columns, each described where it is defined, and the table of events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from maximalab_spawner.tiers import Entrance, Tier

from maximalab_hub.events import Kind, Outcome, Source
from maximalab_hub.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Value = str | int | datetime | None
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Observation:
    """One event as a study sees it: under a pseudonym, with its setting."""

    event_id: str
    person: str
    kind: str
    at: datetime
    received_at: datetime
    setting: str
    source: str
    course: str | None = None
    material: str | None = None
    notebook: str | None = None
    cell_id: str | None = None
    kernel: str | None = None
    duration_ms: int | None = None
    outcome: str | None = None
    error_name: str | None = None
    tier: str | None = None
    entrance: str | None = None


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column of a table whose rows are of the type `Row`."""

    name: str
    type: Literal["text", "integer", "time"]
    value: Callable[[Row], Value]
    about: str
    levels: tuple[str, ...] = ()
    unit: str | None = None
    witness: str = "hub"
    """Who says so: the `hub` (and its service), or the `sender` of the event."""


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """One table of an export."""

    name: str
    about: str
    columns: tuple[Column[Row], ...]


COLUMNS: tuple[Column[Observation], ...] = (
    Column("at", "time", lambda o: o.at, "When it happened; for a run, its start.", witness="sender"),
    Column("event_id", "text", lambda o: o.event_id, "The event's id within this study."),
    Column("person", "text", lambda o: o.person, "The person's pseudonym within this study."),
    Column("kind", "text", lambda o: o.kind, "What happened.", levels=tuple(Kind), witness="sender"),
    Column(
        "setting",
        "text",
        lambda o: o.setting,
        "Whether the person's lesson of this course was in force; unknown where the timetable is silent.",
        levels=tuple(Setting),
    ),
    Column("course", "text", lambda o: o.course, "The course of the material."),
    Column("material", "text", lambda o: o.material, "The material, by its id in the catalogue."),
    Column(
        "notebook",
        "text",
        lambda o: o.notebook,
        "The notebook's path; the person's account name in it is replaced by the pseudonym.",
        witness="sender",
    ),
    Column("cell_id", "text", lambda o: o.cell_id, "The cell's id within the notebook.", witness="sender"),
    Column("kernel", "text", lambda o: o.kernel, "The kernel's name.", witness="sender"),
    Column(
        "duration_ms",
        "integer",
        lambda o: o.duration_ms,
        "How long it lasted.",
        unit="millisecond",
        witness="sender",
    ),
    Column(
        "outcome",
        "text",
        lambda o: o.outcome,
        "How a run ended; aborted: queued behind a failed cell and never run.",
        levels=tuple(Outcome),
        witness="sender",
    ),
    Column("error_name", "text", lambda o: o.error_name, "The name of a run's error.", witness="sender"),
    Column("tier", "text", lambda o: o.tier, "Where the person's server ran.", levels=tuple(Tier)),
    Column(
        "entrance",
        "text",
        lambda o: o.entrance,
        "Through which entrance the server was opened.",
        levels=tuple(Entrance),
    ),
    Column(
        "source",
        "text",
        lambda o: o.source,
        "Who reported the event, and so how far to trust it.",
        levels=tuple(Source),
    ),
    Column("received_at", "time", lambda o: o.received_at, "When the usage service received it."),
)

EVENTS = Table("events", "One line an event, ordered by time and event.", COLUMNS)


def moment(at: datetime) -> str:
    """Write a moment in the one form that exports use: UTC, six digits after the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def codebook(tables: Iterable[Table[Any]]) -> dict[str, object]:
    """Describe every column of these tables, for those who read an export years later."""
    return {
        "tables": [
            {"name": table.name, "description": table.about, "fields": [_field(one) for one in table.columns]}
            for table in tables
        ],
        "missing": "an empty field in CSV, null elsewhere",
        "text_rule": "In CSV a text that is empty, or begins (after white space) with one of = + - @ TAB CR LF or"
        " an apostrophe, has one apostrophe put before it, so that no spreadsheet takes it for a formula."
        " To read: take away one leading apostrophe from text columns;"
        " maximalab_hub.export.csv.read_csv does so. No other format needs it, and none has it.",
        "time_rule": "UTC, YYYY-MM-DDTHH:MM:SS.ffffffZ; a timestamp in microseconds with the zone UTC in Parquet",
    }


def _field(column: Column[Any]) -> dict[str, object]:
    return {
        "name": column.name,
        "type": column.type,
        "description": column.about,
        "levels": list(column.levels) or None,
        "unit": column.unit,
        "said_by": column.witness,
    }
