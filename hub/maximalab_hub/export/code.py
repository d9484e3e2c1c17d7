"""The code of cells in an export: a table of its own, of a study that asks for code and of those who agree. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from maximalab_hub.events import Kind
from maximalab_hub.export.columns import Column, Table

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from maximalab_hub.privacy import Pseudonyms
    from maximalab_hub.store.research import Selection

CODE_WARNING: Final = (
    "the table code holds free text that people wrote: their account names are replaced by the pseudonym, yet a text"
    " may identify its writer or others all the same. Keep it as personal data, pass it on to nobody, and publish none"
    " of it unread."
)


@dataclass(frozen=True, slots=True)
class ToldCode:
    """The code of one run as its study sees it."""

    event_id: str
    person: str
    at: datetime
    text: str
    cut: bool


CODE: Final[Table[ToldCode]] = Table(
    "code",
    "One line a run whose code is kept, ordered by person and time. Personal data: may name, for people write what they"
    " like; only of those who agree that code is kept, and only from then on.",
    (
        Column("event_id", "text", lambda c: c.event_id, "The run's id within this study, as in events."),
        Column("person", "text", lambda c: c.person, "The person's pseudonym within this study."),
        Column("at", "time", lambda c: c.at, "When the run began.", witness="sender"),
        Column(
            "text",
            "text",
            lambda c: c.text,
            "The code of the cell as it was run; the person's account name in it is replaced by the pseudonym."
            " Free text may identify people.",
            witness="sender",
        ),
        Column(
            "cut",
            "integer",
            lambda c: int(c.cut),
            "1 where the code was longer than 20,000 characters and its end is left out, else 0.",
            witness="sender",
        ),
    ),
)


def about_runs(selection: Selection) -> bool:
    """Say whether runs are among the chosen events: others have no code."""
    return selection.kinds is None or Kind.RUN in selection.kinds


def told_code(names: Pseudonyms, row: Row[Any]) -> ToldCode:
    """See a stored code as the study does: no name of the account, no id of the store."""
    said = names.scrub(row.text, row.user) or ""
    return ToldCode(names.event_id(row.event_id), names.of(row.user), row.at, said, row.cut)
