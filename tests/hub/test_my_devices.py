"""My devices at a real hub: who may enrol, what is shown once, and what the gateway is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from maximalab_hub.people import _write as write_accounts
from maximalab_hub.people import read_accounts
from maximalab_hub.secret_files import Secret, read_secret
from maximalab_hub.vpn.keys import is_key, new_pair
from pageshub import PagesHub, free_ports, xsrf
from pagewords import foreign_words, menu, read

GATEWAY = """
[gateway]
pool = "172.20.0.0/24"
endpoint = "vpn.example.edu:51820"
public_key = "{key}"
routes = ["172.20.0.1/32"]
devices_per_person = 2
preshared = true
"""
LAPTOP = {"uk": "Мій ноутбук", "en": "My laptop"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesHub]:
    names = ("public", "public_api", "vpn", "vpn_api", "hub", "usage")
    running = PagesHub(tmp_path_factory.mktemp("hub"), dict(zip(names, free_ports(6), strict=True)))
    running.more = GATEWAY.format(key=new_pair().public)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def visit(hub: PagesHub) -> Iterator[Callable[..., httpx.Client]]:
    visitors: list[httpx.Client] = []

    def come(name: str, **how: str) -> httpx.Client:
        visitors.append(hub.signed_in(name, **how))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.close()


def enrol(visitor: httpx.Client, label: str, **more: str) -> httpx.Response:
    form = {"_xsrf": xsrf(visitor, "/hub/lab") or xsrf(visitor, "/hub/devices"), "label": label, **more}
    return visitor.post("/hub/devices", data=form)


def revoke_all(visitor: httpx.Client) -> None:
    page = visitor.get("/hub/devices").text
    token = page.partition('name="_xsrf" value="')[2].partition('"')[0]
    for id_ in re.findall(r"/hub/devices/([0-9a-f]{32})/revoke", page):
        assert visitor.post(f"/hub/devices/{id_}/revoke", data={"_xsrf": token}).url.path == "/hub/devices"


def peers(hub: PagesHub, token: str | None = None) -> httpx.Response:
    """Ask as the gateway does, on the hub's own port."""
    told = token or read_secret(hub.folder / "secrets", Secret.VPN_GATEWAY_TOKEN)
    url = f"http://127.0.0.1:{hub.ports['hub']}/hub/vpn/peers"
    return httpx.get(url, headers={"Authorization": f"token {told}"}, trust_env=False, timeout=60)


@pytest.mark.parametrize("lang", ["uk", "en"])
@pytest.mark.parametrize("entrance", ["public", "vpn"])
def test_a_device_is_enrolled_and_its_key_is_shown_once(hub: PagesHub, visit, lang: str, entrance: str):
    visitor = visit("student", lang=lang, entrance=entrance)
    assert "/hub/devices" in menu(visitor.get("/hub/lab").text)
    answer = enrol(visitor, LAPTOP[lang])
    assert answer.status_code == 200, answer.text
    assert read(answer.text)[0] == lang
    assert lang == "en" or foreign_words(answer.text) == set()
    assert answer.headers["Cache-Control"] == "no-store"
    conf = answer.text.partition("<pre><code>")[2].partition("</code>")[0]
    private, shared = (re.search(f"{what} = (.*)", conf)[1] for what in ("PrivateKey", "PresharedKey"))
    assert is_key(private)
    listed = visitor.get("/hub/devices").text
    assert LAPTOP[lang] in listed
    for place in (listed, hub.log(), str(answer.url)):
        assert private not in place
        assert shared not in place
    stored = b"".join(file.read_bytes() for file in hub.folder.glob("*.sqlite*"))
    assert private.encode() not in stored
    [peer] = peers(hub).json()["peers"]
    assert (peer["address"], peer["preshared_key"]) == (re.search(r"Address = (.*)/32", conf)[1], shared)
    assert "student" not in str(peer)
    again = enrol(visitor, LAPTOP[lang])
    assert again.status_code == 400, "a page that is loaded again enrols no second device"
    revoke_all(visitor)
    assert peers(hub).json() == {"peers": []}


def test_who_brings_a_key_gets_none(visit):
    visitor = visit("teacher")
    assert enrol(visitor, "Phone", public_key="no key").status_code == 400
    answer = enrol(visitor, "Phone", public_key=new_pair().public)
    assert "YOUR_PRIVATE_KEY" in answer.text
    assert "<img" not in answer.text.partition("<main")[2]
    revoke_all(visitor)


def test_whom_the_vpn_opens_nothing_enrols_nothing(visit):
    visitor = visit("researcher")
    assert "device-label" not in visitor.get("/hub/devices").text
    visitor.get("/hub/token")
    answer = visitor.post("/hub/devices", data={"_xsrf": xsrf(visitor, "/hub/token") or visitor.cookies["_xsrf"],
                                                "label": "Laptop"})  # fmt: skip
    assert answer.status_code == 403


def test_nobody_revokes_anothers_device_and_no_form_goes_without_its_token(hub: PagesHub, visit):
    student, teacher = visit("student"), visit("teacher")
    enrol(student, "Laptop")
    id_ = peers(hub).json()["peers"][0]["id"]
    token = xsrf(teacher, "/hub/lab")
    teacher.post(f"/hub/devices/{id_}/revoke", data={"_xsrf": token})
    assert len(peers(hub).json()["peers"]) == 1
    for path in ("/hub/devices", f"/hub/devices/{id_}/revoke"):
        for data in ({"label": "x"}, {"label": "x", "_xsrf": "guessed"}):
            assert student.post(path, data=data, headers={"Sec-Fetch-Mode": "no-cors"}).status_code == 403
    assert len(peers(hub).json()["peers"]) == 1
    revoke_all(student)


@pytest.mark.parametrize("secret", [Secret.WITNESS_TOKEN, Secret.USAGE_TOKEN])
def test_the_list_is_the_gateways_alone(hub: PagesHub, visit, secret: Secret):
    assert peers(hub, read_secret(hub.folder / "secrets", secret)).status_code == 403
    assert peers(hub, "no token that anybody has").status_code == 403
    assert visit("boss").get("/hub/vpn/peers").status_code == 403


def test_who_loses_the_right_is_out_and_what_cannot_be_read_changes_nothing(hub: PagesHub, visit):
    visitor = visit("student")
    enrol(visitor, "Laptop")
    accounts, courses = hub.folder / "accounts.toml", hub.folder / "catalogue/courses.toml"
    for file in (accounts, courses):
        text = file.read_text(encoding="utf-8")
        file.write_text("[[", encoding="utf-8")
        assert peers(hub).status_code == 503
        file.write_text(text, encoding="utf-8")
        assert len(peers(hub).json()["peers"]) == 1
    people, text = read_accounts(accounts), accounts.read_text(encoding="utf-8")
    write_accounts(accounts, [one for name, one in people.items() if name != "student"])
    assert peers(hub).json() == {"peers": []}
    accounts.write_text(text, encoding="utf-8")
    assert len(peers(hub).json()["peers"]) == 1
    revoke_all(visitor)
