"""Reads what the hub metered of servers, summed up by the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, cast, func, select

from maximalab_hub.costs import Gap, Metered, Unmetered, Use
from maximalab_hub.events import Kind, Source
from maximalab_hub.store.archive.reading import everywhere
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.research import conditions

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from maximalab_hub.store.research import Selection


def metered(connection: Connection, selection: Selection) -> list[Metered]:
    """Sum up the shares that began in the period (and of the course, where one is chosen), by person and server.

    A share (`maximalab_spawner.metering`) belongs to the moment at which it began, whole.
    """
    by = (EventRow.user, EventRow.server, EventRow.course)
    sums = (func.sum(_told("cpu_ms")), func.sum(_told("memory_mib_s")), func.sum(EventRow.duration_ms))
    statement = select(*by, *sums).where(*_by_the_hub(Kind.SERVER_USE, selection))
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


def unmetered(connection: Connection, selection: Selection) -> list[Unmetered]:
    """Give the backends at which servers started in the period, with no share told of any: their use is not known.

    Servers of the example class never ran.
    """
    where = (EventRow.backend, EventRow.tier, EventRow.user)
    happened = (*_by_the_hub(Kind.SERVER_START, selection), EventRow.detail["example"].as_string().is_(None))
    counted = select(*where, func.count()).where(*happened).group_by(*where)
    shares = (
        select(EventRow.backend, EventRow.tier).where(*_by_the_hub(Kind.SERVER_USE, selection)).distinct()
    )
    period = (selection.since, selection.until)
    known = {(backend, tier) for backend, tier in everywhere(connection, shares, *period)}
    starts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for backend, tier, user, count in everywhere(connection, counted, *period):
        if (backend, tier) not in known:
            starts[backend or "", tier or ""][user] += count
    return [Unmetered(*place, sum(people.values()), len(people)) for place, people in sorted(starts.items())]


def gaps(connection: Connection, selection: Selection) -> list[Gap]:
    """Sum up by place what servers that ended in the period ran without figures, longer than usual."""
    where = (EventRow.backend, EventRow.tier, EventRow.user)
    statement = select(*where, func.count(), func.sum(_told("unmetered_ms"))).where(
        *_by_the_hub(Kind.SERVER_STOP, selection), EventRow.detail["unmetered_ms"].as_string().is_not(None)
    )
    found: dict[tuple[str, str], list[tuple[str, int, int]]] = defaultdict(list)
    for backend, tier, user, count, ms in everywhere(
        connection, statement.group_by(*where), selection.since, selection.until
    ):
        found[backend or "", tier or ""].append((user, count, int(ms)))
    return [
        Gap(*place, sum(one[1] for one in rows), len({one[0] for one in rows}), sum(one[2] for one in rows))
        for place, rows in sorted(found.items())
    ]


def _by_the_hub(kind: Kind, selection: Selection) -> list[ColumnElement[bool]]:
    """Say in SQL what the hub told of this kind in the selection's period and course; its kinds play no part."""
    chosen = conditions(replace(selection, kinds=(kind.value,)))
    return [*chosen, EventRow.source == Source.HUB.value]


def _told(name: str) -> ColumnElement[int]:
    return cast(EventRow.detail[name].as_string(), BigInteger)
