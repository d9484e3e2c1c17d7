"""The code of cells in what is posted: kept of who takes part in a study that asks for it, at that moment, else not.

`code_rows` is pure; `CodeDesk` asks the store as little as can be: a lab in which no study asks for code is asked
once in a while, and not at each post.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from maximalab_hub.events import Kind, Refusal, Source
from maximalab_hub.settings_sections import Bilingual
from maximalab_hub.store.cellcode import CellCodeValues, any_asks, studies_with_code

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from maximalab_hub.events import WireEvent
    from maximalab_hub.store.fixed import Driver
    from maximalab_hub.store.queries import EventValues

LOOK_AGAIN: Final = timedelta(seconds=10)
"""How long it may take until a study that begins to ask for code is noticed; that one asks no more counts at once."""

AGREED_TOO: Final = Bilingual(
    uk="Крім того, я погоджуюся, щоб зберігався код комірок, які я запускаю в лабораторії (до 20 000 знаків кожної);"
    " результати не зберігаються. Код є вільним текстом: що я в ньому напишу, те дослідники зможуть прочитати. Коли я"
    " відкличу згоду, увесь мій код буде видалено одразу.",
    en="I also agree that the code of the cells that I run in the lab is kept (up to 20,000 characters of each);"
    " results are not. Code is free text: whatever I write in it, researchers can read. When I withdraw, all of my code"
    " is deleted at once.",
)
"""What a person agrees to beside the researcher's text, where the study asks for code."""


class CodeDesk:
    """Says for which studies a sender's code may be kept now. Safe for several threads."""

    def __init__(self) -> None:
        self._nobody_asks_until: datetime | None = None

    def studies_of(
        self, driver: Driver, source: Source, user: str, now: datetime, *, brings_code: bool = False
    ) -> tuple[str, ...]:
        """Name the studies, as the store has them in this transaction.

        Only servers of the lab are asked: what a person runs at home is nobody's business.
        """
        if source is not Source.SERVER or (not brings_code and not self._somebody_asks(driver, now)):
            return ()
        return studies_with_code(driver, user)

    def _somebody_asks(self, driver: Driver, now: datetime) -> bool:
        until = self._nobody_asks_until
        if until is not None and until - LOOK_AGAIN <= now < until:
            return False
        asks = any_asks(driver)
        self._nobody_asks_until = None if asks else now + LOOK_AGAIN
        return asks


def brings_code(events: Sequence[WireEvent | Refusal]) -> bool:
    """Say whether any event of a post carries code."""
    return any(not isinstance(one, Refusal) and one.code is not None for one in events)


def code_rows(
    events: Sequence[WireEvent | Refusal],
    rows: Sequence[EventValues | Refusal],
    new: Collection[str],
    studies: Sequence[str],
) -> list[CellCodeValues]:
    """Make the rows of a post's code for these studies: of runs alone, and of those that are stored just now.

    So nobody can put code to an event that is there already, be it another person's.
    """
    first: dict[str, tuple[WireEvent, EventValues]] = {}
    for event, row in zip(events, rows, strict=True):
        if not isinstance(event, Refusal) and not isinstance(row, Refusal):
            first.setdefault(event.event_id, (event, row))
    return [
        _row(event.code.text, event.code.cut, row, study)
        for event_id, (event, row) in first.items()
        if event.code is not None and event.kind is Kind.RUN and event_id in new
        for study in studies
    ]


def _row(text: str, cut: bool, row: EventValues, study: str) -> CellCodeValues:  # noqa: FBT001  a column's value
    return {
        "event_id": row["event_id"],
        "study": study,
        "user": row["user"],
        "course": row["course"],
        "at": row["at"],
        "text": text,
        "cut": cut,
    }
