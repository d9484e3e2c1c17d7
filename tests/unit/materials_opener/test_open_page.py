"""The address that a click ends at, on a real server with JupyterLab: who gets in, where it leads, what it says."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

BASE = "/user/ann/public-maxima"
TOML = """
id = "simplex"
version = {version}
[title]
uk = "Симплекс-метод <1>"
en = "The simplex method <1>"
[notebooks]
uk = "симплекс.uk.ipynb"
en = "simplex.en.ipynb"
"""


def publish(store: Path, version: int) -> None:
    folder = store / "simplex" / str(version)
    folder.mkdir(parents=True)
    (folder / "material.toml").write_text(TOML.format(version=version))
    for name in ("симплекс.uk.ipynb", "simplex.en.ipynb"):
        (folder / name).write_text(
            json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        )


def told_of(process: Path, kernel: str) -> bool:
    """Whether a process has a kernel's connection file on its command line."""
    try:
        return f"kernel-{kernel}.json".encode() in (process / "cmdline").read_bytes()
    except OSError:  # none, or one that has ended
        return False


class Place:
    """A student's server on a loopback port, and a browser that keeps cookies and follows nothing."""

    def __init__(self, folder: Path) -> None:
        self.home, self.store, self.runtime = folder / "home", folder / "store", folder / "runtime"
        for each in (self.home, self.store, self.runtime):
            each.mkdir()
        self.settings = folder / "config" / "lab" / "user-settings"
        self.cookies: dict[str, str] = {}
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "JPY", "MAXIMALAB"))}
        environment = {
            **clean,
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "JUPYTER_NO_CONFIG": "1",
            "MAXIMALAB_MATERIALS": str(self.store),
            "MAXIMALAB_MAY_OPEN": "simplex game",
            "MAXIMALAB_SPOOL": str(folder / "spool"),
            "MAXIMALAB_LANG": "uk",
            "JUPYTERHUB_BASE_URL": "/math/",
        }
        settings = {
            "jpserver_extensions": "{'maximalab_materials': True, 'maximalab_recorder': True, 'jupyterlab': True}",
            "ip": "127.0.0.1", "port": "0", "root_dir": str(self.home), "base_url": BASE, "allow_root": "True",
        }  # fmt: skip
        command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--IdentityProvider.token=t0ken"]
        command += [f"--ServerApp.{name}={value}" for name, value in settings.items()]
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        self.port = self._port()

    def _port(self) -> int:
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            for file in self.runtime.glob("jpserver-*.json"):
                with contextlib.suppress(ValueError, OSError):  # half written, or not listening yet
                    self.port = int(json.loads(file.read_text())["port"])
                    self.ask("GET", f"{BASE}/api")
                    return self.port
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, *, token: bool = False):
        """Ask once: status, headers and text of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if token:
            headers["Authorization"] = "token t0ken"
        connection.request(method, path, urlencode(form) if form is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        return answer.status, answer.headers, text

    def open(self, **query: str):
        return self.ask("GET", f"{BASE}/maximalab/open?{urlencode(query)}")

    def language_of_a_kernel(self) -> str:
        """Start a kernel, and give the language that it was told."""
        headers = {"Authorization": "token t0ken", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", f"{BASE}/api/kernels", json.dumps({"name": "python3"}), headers)
        answer = connection.getresponse()
        assert answer.status == 201, answer.read()
        kernel = json.loads(answer.read())["id"]
        [process] = [each for each in Path("/proc").iterdir() if told_of(each, kernel)]
        variables = (process / "environ").read_bytes().decode().split("\0")
        connection.request("DELETE", f"{BASE}/api/kernels/{kernel}", headers=headers)
        connection.getresponse().read()
        connection.close()
        return dict(each.partition("=")[::2] for each in variables)["MAXIMALAB_LANG"]

    def sign_in(self) -> None:
        self.ask("GET", f"{BASE}/api/status?token=t0ken")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory):
    running = Place(tmp_path_factory.mktemp("place"))
    yield running
    running.process.terminate()
    running.process.wait(20)


def test_the_whole_way_of_a_material(place: Place):
    status, headers, _ = place.open(material="simplex", lang="uk")
    assert status == 302
    assert "login" in headers["Location"], "a stranger is asked to sign in"
    place.sign_in()
    assert place.open(material="simplex")[0] == 404

    publish(place.store, 1)
    status, headers, _ = place.open(material="simplex", lang="uk")
    assert status == 303
    wanted = f"{BASE}/lab/tree/simplex/%D1%81%D0%B8%D0%BC%D0%BF%D0%BB%D0%B5%D0%BA%D1%81.uk.ipynb"
    assert headers["Location"] == wanted
    assert place.ask("GET", urlsplit(wanted).path)[0] == 200, "JupyterLab opens there"

    shown = json.loads(
        place.ask("GET", f"{BASE}/lab/api/settings/@jupyterlab/translation-extension:plugin")[2]
    )
    assert shown["settings"] == {"locale": "uk_UA"}
    pack = json.loads(place.ask("GET", f"{BASE}/lab/api/translations/uk_UA")[2])
    assert pack["data"]["jupyterlab"], "JupyterLab has Ukrainian words under that name"

    publish(place.store, 2)
    status, headers, page = place.open(material="simplex", lang="uk")
    assert (status, headers["Location"]) == (200, None)
    assert "є новіша версія" in page
    assert "Симплекс-метод &lt;1&gt;" in page
    assert "Put version 2 beside it" in place.open(material="simplex", lang="en")[2]
    assert place.open(material="simplex", lang="uk", keep="1")[1]["Location"] == wanted

    action = f"{BASE}/maximalab/open"
    form = {"material": "simplex", "lang": "en"}
    assert place.ask("POST", action, form)[0] == 403, "no form of ours, no copy"
    assert not (place.home / "simplex-v2").exists()
    form["_xsrf"] = re.search(r'name="_xsrf" value="([^"]+)"', page)[1]
    status, headers, _ = place.ask("POST", action, form)
    assert (status, headers["Location"]) == (303, f"{BASE}/lab/tree/simplex-v2/simplex.en.ipynb")
    assert (place.home / "simplex" / "симплекс.uk.ipynb").exists()


@pytest.mark.parametrize(
    ("material", "status", "ukrainian", "english"),
    [
        pytest.param("../../etc", 400, "не називає матеріалу", "names no material", id="a path upwards"),
        pytest.param("..%2f..", 400, "не називає матеріалу", "names no material", id="an encoded path"),
        pytest.param("SIMPLEX", 400, "не називає матеріалу", "names no material", id="upper case"),
        pytest.param("<script>", 400, "не називає матеріалу", "names no material", id="a script"),
        pytest.param(
            "exam", 403, "без права відкривати", "without the right to open", id="a material not handed over"
        ),
        pytest.param(
            "game", 404, "на цьому рівні немає", "no such material on this tier", id="an unknown material"
        ),
    ],
)
def test_a_refusal_says_so_in_both_languages(place: Place, material, status, ukrainian, english):
    place.sign_in()
    answered, headers, page = place.open(material=material, lang="en")
    assert answered == status
    assert page.index(english) < page.index(ukrainian), "the reader's language comes first"
    assert "<script" not in page
    assert 'lang="en"' in page
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_the_page_brings_everything_with_it(place: Place):
    place.sign_in()
    _, headers, page = place.open(material="game")
    assert not re.search(r"src=|url\(|@import|<link", page)
    assert re.findall(r'href="([^"]*)"', page) == ["/math/hub/lab"]  # the way back, at the entrance asked
    assert re.search(r"style-src 'nonce-([^']+)'", headers["Content-Security-Policy"])[1] in page


def test_a_store_that_went_away_is_said(place: Place):
    place.sign_in()
    place.store.rename(place.store.with_name("away"))
    try:
        assert place.open(material="simplex")[0] == 503
    finally:
        place.store.with_name("away").rename(place.store)


def test_kernels_speak_the_language_of_the_last_opening(place: Place):
    place.sign_in()
    if not (place.store / "simplex").exists():
        publish(place.store, 1)
    for language in ("en", "uk", "en"):
        assert place.open(material="simplex", lang=language, keep="1")[0] == 303
        assert place.language_of_a_kernel() == language
