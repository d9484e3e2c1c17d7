"""Posts as recorders send nearly all of them: read from their bytes by compiled code alone.

What is plain is narrower than what is taken, and means the same: a post that is none goes the long way of `events`,
event by event, with the same answers. Everything here is pure.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic_core import SchemaValidator, ValidationError, core_schema

from maximalab_hub.events import (
    FEW,
    FUTURE_ALLOWED,
    KINDS_OF,
    LARGEST_SEQ,
    LONGEST_ERROR_NAME,
    LONGEST_RUN,
    PAST_ALLOWED,
    SHORT,
    UUID_FORM,
    Outcome,
    Source,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_ID: Final = 36
_SHAPE: Final = "00000000-0000-0000-0000-000000000000"
_DIGITS: Final = str.maketrans("123456789abcdef", "0" * 15)
_MOMENT: Final = "0000-00-00T00:00:00.000000+00:00"
_DECIMALS: Final = str.maketrans("123456789", "0" * 9)
_MIDNIGHT: Final = "T24"
"""Newer Pythons read it, and as the next day's."""
_VERSION, _VARIANT = (14, "7"), (19, "89ab")
"""Where a UUIDv7 has its version and its variant, and what they may be."""
_ZERO: Final = b"\\u0000"
"""A zero character, which no text may hold: JSON has no other way to write it."""


class PlainPost(list[dict[str, Any]]):
    """The events of a plain post, each with all fields of `WireEvent` as plain values, and the time that they span."""

    def __init__(self, events: Iterable[dict[str, Any]], moments: Sequence[datetime]) -> None:
        super().__init__(events)
        self.first, self.last = min(moments), max(moments)

    @property
    def ids(self) -> list[str]:
        """Their ids, in order."""
        return [event["event_id"] for event in self]

    @property
    def notebooks(self) -> set[str | None]:
        """Each of their notebooks once."""
        return {event["notebook"] for event in self}

    def believed(self, received: datetime) -> bool:
        """Say whether every event counts as having happened when its sender says (`events.clamp_at`)."""
        return self.first >= received - PAST_ALLOWED and self.last <= received + FUTURE_ALLOWED


def plain_post(body: bytes, source: Source) -> PlainPost | None:
    """Read a post; `None` where it is not plain, and may be taken all the same."""
    reader = _READERS.get(source)
    if reader is None or _ZERO in body:
        return None
    try:
        events = reader.validate_json(body)["events"]
        moments = [datetime.fromisoformat(event["at"]) for event in events]
    except (ValidationError, ValueError):
        return None
    return PlainPost(events, moments) if events and _well_formed(events, moments) else None


def _well_formed(events: Sequence[Mapping[str, Any]], moments: Sequence[datetime]) -> bool:
    """Check all ids at once, each of 36 signs by now, and all times: sign by sign took longer than all the rest."""
    ids = "".join([event["event_id"] for event in events])
    times = "".join([event["at"] for event in events])
    return (
        ids.translate(_DIGITS) == _SHAPE * len(events)
        and not any(ids[place::_ID].strip(signs) for place, signs in (_VERSION, _VARIANT))
        and all(map(UUID_FORM.fullmatch, {event["boot_id"] for event in events}))
        and times.translate(_DECIMALS) == _MOMENT * len(events)
        and _MIDNIGHT not in times
        and {moment.tzinfo for moment in moments} == {UTC}
    )


class Place(NamedTuple):
    """What the store says of a sender at the moment of a post."""

    archived: str | None
    """The largest id that is archived."""
    erased: bool
    """Whether any of the person's records were ever erased."""
    since: datetime | None
    """When the sender's server started or stopped last; `None` where nothing is known of it."""
    running: bool | None
    tier: str | None
    backend: str | None
    entrance: str | None
    courses: frozenset[str]
    """In which the person is enrolled."""

    def holds(self, post: PlainPost, server: str | None) -> bool:
        """Say whether this alone tells of every event of the post where it belongs."""
        seen = server is None or self._ran_at(post.first)
        new = self.archived is None or min(post.ids) > self.archived
        return seen and new and not self.erased

    def _ran_at(self, moment: datetime) -> bool:
        told = bool(self.running) and self.tier is not None
        return told and self.since is not None and self.since <= moment


def _text(most: int, least: int = 0) -> core_schema.CoreSchema:
    return core_schema.str_schema(strict=True, min_length=least, max_length=most)


def _number(most: int) -> core_schema.CoreSchema:
    return core_schema.int_schema(strict=True, ge=0, le=most)


def _needed(schema: core_schema.CoreSchema) -> core_schema.TypedDictField:
    return core_schema.typed_dict_field(schema)


def _optional(schema: core_schema.CoreSchema) -> core_schema.TypedDictField:
    maybe = core_schema.with_default_schema(core_schema.nullable_schema(schema), default=None)
    return core_schema.typed_dict_field(maybe, required=False)


def _reader(source: Source) -> SchemaValidator:
    word = _text(SHORT - 1)
    detail = core_schema.dict_schema(word, word, max_length=FEW, strict=True)
    fields = {
        "event_id": _needed(_text(_ID, _ID)),
        "boot_id": _needed(_text(_ID, _ID)),
        "seq": _needed(_number(LARGEST_SEQ)),
        "kind": _needed(core_schema.literal_schema(sorted(kind.value for kind in KINDS_OF[source]))),
        "at": _needed(_text(len(_MOMENT), len(_MOMENT))),
        "notebook": _optional(_text(4096)),
        "cell_id": _optional(word),
        "kernel": _optional(word),
        "duration_ms": _optional(_number(LONGEST_RUN // timedelta(milliseconds=1))),
        "outcome": _optional(core_schema.literal_schema([one.value for one in Outcome])),
        "error_name": _optional(_text(LONGEST_ERROR_NAME)),
        "detail": core_schema.typed_dict_field(
            core_schema.with_default_schema(detail, default_factory=dict), required=False
        ),
    }
    event = core_schema.typed_dict_schema(fields, strict=True, extra_behavior="forbid")
    events = {"events": _needed(core_schema.list_schema(event, strict=True))}
    return SchemaValidator(core_schema.typed_dict_schema(events, strict=True, extra_behavior="forbid"))


_READERS: Final[Mapping[Source, SchemaValidator]] = {
    source: _reader(source) for source in (Source.SERVER, Source.CLIENT)
}
