"""How complete the events are, start by start of each sender, and how far to believe what a sender numbers.

Every sender numbers its events from 0 at each of its starts, so a missing number is a missing event. The number is
the sender's own word: a student's program can claim any. It is believed as far as a server can have come since the
hub saw it start; what goes beyond is shown as claimed, and not counted as missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from maximalab_hub.starts import STOP_LINGERS
from maximalab_hub.store import boots, queries
from maximalab_hub.store.models import ServerRow
from maximalab_hub.store.research import Selection
from maximalab_hub.store.startchoice import Choice
from maximalab_hub.store.startsums import Page, unended_after

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from maximalab_hub.store.boots import BootCount
    from maximalab_hub.store.startsums import Sum

MOST_AT_ONCE: Final = 5_000
MOST_A_SECOND: Final = 100
"""What one server can have to tell, at once and in the long run: the pace at which the service takes its events."""


ALL: Final = Selection()
NOTHING: Final = Page(0)


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of what senders numbered is here.

    Starts with an event in the chosen period are counted whole, whatever the course: numbers know none.
    """

    starts: int
    """Starts of senders."""
    starts_with_gaps: int
    received: int
    """Numbers of events that are here."""
    missing: int
    """Numbers that never came, of starts whose numbers can be believed."""
    starts_without_end: int = 0
    """Starts of servers that the hub saw stop, and that did not say so themselves: killed, or kept from telling.
    What such a start lost after its last event that is here leaves no gap."""
    removed: int = 0
    """Numbers of events that were here, and were erased or removed by retention."""
    starts_not_believed: int = 0
    """Starts whose sender claims more events than a server can have had; their claims are not counted as missing."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start of one sender, judged."""

    count: BootCount
    believed: bool
    without_end: bool = False
    """Whether the hub saw its server stop, and it did not say so itself."""

    @property
    def missing(self) -> int:
        """Numbers that never came, as far as the sender is believed."""
        return self.count.missing if self.believed else 0


@dataclass(frozen=True, slots=True)
class Overview:
    """Some starts, those among them that are shown, and how many could be."""

    shown: Sequence[Start]
    """Those that began last come first."""
    whole: Completeness
    listed: int
    """How many would be shown on a page without an end."""


def believable(numbered: int, began: datetime, last_received: datetime) -> bool:
    """Say whether a server that began at `began` can have numbered so many events until `last_received`."""
    seconds = max(0.0, (last_received - began).total_seconds())
    return numbered <= MOST_AT_ONCE + MOST_A_SECOND * seconds


def judged(connection: Connection, counts: Collection[BootCount]) -> list[Start]:
    """Judge each start by what the hub saw of its server; the hub itself is believed."""
    stops = queries.last_stops(connection, {one.user for one in counts})
    return [
        Start(one, not one.user or _believed(connection, one), not one.ended and _has_stopped(one, stops))
        for one in counts
    ]


def summed(starts: Collection[Start]) -> Completeness:
    """Count starts, gaps and events."""
    return Completeness(
        starts=len(starts),
        starts_with_gaps=sum(one.count.missing > 0 for one in starts),
        received=sum(one.count.stored for one in starts),
        missing=sum(one.missing for one in starts),
        starts_without_end=sum(one.without_end for one in starts),
        removed=sum(one.count.removed for one in starts),
        starts_not_believed=sum(not one.believed for one in starts),
    )


def completeness(connection: Connection, people: Collection[str], selection: Selection = ALL) -> Completeness:
    """Count the events that should be here and the gaps, of the hub's and these people's senders."""
    return overview(connection, Choice(selection.since, selection.until), {"", *people}).whole


def completeness_of_course(
    connection: Connection, people: Collection[str], selection: Selection
) -> Completeness:
    """Count the same of these people's senders' starts with an event of the selection's course, without the hub's.

    These are the starts that the page of completeness lists of a course; the whole lab has a hundred times as many.
    """
    courses = frozenset({selection.course} if selection.course else ())
    return overview(connection, Choice(selection.since, selection.until, courses), people).whole


def overview(
    connection: Connection, choice: Choice, users: Collection[str] | None = None, page: Page = NOTHING
) -> Overview:
    """Count the chosen starts of these senders, of all where none are named, and give those that `page` shows.

    `users` are account names, and the empty one for the hub. Few starts are looked at one by one; a course has ten
    thousand in a term, which the database sums.
    """
    sums, counts = boots.summed_counts(connection, choice, MOST_AT_ONCE)
    mine = [one for one in sums if users is None or one.user in users]
    few = judged(connection, [one for one in counts if users is None or one.user in users])
    whole = _with_sums(summed(few), mine, _without_end(connection, mine, choice))
    listed = [one for one in few if one.count.missing or not page.gaps]
    more = (
        boots.newest_summed(connection, choice, MOST_AT_ONCE, page._replace(users=users)) if page.most else []
    )
    shown = sorted(
        [*listed, *judged(connection, more)],
        key=lambda one: (one.count.boot_id, one.count.user, one.count.server or ""),
    )
    shown.sort(key=lambda one: one.count.first_at, reverse=True)
    others = sum(one.with_gaps if page.gaps else one.starts for one in mine)
    return Overview(shown[: page.most], whole, len(listed) + others)


def _with_sums(few: Completeness, sums: Collection[Sum], without_end: int) -> Completeness:
    return Completeness(
        starts=few.starts + sum(one.starts for one in sums),
        starts_with_gaps=few.starts_with_gaps + sum(one.with_gaps for one in sums),
        received=few.received + sum(one.stored for one in sums),
        missing=few.missing + sum(one.missing for one in sums),
        starts_without_end=few.starts_without_end + without_end,
        removed=few.removed,
        starts_not_believed=few.starts_not_believed,
    )


def _without_end(connection: Connection, sums: Collection[Sum], choice: Choice) -> int:
    """Count the starts whose servers the hub saw stop, and that did not say so themselves."""
    unended = [one for one in sums if one.user and one.last_unended is not None]
    stops = queries.last_stops(connection, {one.user for one in unended})
    limits = {
        (one.user, one.server): stop + STOP_LINGERS
        for one in unended
        if (stop := stops.get((one.user, one.server or ""))) is not None
    }
    stopped = [one for one in unended if one[:2] in limits]
    later = {
        one[:2] for one in stopped if one.last_unended is not None and one.last_unended > limits[one[:2]]
    }
    return sum(one.unended for one in stopped) - _gone_on(connection, later, limits, choice)


def _gone_on(
    connection: Connection,
    senders: Collection[tuple[str, str | None]],
    limits: Mapping[tuple[str, str | None], datetime],
    choice: Choice,
) -> int:
    """Count the starts of these senders that told of something after the hub saw their server stop."""
    if not senders:
        return 0
    after = min(limits[one] for one in senders)
    starts = unended_after(connection, choice, MOST_AT_ONCE, after)
    return sum((user, server) in senders and last > limits[user, server] for user, server, last in starts)


def _has_stopped(one: BootCount, stops: Mapping[tuple[str, str], datetime]) -> bool:
    """Say whether the hub saw the server of this start stop, at or after the last event that came of it."""
    stop = stops.get((one.user, one.server or ""))
    return stop is not None and one.last_at <= stop + STOP_LINGERS


def _believed(connection: Connection, one: BootCount) -> bool:
    if one.missing <= MOST_AT_ONCE:
        return True  # the usual case, which needs no further question
    began = _hub_saw_it_start(connection, one)
    # Its own word for when it began counts no further back than the hub saw it start, or than anything of it came.
    return believable(one.numbered, max(one.first_at, began or one.first_received), one.last_received)


def _hub_saw_it_start(connection: Connection, one: BootCount) -> datetime | None:
    mine = (ServerRow.user == one.user, ServerRow.server == one.server, ServerRow.running)
    newest = select(func.max(ServerRow.moment)).where(*mine, ServerRow.moment <= one.first_received)
    return connection.execute(newest).scalar_one_or_none()
