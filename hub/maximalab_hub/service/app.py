"""The service put together: settings in, an application out."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fastapi import APIRouter, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from maximalab_spawner.catalog import CatalogReader

from maximalab_hub import migrations
from maximalab_hub.calendarwatch import CalendarWatch
from maximalab_hub.ingest import Ingest
from maximalab_hub.secret_files import Secret, read_secret
from maximalab_hub.service import (
    PREFIX,
    auth,
    compare_routes,
    competence_routes,
    completeness_routes,
    cost_routes,
    erasure_routes,
    errors,
    events_route,
    exercise_routes,
    export_log_routes,
    period_page,
    rate_routes,
    ratings_routes,
    report_routes,
    research_routes,
    study_routes,
    timetable_routes,
)
from maximalab_hub.service.ahead import Ahead
from maximalab_hub.service.courses import CoursesOfMaterials
from maximalab_hub.service.daily import every_day, every_few_minutes
from maximalab_hub.service.headers import SecurityHeaders
from maximalab_hub.service.hub import HubClient
from maximalab_hub.service.kept import Kept
from maximalab_hub.service.limits import Patience, Rate, RateLimit
from maximalab_hub.service.own_events import log_names_of, own_events_of
from maximalab_hub.service.size_limit import SizeLimit
from maximalab_hub.service.study_in_path import StudyInPath
from maximalab_hub.timetable.address import Fetching
from maximalab_hub.usagestore import usage_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from maximalab_hub.settings import Settings

CLIENT_ID = "service-usage"
"""The name under which the hub knows this service as an OAuth client: `service-` and the service's name."""

EVENT_RATE = Rate(per_second=100, burst=5_000)
"""Of one server: a thousand queued cells run at 95 a second, and spools empty after an outage."""

WITNESS_PATIENCE_SECONDS = 120.0
"""How long a server's events wait for the hub's own about its start: twice a delivery's longest pause."""

health_router = APIRouter()


@health_router.get(f"{PREFIX}/health")
async def health(request: Request) -> JSONResponse:
    """For anyone: whether the store answers and has the newest tables. It says nothing else."""
    found = await run_in_threadpool(migrations.current, request.app.state.engine)
    if found != migrations.newest():
        detail = {"field": "schema", "message": "run: maximalab db upgrade"}
        return JSONResponse(detail, 503, {"Retry-After": str(errors.RETRY_SECONDS)})
    return JSONResponse({"status": "ok"})


def utc_now() -> datetime:
    """Give the present, aware."""
    return datetime.now(UTC)


def create_app(settings: Settings, *, event_rate: Rate = EVENT_RATE) -> FastAPI:
    """Put the service together. Raises `StoreUrlError` or `SecretError` where the settings cannot be used."""
    app = FastAPI(title="usage", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    token = read_secret(settings.secrets.dir, Secret.USAGE_TOKEN)
    engine = usage_engine(settings)
    app.state.settings = settings
    app.state.engine = engine
    app.state.hub = HubClient(settings.hub.api_url, token, CLIENT_ID, time.monotonic)
    # Derived, so that what is sealed in cookies and forms is no use against the hub.
    app.state.form_key = sha256(b"forms and sign-ins of the usage service:" + token.encode()).digest()
    app.state.rate = RateLimit(event_rate, time.monotonic)
    patience = Patience(WITNESS_PATIENCE_SECONDS, time.monotonic)
    app.state.catalogue = CatalogReader(settings.catalogue.dir)
    courses_of = CoursesOfMaterials(app.state.catalogue, time.monotonic)
    app.state.ingest = Ingest(engine, courses_of, utc_now, patience, log_names_of(settings))
    app.state.kept = Kept(utc_now)
    app.state.ahead = Ahead(engine, app.state.kept)
    app.state.own_events = own_events_of(settings, engine, utc_now)
    app.state.fetching = Fetching(inside=frozenset(settings.timetable.inside_hosts))
    app.state.calendars = CalendarWatch(
        engine,
        app.state.fetching,
        ZoneInfo(settings.lab.time_zone),
        timedelta(minutes=settings.timetable.fetch_minutes),
        utc_now,
    )
    app.add_middleware(SizeLimit)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(StudyInPath)
    app.add_exception_handler(auth.SignInNeeded, auth.send_to_sign_in)
    errors.install(app)
    period_page.install(app)
    app.include_router(health_router)
    routes = (
        events_route,
        auth,
        research_routes,
        exercise_routes,  # before what takes any drawing of the comparison
        compare_routes,
        completeness_routes,
        erasure_routes,
        export_log_routes,
        ratings_routes,
        rate_routes,
        competence_routes,
        report_routes,
        study_routes,
        timetable_routes,
        cost_routes,
    )
    for part in routes:
        app.include_router(part.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    # More than a second of work, which whoever looks at the study page first would wait for; events do not.
    Thread(target=import_module, args=("scipy.stats",), name="import-scipy", daemon=True).start()
    by_itself = (
        asyncio.create_task(every_day(app.state.settings, app.state.engine, app.state.kept.clear)),
        asyncio.create_task(every_few_minutes(app.state.engine)),
    )
    app.state.calendars.start()
    yield
    for task in by_itself:
        task.cancel()
    await run_in_threadpool(app.state.calendars.stop)
    await run_in_threadpool(app.state.ahead.close)
    await app.state.hub.close()
    await run_in_threadpool(app.state.ingest.close)
    app.state.engine.dispose()
