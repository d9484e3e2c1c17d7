"""The usage service's pages in this process, with the example class in the store, for people with their rights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from labsettings import settings_toml
from maximalab_hub import migrations
from maximalab_hub.example_history import COURSE, DECLINED, load_example
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.service.app import create_app
from maximalab_hub.settings import Settings, load_settings
from maximalab_hub.settings_sections import Bilingual
from maximalab_hub.store import studies, timetable_imports, timetables
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.timetable_imports import Draft, Source
from maximalab_hub.store.timetables import How, Made
from maximalab_hub.timetable import edits
from maximalab_hub.timetable.draft import as_json
from maximalab_hub.timetable.edits import Hours
from maximalab_hub.timetable.state import Enrolled, State
from maximalab_spawner.catalog import publish
from maximalab_spawner.tiers import Tier
from meteredservers import tell_shares
from sqlalchemy import Engine

PEOPLE: dict[str, dict[str, Any]] = {
    "student": {"groups": ["study:operations-research"]},
    "teacher": {"groups": ["teach:operations-research"]},
    "researcher": {"groups": ["researchers"]},
    "admin": {"admin": True},
    "newcomer": {},
    "demo-01": {},
    DECLINED: {},
    "a-program": {"kind": "service"},
}
USAGE = "/services/usage"
KYIV = ZoneInfo("Europe/Kyiv")
NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LATELY = (datetime.now(UTC) - timedelta(days=10)).date()
"""A comparison by other choices takes its time; a few days of it look alike."""


class KnownTokens:
    """Stands where the hub is asked whose a token is; that the real one answers so is tested with the
    service.
    """

    client_id = "service-usage"

    async def owner_of(self, token: str, browser_session: str = "") -> dict[str, Any] | None:
        del browser_session
        name = token.removeprefix("token-of-")
        if name not in PEOPLE:
            return None
        return {"kind": "user", "name": name, "scopes": ["access:services!service=usage"]} | PEOPLE[name]

    async def close(self) -> None:
        """Nothing is open."""


@contextmanager
def usage_pages(folder: Path, db_url: str = "") -> Iterator[FastAPI]:
    """Put the service together on a store of its own in `folder`, or at `db_url`, as `./lab up` fills it."""
    told = {"usage": {"db_url": db_url}, "catalogue": {"public_store": "materials"}}
    (folder / "maximalab.toml").write_text(settings_toml(told))
    publish(NOTEBOOKS / "simplex", catalogue=folder / "catalogue", stores={Tier.PUBLIC: folder / "materials"})
    ensure_secrets(folder / "secrets")
    app = create_app(load_settings(folder / "maximalab.toml"))
    app.state.hub = KnownTokens()
    migrations.upgrade(app.state.engine)
    load_example(app.state.engine, datetime.now(UTC))
    load_timetable(app.state.engine)
    load_studies(app.state.engine, app.state.settings)
    tell_shares(app.state.ingest)
    yield app
    app.state.engine.dispose()


def load_studies(engine: Engine, settings: Settings) -> None:
    """Let another study count beside the example's, and one be closed; the example's is the newest."""
    now = datetime.now(UTC)
    usual = settings.study
    with writing(engine) as connection:
        for name in ("over", BESIDE):
            title = Bilingual(uk="Дослідження самостійної роботи", en="A study of work at home")
            other = usual.model_copy(update={"id": name, "title": title})
            studies.set_up(connection, settings, other, "researcher", now)
        studies.close(connection, settings, "over", "researcher", now)
        studies.set_up(connection, settings, usual, "researcher", now)


def load_timetable(engine: Engine) -> None:
    """Let the example's timetable have a history: a lesson moved, one cancelled, holidays, an address, a draft."""
    now = datetime.now(UTC)
    with writing(engine) as connection:
        algebra = State("algebra", (), (), (Enrolled("demo-01", "A-1", now),))
        timetables.keep(connection, algebra, Made("admin", now, How.PEOPLE))
        for words, edit in (("", _moved), ("", _holidays), ("розклад.ics", _cancelled)):
            state = timetables.state_of(connection, COURSE)
            timetables.keep(connection, edit(state), Made("teacher", now, How.HAND, words))
        state = timetables.state_of(connection, COURSE)
        changed = _cancelled(replace(state, lessons=state.lessons[6:-3]))
        content = {"how": "file", "words": "розклад.ics", **as_json(changed)}
        content["left_out"] = {"all_day": 1, "others": 2, "elsewhere": 3}
        number = timetables.newest(connection, COURSE)
        timetable_imports.add_draft(connection, Draft(DRAFT, COURSE, "teacher", now, number, content))
        for host, trouble in (("calendar.example.org", ""), ("roklad.example.org", "unreachable")):
            source = Source(
                f"{host:x<36.36}", COURSE, f"https://{host}/a.ics", "OR-1", "teacher", now, now, {}
            )
            timetable_imports.add_source(connection, replace(source, trouble=trouble, trouble_at=host))


def _moved(state: State) -> State:
    first = next(one for one in state.lessons if one.starts_at.date() >= LATELY)
    hours = Hours(first.starts_at.date() + timedelta(days=1), time(9), time(10, 35))
    return edits.move(state, first.lesson_id, first.group, hours, KYIV, "ауд. 214")[0]


def _cancelled(state: State) -> State:
    coming = next(one for one in state.lessons if one.starts_at > datetime.now(UTC))
    return edits.cancel(state, coming.lesson_id)


def _holidays(state: State) -> State:
    return edits.add_holiday(state, HOLIDAY, HOLIDAY + timedelta(days=2), "Зимові канікули", KYIV)


def path_of(app: FastAPI, path: str) -> str:
    """Give the path of a case; `{lesson}` stands for a lesson that was moved."""
    with reading(app.state.engine) as connection:
        state = timetables.state_of(connection, COURSE)
    moved = next(one for one in state.lessons if one.moved_from)
    return path.replace("{lesson}", moved.lesson_id)


BESIDE = "work-at-home"
OR = f"/timetable/{COURSE}"
DRAFT = "0b8f0a52-7c55-4a6e-8a07-0c7c3f6f0a11"
HOLIDAY = (datetime.now(UTC) + timedelta(days=20)).date()
USAGE_CASES = {
    "study": ("study", "researcher", "/?since=", 200),
    "study of a course without events": ("study", "researcher", "/?course=nothing", 200),
    "compare": ("compare", "researcher", "/compare?since=", 200),
    "compare by other choices": ("compare", "researcher", f"/compare?grid=true&since={LATELY}", 200),
    "compare nobody": ("compare", "researcher", "/compare?course=nothing", 200),
    "exercises": ("exercises", "researcher", "/compare/exercises?material=simplex&since=", 200),
    "exercises of a notebook that the hub has not": (
        "exercises",
        "researcher",
        "/compare/exercises?material=transport&since=",
        200,
    ),
    "exercises of nothing": ("exercises", "researcher", "/compare/exercises?course=nothing", 200),
    "costs": ("costs", "admin", "/costs", 200),
    "costs of a course without servers": ("costs", "admin", "/costs?course=nothing", 200),
    "export log": ("export_log", "admin", "/export-log", 200),
    "completeness": ("completeness", "researcher", "/completeness?since=", 200),
    "completeness of a teacher's courses": ("completeness", "teacher", "/completeness", 200),
    "completeness of nothing": ("completeness", "admin", "/completeness?course=nothing", 200),
    "set up the study": ("study_form", "researcher", "/study?saved=true", 200),
    "study beside another": ("study", "researcher", f"/of/{BESIDE}/", 200),
    "set up a study beside another": ("study_form", "researcher", f"/of/{BESIDE}/study", 200),
    "study that is closed": ("error", "researcher", "/of/over/", 404),
    "erasures": ("erasures", "admin", "/erasures", 200),
    "my data": ("me", "demo-01", "/me", 200),
    "my data of one who declined": ("me", DECLINED, "/me", 200),
    "my data of a newcomer": ("me", "newcomer", "/me", 200),
    "for researchers": ("for_researchers", "student", "/", 403),
    "for teachers": ("for_teachers", "student", "/timetable", 403),
    "timetables": ("timetables", "teacher", "/timetable", 200),
    "timetable": ("timetable", "teacher", f"{OR}", 200),
    "timetable of one group": (
        "timetable",
        "teacher",
        f"{OR}?group=OR-2&done=moved&now_in=3&now_other=2",
        200,
    ),
    "timetable with holidays": ("timetable", "teacher", f"{OR}?day={HOLIDAY}", 200),
    "timetable without lessons": ("timetable", "admin", "/timetable/algebra", 200),
    "timetable, a lesson": ("timetable_lesson", "teacher", f"{OR}/lesson/{{lesson}}", 200),
    "timetable, no such lesson": ("error", "teacher", f"{OR}/lesson/{'0' * 32}", 404),
    "timetable, enter": ("timetable_enter", "teacher", f"{OR}/enter", 200),
    "timetable, import": ("timetable_import", "teacher", f"{OR}/import", 200),
    "timetable, preview": ("timetable_preview", "teacher", f"{OR}/import/{DRAFT}", 200),
    "timetable, groups": ("timetable_people", "teacher", f"{OR}/people", 200),
    "timetable, versions": ("timetable_versions", "teacher", f"{OR}/versions?before=1&after=4", 200),
    "timetable, rhythm": ("timetable_rhythm", "teacher", f"{OR}/rhythm?group=OR-1", 200),
    "timetable, exercises": ("timetable_exercises", "teacher", f"{OR}/exercises?material=simplex", 200),
    "timetable, exercises of nobody": ("timetable_exercises", "admin", "/timetable/algebra/exercises", 200),
    "timetable, rhythm of nobody": ("timetable_rhythm", "teacher", f"{OR}/rhythm?group=none", 200),
    "usage 400": ("error", "researcher", "/?since=yesterday", 400),
    "usage, a period that ends before it begins": (
        "period",
        "researcher",
        "/compare?course=operations-research&since=2026-11-10&until=2026-11-01",
        400,
    ),
    "usage 403": ("error", "teacher", "/export.csv", 403),
    "usage 404": ("error", "researcher", "/nothing", 404),
    "usage 500": ("error", "researcher", "/broken", 500),
    "usage 503": ("error", "researcher", "/away", 503),
    "usage for people": ("error", "a-program", "/me", 403),
}
"""For each page of the service: its template in `usage/`, who goes where, and the status."""
