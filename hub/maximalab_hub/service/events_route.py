"""Where students' servers and the hub deliver their events: docs/architecture.md, "Events on the wire"."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

from maximalab_hub.events import Source
from maximalab_hub.ingest import CatalogAwaited, WitnessAwaited
from maximalab_hub.service import PREFIX
from maximalab_hub.service.auth import token_in_header
from maximalab_hub.service.body import events_in, read_body, unpack
from maximalab_hub.service.errors import RETRY_SECONDS, problem
from maximalab_hub.service.identity import sender_of
from maximalab_hub.store.engine import StoreAwayError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maximalab_hub.ingest import Ingest, Result, Sender

log = logging.getLogger(__name__)
router = APIRouter()


@router.post(f"{PREFIX}/events")
async def post_events(request: Request) -> Response:
    """For students' servers and the hub, known by their token: store events, each once."""
    body = await read_body(request)
    sender = await _sender(request)
    content = unpack(body, request.headers.get("content-encoding", ""))
    raws = events_in(content, request.headers.get("content-type", ""), sender.source)
    _check_rate(request, sender, len(raws))
    results = await _taken(request.app.state.ingest, sender, raws)
    return Response(_answer(results), media_type="application/json")


async def _sender(request: Request) -> Sender:
    token = token_in_header(request)
    model = await request.app.state.hub.owner_of(token) if token else None
    if model is None:
        raise problem(401, "authorization", "send `Authorization: token …` with a token that the hub knows")
    sender = sender_of(model)
    if sender is None:
        raise problem(403, "authorization", "this token's owner has no events to deliver here")
    return sender


def _answer(results: Sequence[Result]) -> bytes:
    return f'{{"results":[{",".join(map(_written, results))}]}}'.encode()


def _written(result: Result) -> str:
    """Write as JSON; the id of what is stored or known was checked, and needs no quoting."""
    if result.status == "refused":
        return to_json(result._asdict()).decode()
    return f'{{"event_id":"{result.event_id}","status":"{result.status}","field":null,"message":null}}'


def _check_rate(request: Request, sender: Sender, events: int) -> None:
    """Slow down who sends more than a lively student; the hub speaks for all, and is not slowed."""
    if sender.source is Source.HUB:
        return
    # A post costs something even when it is empty, or repeats what is known.
    wait = request.app.state.rate.wait_of(f"{sender.user}/{sender.server}", max(events, 1))
    if wait > 0:
        log.warning("user=%.64s server=%.64s over the rate, waits %.0f s", sender.user, sender.server, wait)
        raise problem(429, "events", "too many at once; keep them and come again", retry_after=wait)


async def _taken(ingest: Ingest, sender: Sender, raws: Sequence[object]) -> list[Result]:
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
    refused = [result.field for result in results if result.status == "refused"]
    if refused:
        log.warning("user=%.64s server=%.64s refused: %d, by %.32s", who, where, len(refused), refused[0])
    return results


def _later(field: str, why: str) -> Exception:
    """Make the answer to events that cannot be stored whole yet: their sender has a spool for that."""
    return problem(503, field, f"{why}; keep them and come again", retry_after=RETRY_SECONDS)
