"""Reads what the hub metered of servers, summed up by the database."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, cast, func, select

from maximalab_hub.costs import Metered, Use
from maximalab_hub.events import Kind, Source
from maximalab_hub.store.archive.reading import everywhere
from maximalab_hub.store.models import EventRow

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from maximalab_hub.store.research import Selection


def metered(connection: Connection, selection: Selection) -> list[Metered]:
    """Sum up the shares that began in the period (and of the course, where one is chosen), by person and server.

    A share (`maximalab_spawner.metering`) belongs to the moment at which it began, whole.
    """
    by = (EventRow.user, EventRow.server, EventRow.course)
    sums = (func.sum(_told("cpu_ms")), func.sum(_told("memory_mib_s")), func.sum(EventRow.duration_ms))
    statement = select(*by, *sums).where(
        EventRow.kind == Kind.SERVER_USE.value, EventRow.source == Source.HUB.value
    )
    if selection.since is not None:
        statement = statement.where(EventRow.at >= selection.since)
    if selection.until is not None:
        statement = statement.where(EventRow.at < selection.until)
    if selection.course is not None:
        statement = statement.where(EventRow.course == selection.course)
    found: dict[tuple[str, str, str | None], list[int]] = defaultdict(lambda: [0, 0, 0])
    for user, server, course, *shares in everywhere(
        connection, statement.group_by(*by), selection.since, selection.until
    ):
        sums_so_far = found[user, server or "", course]
        for place, share in enumerate(shares):
            sums_so_far[place] += int(share or 0)
    return [
        Metered(user, server, course, Use(*found[user, server, course]))
        for user, server, course in sorted(found, key=lambda one: (one[0], one[1], one[2] or ""))
    ]


def _told(name: str) -> ColumnElement[int]:
    return cast(EventRow.detail[name].as_string(), BigInteger)
