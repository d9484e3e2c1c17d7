"""Posts as recorders send nearly all of them: read from their bytes by compiled code alone.

What is plain is narrower than what is taken, and means the same: a post that is none goes the long way of `events`,
event by event, with the same answers. Everything here is pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, overload

from msgspec import Meta, MsgspecError, Struct, json
from msgspec.structs import asdict

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
    from collections.abc import Mapping

_ID: Final = 36
_SHAPE: Final = "00000000-0000-0000-0000-000000000000"
_DIGITS: Final = str.maketrans("123456789abcdef", "0" * 15)
_MOMENT: Final = "0000-00-00T00:00:00.000000+00:00"
_DECIMALS: Final = str.maketrans("123456789", "0" * 9)
_UTC: Final = "+00:00"
_MIDNIGHT: Final = "T24"
"""Newer Pythons read it, and as the next day's."""
_VERSION, _VARIANT = (14, "7"), (19, "89ab")
"""Where a UUIDv7 has its version and its variant, and what they may be."""
_ZERO: Final = b"\\u0000"
"""A zero character, which no text may hold: JSON has no other way to write it."""

_Id = Annotated[str, Meta(min_length=_ID, max_length=_ID)]
_Word = Annotated[str, Meta(max_length=SHORT - 1)]
_MS: Final = LONGEST_RUN // timedelta(milliseconds=1)


class Told(Struct, forbid_unknown_fields=True, gc=False):
    """One event of a plain post: all fields of `WireEvent`, as plain values and with the same defaults."""

    event_id: _Id
    boot_id: _Id
    seq: Annotated[int, Meta(ge=0, le=LARGEST_SEQ)]
    kind: str
    at: Annotated[str, Meta(min_length=len(_MOMENT), max_length=len(_MOMENT))]
    notebook: Annotated[str, Meta(max_length=4096)] | None = None
    cell_id: _Word | None = None
    kernel: _Word | None = None
    duration_ms: Annotated[int, Meta(ge=0, le=_MS)] | None = None
    outcome: str | None = None
    error_name: Annotated[str, Meta(max_length=LONGEST_ERROR_NAME)] | None = None
    detail: Annotated[dict[_Word, _Word], Meta(max_length=FEW)] = {}


class _Body(Struct, forbid_unknown_fields=True, gc=False):
    events: list[Told]


_READER: Final = json.Decoder(_Body)
_KINDS: Final[Mapping[Source, frozenset[str]]] = {
    source: frozenset(kind.value for kind in KINDS_OF[source]) for source in (Source.SERVER, Source.CLIENT)
}
_OUTCOMES: Final = frozenset({None, *(one.value for one in Outcome)})


class PlainPost(Sequence[dict[str, Any]]):
    """The events of a plain post and the time that they span; whoever goes through it gets them as dictionaries."""

    def __init__(self, told: Sequence[Told]) -> None:
        self.told = told
        self.ids = [event.event_id for event in told]
        times = [event.at for event in told]
        # All are written alike, so that they are in order where their texts are.
        self.first, self.last = datetime.fromisoformat(min(times)), datetime.fromisoformat(max(times))

    def __len__(self) -> int:
        """Say how many there are."""
        return len(self.told)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, place: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        """Give an event as it would have been read from JSON, with all its fields."""
        found = self.told[place]
        return asdict(found) if isinstance(found, Told) else list(map(asdict, found))

    @property
    def notebooks(self) -> set[str | None]:
        """Each of their notebooks once."""
        return {event.notebook for event in self.told}

    def believed(self, received: datetime) -> bool:
        """Say whether every event counts as having happened when its sender says (`events.clamp_at`)."""
        return self.first >= received - PAST_ALLOWED and self.last <= received + FUTURE_ALLOWED


def plain_post(body: bytes, source: Source) -> PlainPost | None:
    """Read a post; `None` where it is not plain, and may be taken all the same."""
    kinds = _KINDS.get(source)
    if kinds is None or _ZERO in body:
        return None
    try:
        told = _READER.decode(body).events
    except (MsgspecError, UnicodeError):
        return None
    return PlainPost(told) if told and _well_formed(told, kinds) else None


def _well_formed(told: Sequence[Told], kinds: frozenset[str]) -> bool:
    """Check all ids at once, each of 36 signs by now, and all times: sign by sign took longer than all the rest."""
    ids = "".join([event.event_id for event in told])
    return (
        ids.translate(_DIGITS) == _SHAPE * len(told)
        and not any(ids[place::_ID].strip(signs) for place, signs in (_VERSION, _VARIANT))
        and all(map(UUID_FORM.fullmatch, {event.boot_id for event in told}))
        and kinds.issuperset({event.kind for event in told})
        and _OUTCOMES.issuperset({event.outcome for event in told})
        and _are_moments([event.at for event in told])
    )


def _are_moments(times: Sequence[str]) -> bool:
    written = "".join(times)
    if written.translate(_DECIMALS) != _MOMENT * len(times):
        return False
    if _MIDNIGHT in written or written.count(_UTC) != len(times):
        return False
    try:
        return all(map(datetime.fromisoformat, times))
    except ValueError:
        return False


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
