"""A student's server on the private tier opens what its student was allowed, though the store holds more."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from maximalab_hub.doctor import running
from maximalab_hub.doctor.finding import Verdict
from maximalab_hub.secret_files import Secret, read_secret
from maximalab_hub.settings import Settings, load_settings
from maximalab_spawner.tiers import Entrance
from pageshub import COURSE, COURSES, MATERIAL, PagesHub, free_ports, xsrf

SERVER = "/user/student/private-maxima"
OTHER = "algebra"


def describe(hub: PagesHub, name: str, course: str) -> None:
    """Put a private material into the catalogue and into the store of its tier."""
    text = MATERIAL.format(id=name, access="private", course=course)
    (hub.folder / f"catalogue/{name}.toml").write_text(text, encoding="utf-8")
    version = hub.folder / f"materials/private/{name}/1"
    version.mkdir(parents=True)
    (version / "material.toml").write_text(text, encoding="utf-8")
    notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (version / f"{name}.uk.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesHub]:
    names = ("public", "public_api", "vpn", "vpn_api", "hub", "usage")
    started = PagesHub(tmp_path_factory.mktemp("hub"), dict(zip(names, free_ports(6), strict=True)))
    try:
        started.start()
        courses = started.folder / "catalogue/courses.toml"
        courses.write_text(COURSES.format(course=COURSE) + COURSES.format(course=OTHER), encoding="utf-8")
        for name, course in (("game", COURSE), ("exam", OTHER)):
            describe(started, name, course)
        yield started
    finally:
        started.stop()


def press_open(student: httpx.Client, material: str) -> httpx.Response:
    form = {"_xsrf": xsrf(student, "/hub/lab")}
    return student.post(f"/hub/open/{material}", data=form, follow_redirects=False)


def until_it_runs(student: httpx.Client, progress: str) -> str:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        answer = student.get(progress, follow_redirects=False)
        if answer.status_code == 302:
            return answer.headers["Location"]
        time.sleep(0.2)
    raise AssertionError("the server does not start")


def doctor_finds_nothing_private(hub: PagesHub) -> None:
    """While a private server runs, its gate stands at the public entrance, and no doctor takes it for the server."""
    settings = load_settings(hub.folder / "maximalab.toml")
    token = read_secret(settings.secrets.dir, Secret.PROXY_TOKEN_PUBLIC)
    api = f"{settings.entrances[Entrance.PUBLIC].api_url}/api/routes"
    routes = httpx.get(api, headers={"Authorization": f"token {token}"}, trust_env=False).json()
    assert SERVER in routes, "its gate is there"
    assert running.private_routes(settings).verdict is Verdict.OK
    assert running.entrances(settings).verdict is Verdict.OK


def test_a_doctor_within_the_lab_looks_at_the_proxies_where_no_entrance_is_reached(hub: PagesHub):
    (closed,) = free_ports(1)

    def away(settings: Settings, field: str, *doors: Entrance) -> Settings:
        """Give settings by which these doors are where nobody listens."""
        nowhere = {field: f"http://127.0.0.1:{closed}"}
        moved = {
            door: one.model_copy(update=nowhere if door in doors else {})
            for door, one in settings.entrances.items()
        }
        return settings.model_copy(update={"entrances": moved})

    within = away(load_settings(hub.folder / "maximalab.toml"), "url", *Entrance)
    found = running.entrances(within)
    assert (found.verdict, "not reached from here" in found.detail) == (Verdict.OK, True)
    nobody = within.hub.model_copy(update={"connect_url": f"http://127.0.0.1:{closed}"})
    assert running.entrances(within.model_copy(update={"hub": nobody})).verdict is Verdict.NOT_CHECKED
    found = running.entrances(away(within, "api_url", Entrance.VPN))
    assert (found.verdict, "proxy at vpn" in found.detail) == (Verdict.WRONG, True)


def test_a_student_of_one_course_gets_nothing_of_another_from_the_same_tier(hub: PagesHub):
    with closing(hub.signed_in("student", entrance="vpn")) as student:
        notebook = until_it_runs(student, press_open(student, "game").headers["Location"])
        arrived = student.get(notebook)
        assert (arrived.status_code, arrived.url.path) == (200, f"{SERVER}/lab/tree/game/game.uk.ipynb")

        doctor_finds_nothing_private(hub)
        assert press_open(student, "exam").status_code == 403, "the hub refuses it"
        refused = student.get(f"{SERVER}/maximalab/open?material=exam&lang=en")
        assert refused.status_code == 403, "and so does the student's own server"
        assert "without the right to open this material" in refused.text
        assert "без права відкривати цей матеріал" in refused.text
        assert not (hub.folder / "homes/private/student/exam").exists()

        describe(hub, "late", COURSE)
        late = press_open(student, "late")
        assert late.status_code == 409, "a server that was not given it is not sent there"
        assert "stop the server in My lab" in late.text
        assert press_open(student, "game").headers["Location"] == notebook

        student.post("/hub/stop/private-maxima", data={"_xsrf": xsrf(student, "/hub/lab")})
        until_it_runs(student, press_open(student, "late").headers["Location"])
        opened = student.get(f"{SERVER}/maximalab/open?material=late&lang=uk")
        assert opened.url.path == f"{SERVER}/lab/tree/late/late.uk.ipynb"
