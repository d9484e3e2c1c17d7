"""What the usage store of a running lab holds, read beside the lab that writes it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from labrun import RunningLab
from maximalab_hub.privacy import pseudonyms_of
from maximalab_hub.secret_files import Secret, read_secret
from maximalab_hub.settings import load_settings

COLUMNS = "event_id, boot_id, seq, kind, at, source, notebook, cell_id, outcome"


@dataclass(frozen=True)
class Stored:
    """One event as the store keeps it."""

    event_id: str
    boot_id: str
    seq: int
    kind: str
    at: datetime
    source: str
    notebook: str | None
    cell_id: str | None
    outcome: str | None


def stored(lab: RunningLab, user: str | None = None, kind: str | None = None) -> list[Stored]:
    """Read the events of one person or of all, of one kind or of all, the oldest first."""
    asked = f"select {COLUMNS} from event where user = coalesce(?, user) and kind = coalesce(?, kind)"  # noqa: S608  COLUMNS is ours
    with closing(sqlite3.connect(f"file:{lab.state / 'usage.sqlite'}?mode=ro", uri=True)) as store:
        rows = store.execute(f"{asked} order by at, event_id", (user, kind)).fetchall()
    return [Stored(*row[:4], moment(row[4]), *row[5:]) for row in rows]


def moment(text: str) -> datetime:
    """Read a moment of the store or of a page; one without a zone is in UTC, as SQLite has none."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def gaps(events: list[Stored]) -> dict[str, list[int]]:
    """For each start of a sender whose numbers are not 0, 1, 2, … each once: which there are."""
    ordered = sorted(events, key=lambda one: (one.boot_id, one.seq))
    starts = {boot: [one.seq for one in found] for boot, found in groupby(ordered, lambda one: one.boot_id)}
    return {boot: numbers for boot, numbers in starts.items() if numbers != list(range(len(numbers)))}


def pseudonym(lab: RunningLab, user: str) -> str:
    """Say under which pseudonym the lab's study knows the person."""
    settings = load_settings(lab.state / "maximalab.toml")
    key = read_secret(lab.state / "secrets", Secret.PSEUDONYM_KEY)
    return pseudonyms_of(settings.study.id, key).of(user)
