"""A start of a server that stopped without a last word may have lost its last events: it is counted. Both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from maximalab_hub.eventrows import Sender
from maximalab_hub.events import Source
from maximalab_hub.store.engine import reading
from maximalab_hub.store.research import Selection
from maximalab_hub.study import completeness
from postedevents import ADA, HUB, NOON, an_event, ingest_of, start

if TYPE_CHECKING:
    from sqlalchemy import Engine

STOPPED = NOON - timedelta(minutes=10)
HUBS = "00000000-8b86-4d01-b42d-00cf4fc964ff"
BOBS = "11111111-8b86-4d01-b42d-00cf4fc964ff"


def seen_by_the_hub(*, stopped: bool) -> list[dict[str, object]]:
    stop = an_event(1, kind="server_stop", user="ada", server="public-maxima", at=STOPPED.isoformat())
    return [{**told, "boot_id": HUBS} for told in [start(0), stop][: 1 + stopped]]


@pytest.mark.parametrize(
    ("stopped", "ended", "unended"),
    [
        pytest.param(False, False, 0, id="a server that still runs owes no last word"),
        pytest.param(True, True, 0, id="a server that stopped and said so"),
        pytest.param(True, False, 1, id="a server that was killed, or whose recorder was"),
    ],
)
def test_a_start_that_stopped_without_a_last_word_is_counted(
    store: Engine, stopped: bool, ended: bool, unended: int
) -> None:
    ingest = ingest_of(store)
    ingest.take(HUB, seen_by_the_hub(stopped=stopped))
    ingest.take(ADA, [an_event(3), *([an_event(4, kind="recording_end")] if ended else [])])
    bob = Sender(Source.SERVER, "bob", "public-maxima")
    ingest.take(bob, [{**an_event(9), "boot_id": BOBS}])
    with reading(store) as connection:
        assert completeness(connection, {"ada", "bob"}, Selection()).starts_without_end == unended
        assert completeness(connection, {"bob"}, Selection()).starts_without_end == 0
