"""An export begun: from settings, a study and a selection to the files and what their manifest will say."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from maximalab_spawner.tiers import Entrance

from maximalab_hub.export.formats import Format, TableName, files_of
from maximalab_hub.export.manifest import Circumstances
from maximalab_hub.export.source import Source, untracked
from maximalab_hub.export.xapi import Home
from maximalab_hub.store import research
from maximalab_hub.study import coverage, people_of, studied

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from maximalab_hub.export.formats import File
    from maximalab_hub.export.source import Track
    from maximalab_hub.settings import Settings
    from maximalab_hub.store.research import Selection
    from maximalab_hub.study import Study


def opened(  # noqa: PLR0913  what is exported, for which study, how
    connection: Connection,
    settings: Settings,
    study: Study,
    selection: Selection,
    *,
    form: Format,
    tables: Sequence[TableName],
    track: Track = untracked,
) -> tuple[Iterator[File], Circumstances]:
    """Give the files, to be read while the connection is open, and the circumstances."""
    zone, words = settings.lab.time_zone, settings.study
    source = Source(connection, study, selection, ZoneInfo(zone), track)
    kept = tuple(tables) if form in {Format.CSV, Format.PARQUET, Format.JSONL} else (TableName.EVENTS,)
    about = Circumstances(
        study=study,
        title=words.title.text("en"),
        lab=settings.lab.name.text("en"),
        selection=selection,
        coverage=coverage(connection, study, selection, source.counts),
        version=source.timetables.version,
        time_zone=zone,
        form=form,
        tables=kept,
        last_event=research.last_event(connection, studied(selection), people_of(connection, study)),
    )
    return files_of(form, kept, source, home_of(settings)), about


def home_of(settings: Settings) -> Home:
    """Say below which address xAPI's words of this lab live: the one that most people know it by."""
    doors = settings.entrances
    door = doors.get(Entrance.PUBLIC) or doors[Entrance.VPN]
    return Home(door.url, settings.study.id)
