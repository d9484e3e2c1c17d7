"""What an entry of the export log says, in words: a label and a value for each thing that was asked or done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from maximalab_hub.language import translations
from maximalab_hub.service.errors import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_hub.export_log import Entry
    from maximalab_hub.service.wording import Wording

LABELS: Final[Mapping[str, str]] = {
    "page": N_("Page"),
    "to": N_("To"),
    "course": N_("Course"),
    "material": N_("Material"),
    "group": N_("Group"),
    "kind": N_("Kind of event"),
    "since": N_("From"),
    "until": N_("Up to and with"),
    "format": N_("Format"),
    "tables": N_("Tables"),
    "code": N_("With the code of cells"),
    "events": N_("Events"),
    "people": N_("People"),
    "version": N_("Version of the dataset"),
    "asked": N_("Asked for in entry"),
    "sha256": "SHA-256",
    "by": N_("By"),
    "reason": N_("Why"),
    "rows": N_("Rows"),
    "mentions": N_("Mentions in what others wrote"),
    "before": N_("Older than"),
    "log": N_("The log begins after"),
}
"""In the order in which they are told; whatever else an entry says follows under its own name."""
PLACES: Final[Mapping[str, str]] = {"folder": N_("a folder"), "terminal": N_("a terminal")}
ROWS: Final[Mapping[str, str]] = {
    "event": N_("events"),
    "server": N_("starts and stops of servers"),
    "enrolment": N_("places in groups"),
    "consent": N_("decisions about studies"),
    "cell_code": N_("code of cells"),
    "erasure_request": N_("requests for erasure"),
    "rating_panel": N_("panels of experts"),
    "competence": N_("tables of levels"),
    "start_count": N_("counts of servers' starts"),
    "derivation": N_("notes of how sessions were reckoned"),
    "setting_span": N_("times in class"),
    "work_session": N_("sessions"),
    "timetable_version": N_("versions of timetables"),
    "timetable_source": N_("addresses of calendars"),
    "timetable_draft": N_("imports of timetables"),
    "study": N_("studies"),
    "export_log": N_("entries of the export log"),
    "erased": N_("notes of erasures"),
    "events": N_("events"),
    "sign_ins": N_("sign-ins"),
    "looks": N_("looks and exports"),
    "position": N_("entry"),
    "hash": N_("its hash"),
}
"""Tables, classes of records with a time of their own, and a place in the log: of whomever they are."""
MOMENTS: Final = frozenset({"since", "until", "before"})
"""What is a day or a moment, or holds some. Everything else that looks like one was typed, and stays as it was."""
SHORTEST: Final = 8
"""Signs of a hash that tell it from others."""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that an entry says."""

    label: str
    value: str
    whole: str = ""
    """The value as it stands in the log, where it is shortened."""


def told(entry: Entry, said: Wording) -> list[Told]:
    """Say all that an entry says; what was left empty is not told."""
    _ = translations(said.language).gettext
    says = entry.told
    known = [name for name in LABELS if name in says]
    names = [*known, *sorted(says.keys() - LABELS.keys())]
    return [
        _told(_(LABELS[name]) if name in LABELS else name, name, says[name], said)
        for name in names
        if says[name] not in ("", None, [], {})
    ]


def _told(label: str, name: str, value: Any, said: Wording) -> Told:  # noqa: ANN401  whatever an entry says
    if name in {"sha256", "by"} and isinstance(value, str):
        return Told(label, value[:SHORTEST], value)
    return Told(label, _value(name, value, said))


def _value(name: str, value: Any, said: Wording) -> str:  # noqa: ANN401
    _ = translations(said.language).gettext
    named = {"course": said.course, "material": said.material, "kind": said.kind, "format": said.format}
    match name, value:
        case _, str() if name in named:
            return named[name](value)
        case "to", str():
            return _(PLACES[value]) if value in PLACES else value
        case "tables", list():
            return "; ".join(said.table(str(one)) for one in value)
        case _, dict():
            return rows_in_words(value, said, moments=name in MOMENTS)
        case _:
            return _plain(value, said, moment=name in MOMENTS)


def rows_in_words(rows: Mapping[str, Any], said: Wording, *, moments: bool = False) -> str:
    """List how many rows of which tables; or of which records a moment is told."""
    _ = translations(said.language).gettext
    names = {name: _(ROWS[name]) if name in ROWS else name for name in rows}
    return ", ".join(f"{names[name]} — {_plain(one, said, moment=moments)}" for name, one in rows.items())


def _plain(value: Any, said: Wording, *, moment: bool) -> str:  # noqa: ANN401
    match value:
        case bool():
            return "✓" if value else "–"
        case int():
            return said.number(value)
        case list():
            return ", ".join(_plain(one, said, moment=moment) for one in value)
        case str() if moment:
            return _moment(value, said)
        case _:
            return str(value)


def _moment(text: str, said: Wording) -> str:
    """Say a day or a moment as people write it; what is none, or one that no calendar of ours has, as it stands."""
    try:
        if len(text) == len("2026-11-22"):
            return said.calendar_day(date.fromisoformat(text))
        at = datetime.fromisoformat(text)
        return said.moment(at) if at.tzinfo else text
    except (ValueError, OverflowError):
        return text
