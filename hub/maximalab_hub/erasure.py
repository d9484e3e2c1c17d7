"""What becomes of each table's rows when a person's records are erased, and of what arrives afterwards. Pure.

Erased is all that says what the person did, had or decided. Three things stay, and why:

- rows that others rely on and that the person only made (a panel of experts, a table of levels) lose the name;
- the export log, so that it can be shown later who saw records, and that an erasure was done: it holds
  pseudonyms under the lab's secret key, and no name;
- the same pseudonym with the moment of the erasure, so that what a spool delivers later is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from maximalab_hub.events import FUTURE_ALLOWED, Refusal, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_REASON: Final = 200
ERASED: Final = "erased"
"""What stands where a name stood in a text of somebody else's."""
NO_MORE: Final = Refusal("user", "this person's records up to now were erased; do not send it again")


class Fate(StrEnum):
    """What becomes of a table's rows of a person."""

    DELETED = "deleted"
    UNNAMED = "unnamed"
    """The rows stay, and the column that names becomes empty."""


FATES: Final[Mapping[str, Mapping[str, Fate]]] = {
    "event": {"user": Fate.DELETED},
    "server": {"user": Fate.DELETED},
    "enrolment": {"user": Fate.DELETED},
    "consent": {"user": Fate.DELETED},
    "cell_code": {"user": Fate.DELETED},
    "erasure_request": {"user": Fate.DELETED},
    "rating_panel": {"made_by": Fate.UNNAMED},
    "competence": {"made_by": Fate.UNNAMED},
    "start_count": {"user": Fate.DELETED},
    "derivation": {"user": Fate.DELETED},
    "setting_span": {"user": Fate.DELETED},
    "work_session": {"user": Fate.DELETED},
    "timetable_version": {"made_by": Fate.UNNAMED},
    "timetable_source": {"made_by": Fate.UNNAMED},
    "timetable_draft": {"made_by": Fate.DELETED},
    "study": {"made_by": Fate.UNNAMED},
}
"""Of each table and each column that names people."""
KEPT: Final = frozenset({"export_log", "study"})
"""Tables in which no text is changed for a name in it: a chain bears no change, and people agreed to one text."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did."""

    at: datetime
    rows: Mapping[str, int]
    """Rows of the person by table, those that were found only."""
    mentions: int
    """Rows of other people with the person's name in a text; left as they are unless asked otherwise."""
    entry: int | None = None
    """Its entry in the export log; `None` where there was nothing to erase that was not erased before."""


def erased_before(at: datetime, source: str, erased_at: datetime | None) -> bool:
    """Say whether an event that happened at `at` was erased before it arrived.

    A server's clock may be ahead by as much as is believed of it (`FUTURE_ALLOWED`); the hub's is ours.
    """
    if erased_at is None:
        return False
    ahead = timedelta(0) if source == Source.HUB else FUTURE_ALLOWED
    return at <= erased_at + ahead


def names_word(user: str) -> re.Pattern[str]:
    """Match the account name where it stands as a word."""
    return re.compile(rf"(?<![^\W_]){re.escape(user)}(?![^\W_])", re.IGNORECASE)


def unnamed(value: Any, word: re.Pattern[str]) -> Any:  # noqa: ANN401  whatever a column holds
    """Give the value with the name replaced, however deep it lies."""
    match value:
        case str():
            return word.sub(ERASED, value)
        case dict():
            return {unnamed(key, word): unnamed(one, word) for key, one in value.items()}
        case list():
            return [unnamed(one, word) for one in value]
        case _:
            return value
