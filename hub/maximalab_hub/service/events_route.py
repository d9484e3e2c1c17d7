"""Where students' servers and the hub deliver their events: docs/architecture.md, "Events on the wire"."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response

from maximalab_hub.events import Source
from maximalab_hub.ingest import CatalogAwaited, WitnessAwaited
from maximalab_hub.results import AllStored, CodeAsked, answer_of
from maximalab_hub.service import PREFIX
from maximalab_hub.service.auth import token_in_header
from maximalab_hub.service.body import events_in, read_body, unpack
from maximalab_hub.service.errors import RETRY_SECONDS, problem
from maximalab_hub.service.identity import sender_of
from maximalab_hub.store.engine import StoreAwayError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maximalab_hub.eventrows import Sender
    from maximalab_hub.ingest import Ingest
    from maximalab_hub.results import Result

log = logging.getLogger(__name__)
router = APIRouter()


EVENTS: Final = f"{PREFIX}/events"
FAULT: Final = "maximalab.events.fault"
"""In a request's scope: what `service.events_door` met with; it is told as if it had happened here."""


@router.post(EVENTS)
async def post_events(request: Request) -> Response:
    """For students' servers and the hub, known by their token: store events, each once."""
    fault: Exception | None = request.scope.get(FAULT)
    if fault is not None:
        raise fault
    return Response(await taken(request), media_type="application/json")


async def taken(request: Request) -> bytes:
    """Store the events of a post; give the answer. Raises what `errors` tells where they are not taken."""
    body = await read_body(request)
    sender = await _sender(request)
    content = unpack(body, request.headers.get("content-encoding", ""))
    raws = events_in(content, request.headers.get("content-type", ""), sender.source)
    _check_rate(request, sender, len(raws))
    return answer_of(await _results(request.app.state.ingest, sender, raws))


async def _sender(request: Request) -> Sender:
    token = token_in_header(request)
    model = await request.app.state.hub.owner_of(token) if token else None
    if model is None:
        raise problem(401, "authorization", "send `Authorization: token …` with a token that the hub knows")
    sender = sender_of(model)
    if sender is None:
        raise problem(403, "authorization", "this token's owner has no events to deliver here")
    return sender


def _check_rate(request: Request, sender: Sender, events: int) -> None:
    """Slow down who sends more than a lively student; the hub speaks for all, and is not slowed."""
    if sender.source is Source.HUB:
        return
    # A post costs something even when it is empty, or repeats what is known.
    wait = request.app.state.rate.wait_of(f"{sender.user}/{sender.server}", max(events, 1))
    if wait > 0:
        log.warning("user=%.64s server=%.64s over the rate, waits %.0f s", sender.user, sender.server, wait)
        raise problem(429, "events", "too many at once; keep them and come again", retry_after=wait)


async def _results(ingest: Ingest, sender: Sender, raws: Sequence[object]) -> Sequence[Result]:
    who, where = sender.user or "(hub)", sender.server or "-"
    try:
        results = await ingest.soon(sender, raws)
    except WitnessAwaited as error:
        log.info("user=%.64s server=%.64s %d events wait for the hub's own", who, where, len(raws))
        raise _later("server", "the hub has not told of this server's start yet") from error
    except CatalogAwaited as error:
        log.error("user=%.64s server=%.64s %d events wait: %.200s", who, where, len(raws), error)  # noqa: TRY400
        raise _later("catalogue", "the catalogue cannot be read, so their course is not known") from error
    except StoreAwayError:
        log.warning("user=%.64s server=%.64s %d events not stored", who, where, len(raws))
        raise
    if isinstance(results.told if isinstance(results, CodeAsked) else results, AllStored):
        return results
    refused = [result.field for result in results if result.status == "refused"]
    if refused:
        log.warning("user=%.64s server=%.64s refused: %d, by %.32s", who, where, len(refused), refused[0])
    return results


def _later(field: str, why: str) -> Exception:
    """Make the answer to events that cannot be stored whole yet: their sender has a spool for that."""
    return problem(503, field, f"{why}; keep them and come again", retry_after=RETRY_SECONDS)
