"""A count of events that a full spool or a full disk had to drop, told as an event itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENVELOPE = ("event_id", "boot_id", "seq", "at")


@dataclass(frozen=True)
class Gap:
    """The dropped events between two kept ones: how many, and the range of their `seq`.

    Its marker takes over the name, the place and the time of the first dropped event, so that nothing has to
    be minted where there is no room, and a marker that is sent twice is still one.
    """

    KIND: ClassVar[str] = "events_dropped"

    envelope: Mapping[str, Any]
    count: int
    last_seq: int

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Gap:
        """Begin a gap with the first dropped event."""
        return cls({name: event[name] for name in _ENVELOPE}, 1, int(event["seq"]))

    def widened(self, event: Mapping[str, Any]) -> Gap:
        """Count one more dropped event."""
        return replace(self, count=self.count + 1, last_seq=int(event["seq"]))

    def marker(self) -> dict[str, Any]:
        """Tell the gap as an event."""
        detail = {"count": self.count, "first_seq": self.envelope["seq"], "last_seq": self.last_seq}
        return {**self.envelope, "kind": self.KIND, "detail": detail}

    def added_to(self, marker: Mapping[str, Any]) -> dict[str, Any]:
        """Tell this gap in an earlier marker that nobody has been given yet."""
        known = marker["detail"]
        detail = {**known, "count": known["count"] + self.count, "last_seq": self.last_seq}
        return {**marker, "detail": detail}
