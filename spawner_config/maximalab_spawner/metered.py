# ruff: noqa: ANN401  # JupyterHub's own objects have no types
"""Reads now and then what a server uses, and tells it in shares. Metering may fail; a server must not for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from maximalab_recorder.ids import uuid7

from maximalab_spawner.metering import USE, Meter, Reading
from maximalab_spawner.tiered import TieredStart
from maximalab_spawner.usage import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from maximalab_spawner.metering import Share


class MeteredServer(TieredStart):
    """Keeps one server's meter. A mix-in of every tiered spawner, which says by `use` what there is to read."""

    _save_state: Callable[[], None]

    def __init__(self, **kwargs: Any) -> None:
        self._meter: Meter | None = None
        super().__init__(**kwargs)

    async def use(self) -> tuple[int, int] | None:
        """Give the milliseconds of a processor since the server's start and its bytes now; None: nobody knows."""
        return None

    def begin_metering(self) -> None:
        """Begin anew, with a server that has used nothing, and write that down."""
        self._meter = Meter.begin(datetime.now(UTC))
        self._save_state()

    async def meter(self) -> None:
        """Take a reading where one is due; a full share is written down and told.

        A server of which no meter is known, because this hub took it up by what runs, is metered from now on.
        """
        meter, now = self._meter, datetime.now(UTC)
        if meter is not None and not meter.wants(now):
            return
        used = await self.use()
        if (
            used is None or self._meter is not meter
        ):  # meanwhile the server has ended, or somebody else has read
            return
        reading = Reading(now, *used)
        self._meter = meter.read(reading) if meter is not None else Meter(reading, reading)
        if self._meter.full:
            self._share()

    def end_metering(self) -> datetime | None:
        """Tell what is left, and meter no more; say up to when the server was metered, None for not at all."""
        if self._meter is not None and not self._meter.empty:
            self._share()
        until, self._meter = self._meter.told.at if self._meter is not None else None, None
        return until

    def metered_state(self) -> dict[str, Any]:
        """Give what the next hub needs of the meter."""
        return {} if self._meter is None else {"meter": self._meter.as_state()}

    def adopt_meter(self, state: Mapping[str, Any]) -> None:
        """Take what `metered_state` gave. The last share is told once more: nobody knows whether it was."""
        self._meter = Meter.from_state(state.get("meter"))
        if self._meter is not None and self._meter.share is not None:
            self._tell_share(self._meter.share)

    def _share(self) -> None:
        assert self._meter is not None  # noqa: S101  both callers have looked
        self._meter = self._meter.shared(str(uuid7(self._meter.last.at)))
        self._save_state()
        if self._meter.share is not None:
            self._tell_share(self._meter.share)

    def _tell_share(self, share: Share) -> None:
        tell(
            self.usage_sink,
            self.log,
            USE,
            event_id=share.event_id,
            at=share.since,
            duration_ms=round(share.seconds * 1000),
            user=self.user.name,
            server=self.name,
            **self.record(),
            detail=share.detail,
        )
