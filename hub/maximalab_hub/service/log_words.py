"""What an entry of the export log says, in words: a label and a value for each thing that was asked or done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from babel.dates import format_date

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
KEPT: Final[Mapping[str, str]] = {
    "events": N_("events"),
    "sign_ins": N_("sign-ins"),
    "looks": N_("looks and exports"),
    "export_log": N_("entries of this log"),
    "position": N_("entry"),
    "hash": N_("its hash"),
}
"""Classes of records that are kept for times of their own, and where the log begins after old entries went."""
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
        case _:
            return _plain(value, said)


def _plain(value: Any, said: Wording) -> str:  # noqa: ANN401
    match value:
        case bool():
            return "✓" if value else "–"
        case int():
            return said.number(value)
        case dict():
            return ", ".join(f"{_kept(str(name), said)} — {_plain(one, said)}" for name, one in value.items())
        case list():
            return ", ".join(_plain(one, said) for one in value)
        case str():
            return _moment(value, said)
        case _:
            return str(value)


def _kept(name: str, said: Wording) -> str:
    _ = translations(said.language).gettext
    return _(KEPT[name]) if name in KEPT else said.stored(name)


def _moment(text: str, said: Wording) -> str:
    """Say a day or a moment as people write it; any other text as it is."""
    try:
        if len(text) == len("2026-11-22"):
            return format_date(date.fromisoformat(text), "d MMM y", locale=said.language)
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return said.moment(at) if at.tzinfo else text
