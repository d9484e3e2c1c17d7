"""What an event is: its kinds, who may send which, and its shape on the wire.

Everything here is pure. What a sender reports is checked and kept as reported; who and where comes from the
hub, never from what a server says of itself. docs/events.md describes every kind and field.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Final

from maximalab_spawner.tiers import Entrance, Tier  # noqa: TC002  Pydantic reads them at run time
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Kind(StrEnum):
    """What happened."""

    LOGIN = "login"
    LOGIN_REFUSED = "login_refused"
    SERVER_START = "server_start"
    SERVER_STOP = "server_stop"
    SERVER_USE = "server_use"
    SPAWN_REFUSED = "spawn_refused"
    KERNEL_START = "kernel_start"
    KERNEL_RESTART = "kernel_restart"
    KERNEL_DEAD = "kernel_dead"
    NOTEBOOK_OPEN = "notebook_open"
    NOTEBOOK_SAVE = "notebook_save"
    RUN = "run"
    LOOK = "look"
    EXPORT = "export"
    EVENTS_DROPPED = "events_dropped"
    RECORDING_END = "recording_end"


class Outcome(StrEnum):
    """How a run ended."""

    OK = "ok"
    ERROR = "error"
    ABORTED = "aborted"
    INTERRUPTED = "interrupted"
    DEAD = "dead"
    UNKNOWN = "unknown"


class Source(StrEnum):
    """Who says so, the most trusted first."""

    HUB = "hub"
    SERVER = "server"
    CLIENT = "client"


_SEEN_BY_THE_HUB = frozenset(
    {
        Kind.LOGIN,
        Kind.LOGIN_REFUSED,
        Kind.SERVER_START,
        Kind.SERVER_STOP,
        Kind.SERVER_USE,
        Kind.SPAWN_REFUSED,
        Kind.LOOK,
        Kind.EXPORT,
    }
)
_SEEN_BESIDE_THE_KERNEL = frozenset(
    {
        Kind.KERNEL_START,
        Kind.KERNEL_RESTART,
        Kind.KERNEL_DEAD,
        Kind.NOTEBOOK_OPEN,
        Kind.NOTEBOOK_SAVE,
        Kind.RUN,
        Kind.RECORDING_END,
    }
)
KINDS_OF: Final[Mapping[Source, frozenset[Kind]]] = {
    Source.HUB: _SEEN_BY_THE_HUB | {Kind.EVENTS_DROPPED},
    Source.SERVER: _SEEN_BESIDE_THE_KERNEL | {Kind.EVENTS_DROPPED},
    Source.CLIENT: _SEEN_BESIDE_THE_KERNEL | {Kind.EVENTS_DROPPED},
}
"""Which kinds each source can have seen; another kind from it is refused."""

LONGEST_DETAIL: Final = 4096
"""Characters of `detail` as JSON."""
DEEPEST_DETAIL: Final = 4
LONGEST_ERROR_NAME: Final = 128
LONGEST_RUN: Final = timedelta(days=366)
LARGEST_SEQ: Final = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""
FUTURE_ALLOWED: Final = timedelta(minutes=5)
"""A sender's clock may be this much ahead before its time is not believed."""
PAST_ALLOWED: Final = timedelta(days=366)
"""An event may wait this long in a spool: a student may come back to a server after a year."""
SHORT: Final = 64
FEW: Final = LONGEST_DETAIL // (2 * (6 * SHORT + 4))
"""So many pairs of short texts are no longer than `LONGEST_DETAIL` as JSON, however many of their signs are escaped."""
UUID_FORM: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UUID7: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def _uuid7(value: str) -> str:
    if not _UUID7.fullmatch(value):
        raise ValueError("must be a UUID of version 7 in small letters with hyphens")
    return value


def _uuid(value: str) -> str:
    if not UUID_FORM.fullmatch(value):
        raise ValueError("must be a UUID in small letters with hyphens")
    return value


def _storable(value: str) -> str:
    """PostgreSQL has no text with a zero character, and nobody has a use for one."""
    if "\0" in value:
        raise ValueError("must not hold a zero character")
    return value


def _moment(value: str) -> str:
    if datetime.fromisoformat(value).tzinfo is None:
        raise ValueError("needs a time zone, such as +00:00")
    return value


def _shortened(value: str) -> str:
    return value[:LONGEST_ERROR_NAME]


def _bounded(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) <= FEW and all(map(_is_short, chain(value, value.values()))):
        return value  # as recorders send it: so few short texts are within every bound
    if _depth(value) > DEEPEST_DETAIL:
        raise ValueError(f"must not be nested deeper than {DEEPEST_DETAIL}")
    written = json.dumps(value, allow_nan=False, ensure_ascii=False)
    if len(written) > LONGEST_DETAIL:
        raise ValueError(f"must not be longer than {LONGEST_DETAIL} characters of JSON")
    if "\\u0000" in written:
        raise ValueError("must not hold a zero character")
    return value


def _is_short(value: object) -> bool:
    return isinstance(value, str) and len(value) < SHORT and "\0" not in value


def _depth(value: object) -> int:
    match value:
        case dict():
            return 1 + max(map(_depth, value.values()), default=0)
        case list():
            return 1 + max(map(_depth, value), default=0)
        case _:
            return 0


Text = Annotated[str, AfterValidator(_storable)]


LONGEST_CODE: Final = 20_000
"""Characters of a cell's code; what is longer is cut, and marked so."""


class CellCode(BaseModel):
    """The code of a run, from a recorder that was asked for it."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    text: Annotated[Text, Field(min_length=1, repr=False)]
    cut: bool = False
    """There was more of it."""

    @model_validator(mode="after")
    def _bounded(self) -> CellCode:
        if len(self.text) <= LONGEST_CODE:
            return self
        return self.model_copy(update={"text": self.text[:LONGEST_CODE], "cut": True})


class WireEvent(BaseModel):
    """An event as a sender reports it. Fields that are none of the sender's business are not even read."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    event_id: Annotated[str, Field(max_length=36), AfterValidator(_uuid7)]
    boot_id: Annotated[str, Field(max_length=36), AfterValidator(_uuid)]
    seq: Annotated[int, Field(ge=0, le=LARGEST_SEQ)]
    kind: Annotated[Kind, Field(strict=False)]
    at: Annotated[str, Field(max_length=64), AfterValidator(_moment)]
    notebook: Annotated[Text, Field(max_length=4096)] | None = None
    cell_id: Annotated[Text, Field(max_length=64)] | None = None
    kernel: Annotated[Text, Field(max_length=64)] | None = None
    duration_ms: Annotated[int, Field(ge=0, le=LONGEST_RUN // timedelta(milliseconds=1))] | None = None
    outcome: Annotated[Outcome, Field(strict=False)] | None = None
    error_name: Annotated[Text, AfterValidator(_shortened)] | None = None
    detail: Annotated[dict[str, Any], AfterValidator(_bounded)] = {}
    code: CellCode | None = None
    """No column of the table of events: `maximalab_hub.cellcode` says when it is kept, and where."""


class WitnessEvent(WireEvent):
    """An event as the hub reports it: the hub may say who, where and by which entrance."""

    user: Annotated[Text, Field(max_length=255)] = ""
    """Empty where the event is about the hub itself."""
    server: Annotated[Text, Field(max_length=64)] | None = None
    tier: Annotated[Tier, Field(strict=False)] | None = None
    backend: Annotated[Text, Field(max_length=64)] | None = None
    entrance: Annotated[Entrance, Field(strict=False)] | None = None
    material: Annotated[Text, Field(max_length=64)] | None = None


_NO_ZERO: Final = r"^[^\x00]*$"
_LONG: Final = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
_SHORTER: Final = "(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
_FEBRUARY: Final = "02-(?:0[1-9]|1[0-9]|2[0-8])"
_PLAIN_MOMENT: Final = (
    f"^2[0-9]{{3}}-(?:{_LONG}|{_SHORTER}|{_FEBRUARY})"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{6})?\+00:00$"
)
_Word = Annotated[str, Field(max_length=SHORT - 1, pattern=_NO_ZERO)]


class PlainEvent(WireEvent):
    """An event as recorders send nearly all: narrower than what is taken, so that compiled code alone can check it."""

    event_id: Annotated[str, Field(pattern=f"^{_UUID7.pattern}$")]
    boot_id: Annotated[str, Field(pattern=f"^{UUID_FORM.pattern}$")]
    at: Annotated[str, Field(pattern=_PLAIN_MOMENT)]
    notebook: Annotated[str, Field(max_length=4096, pattern=_NO_ZERO)] | None = None
    cell_id: _Word | None = None
    kernel: _Word | None = None
    error_name: Annotated[str, Field(max_length=LONGEST_ERROR_NAME, pattern=_NO_ZERO)] | None = None
    detail: Annotated[dict[_Word, _Word], Field(max_length=FEW)] = {}


_PLAIN: Final = TypeAdapter(list[PlainEvent])


def plain_events(raws: Sequence[object]) -> list[PlainEvent] | None:
    """Check a post of which every event is plain; `None` where one is not, and may be taken all the same."""
    try:
        return _PLAIN.validate_python(raws)
    except ValidationError:
        return None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event is not stored, and must not be sent again."""

    field: str
    message: str


_NEEDED: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.LOGIN: ("user",),
    Kind.SERVER_START: ("user", "server", "tier", "backend", "entrance"),
    Kind.SERVER_STOP: ("user", "server"),
    Kind.SPAWN_REFUSED: ("user",),
    Kind.LOOK: ("user",),
    Kind.EXPORT: ("user",),
}


def read_events(raws: Sequence[object], source: Source) -> list[WireEvent | Refusal]:
    """Check the events of a post: all at once where nothing is wrong, as mostly, and else one by one."""
    usual = None if source is Source.HUB else plain_events(raws)
    if usual is not None and KINDS_OF[source].issuperset(event.kind for event in usual):
        return list(usual)
    return [read_event(raw, source) for raw in raws]


def read_event(raw: object, source: Source) -> WireEvent | Refusal:
    """Check an event from the wire, or name the first field that is wrong."""
    shape = WitnessEvent if source is Source.HUB else WireEvent
    try:
        event = shape.model_validate(raw)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in fault["loc"][:1]) or "event"
        return Refusal(field, fault["msg"][:200])
    return _fit(event, source)


def _fit(event: WireEvent, source: Source) -> WireEvent | Refusal:
    """Refuse what this source cannot have seen, or tells too little of."""
    if event.kind not in KINDS_OF[source]:
        return Refusal("kind", f"{event.kind.value} cannot have been seen by a {source.value}")
    if isinstance(event, WitnessEvent):
        missing = [field for field in _NEEDED.get(event.kind, ()) if not getattr(event, field)]
        if missing:
            return Refusal(missing[0], f"{event.kind.value} needs it")
    return event


def clamp_at(
    reported: datetime,
    received: datetime,
    *,
    future: timedelta = FUTURE_ALLOWED,
    past: timedelta = PAST_ALLOWED,
) -> tuple[datetime, bool]:
    """Say at what time an event counts as having happened, and whether that is not what its sender said.

    Later than `received` by up to `future` is taken for a clock that is a little ahead, and kept; more
    becomes
    `received`. Earlier by more than `past` becomes the earliest time that is believed. Both times are aware.
    """
    if reported - received > future:
        return received.astimezone(UTC), True
    if received - reported > past:
        return (received - past).astimezone(UTC), True
    return reported if reported.tzinfo is UTC else reported.astimezone(UTC), False
