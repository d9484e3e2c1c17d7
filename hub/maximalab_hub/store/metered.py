"""Reads what the hub metered of servers, summed up by the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, cast, func, select

from maximalab_hub.costs import Metered, Use
from maximalab_hub.events import Kind, Source
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
    # The two databases sort what is missing to different ends.
    order = (EventRow.user, EventRow.server, func.coalesce(EventRow.course, ""))
    return [
        Metered(user, server or "", course, Use(int(cpu or 0), int(memory or 0), int(ms or 0)))
        for user, server, course, cpu, memory, ms in connection.execute(
            statement.group_by(*by).order_by(*order)
        )
    ]


def _told(name: str) -> ColumnElement[int]:
    return cast(EventRow.detail[name].as_string(), BigInteger)
