"""Publishing at a real hub behind two real proxies: who may, what is refused and why, and where no byte ever lies."""

from __future__ import annotations

import io
import socket
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from labclient import wait_for
from maximalab_spawner.sources import LARGEST_MATERIAL
from pageshub import PagesHub, free_ports
from pagewords import foreign_words, menu
from publishing import Author, material, zipped

CANARY = "canary-of-private-words-8f3a1c"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesHub]:
    names = ("public", "public_api", "vpn", "vpn_api", "hub", "usage")
    running = PagesHub(tmp_path_factory.mktemp("hub"), dict(zip(names, free_ports(6), strict=True)))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def author(hub: PagesHub) -> Iterator[Callable[..., Author]]:
    browsers: list[httpx.Client] = []

    def come(name: str = "teacher", **how: str) -> Author:
        browsers.append(hub.signed_in(name, **how))
        return Author(browsers[-1])

    yield come
    for browser in browsers:
        browser.close()


def lying(hub: PagesHub, tier: str) -> list[str]:
    """List the files of a tier's store and of its desk."""
    store = hub.folder / "materials"
    return sorted(
        str(path.relative_to(store))
        for place in (store / tier, store / f"{tier}.desk")
        for path in place.rglob("*")
        if path.is_file()
    )


def places_with(hub: PagesHub, word: bytes) -> set[str]:
    """Name the files of the whole lab in which the word stands: databases, logs, keys, stores, all."""
    found = (path for path in hub.folder.rglob("*") if path.is_file() and word in path.read_bytes())
    return {str(path.relative_to(hub.folder)) for path in found}


@pytest.mark.parametrize(
    ("access", "entrance", "lang"),
    [("open", "public", "en"), ("open", "vpn", "uk"), ("licensed", "vpn", "en"), ("private", "vpn", "uk")],
)
def test_a_teacher_publishes_looks_publishes_again_puts_back_and_withdraws(
    hub: PagesHub, author, access: str, entrance: str, lang: str
):
    teacher, id_ = author(entrance=entrance, lang=lang), f"{access}-by-{entrance}"
    tier = "public" if access == "open" else "private"
    sent = teacher.send(material(id_, access=access, text="one"))
    assert sent.status_code == 200, sent.text
    page = teacher.browser.get(sent.json()["go"])
    assert ("Матеріал" if lang == "uk" else "Material") in page.text
    assert not (hub.folder / f"catalogue/{id_}.toml").exists(), (
        "nothing is in force before its author says so"
    )
    versions = teacher.say(sent.json()["go"], "publish")
    assert versions.url.path == f"/hub/publish/of/{id_}", versions.text
    assert f"{tier}/{id_}/1/{id_}.ipynb" in lying(hub, tier)
    assert id_ in teacher.browser.get("/hub/lab").text
    again = teacher.publish(material(id_, access=access, version=2, text="two", data=b"1,2"))
    assert again.text.count("teacher") >= 2
    back = teacher.of(id_, "put-back", version="1")
    assert back.status_code == 200, back.text
    third = hub.folder / f"materials/{tier}/{id_}/3"
    assert "one" in (third / f"{id_}.ipynb").read_text()
    assert "version = 3" in (third / "material.toml").read_text()
    assert not (third / "data").exists()
    gone = teacher.of(id_, "withdraw")
    assert gone.status_code == 200
    assert not (hub.folder / f"catalogue/{id_}.toml").exists()
    assert teacher.browser.post(f"/hub/open/{id_}", data={"_xsrf": teacher.xsrf}).status_code == 404
    assert teacher.of(id_, "put-back", version="2").status_code == 200
    assert "data" in " ".join(lying(hub, tier))
    for text in (page.text, back.text, gone.text):
        assert (
            lang == "en"
            or foreign_words(text, {"my", "material", id_.split("-", maxsplit=1)[0], "by", entrance, "csv"})
            == set()
        )
    assert not [name for name in lying(hub, tier) if ".desk" in name], "nothing is left on the desk"


def test_no_byte_of_private_material_lies_on_the_hub(hub: PagesHub, author):
    teacher = author(entrance="vpn")
    word = CANARY.encode()
    teacher.publish(material("secret", access="private", text=CANARY, extra=word * 1000))
    spoilt = teacher.send(material("secret", access="private", version=2, text=CANARY) | {"../x": word})
    assert spoilt.status_code == 422
    cut = zipped(material("secret", access="private", version=2, text=CANARY), zipfile.ZIP_STORED)[:-40]
    assert teacher.send(material("secret", access="private", version=2, text=CANARY), cut).status_code == 422
    waits = teacher.send(material("secret", access="private", version=2, text=CANARY))
    found = places_with(hub, word)
    assert found, "the word is searched for where it is, too"
    assert {name.split("/")[1] for name in found} <= {"private", "private.desk"}, found
    teacher.say(waits.json()["go"], "discard")
    assert all(name.startswith("materials/private/secret/1/") for name in places_with(hub, word))


@pytest.mark.parametrize("access", ["private", "licensed"])
def test_the_public_entrance_takes_nothing_private(hub: PagesHub, author, access: str):
    for lang, word in (("en", "VPN entrance"), ("uk", "вході VPN")):
        told = author(lang=lang).send(material("not-here", access=access, text=CANARY))
        assert told.status_code == 403
        assert word in told.json()["refused"]["title"]
        assert told.json()["refused"]["url"] == f"{hub.vpn}/hub/publish"
    assert not (hub.folder / "catalogue/not-here.toml").exists()


def test_what_was_begun_at_the_vpn_entrance_does_not_go_on_at_the_public_one(hub: PagesHub, author):
    """The refusal comes before the body: it is never sent here, and the answer is there all the same."""
    inside, outside = author(entrance="vpn"), author(entrance="public")
    data = zipped(material("mixed-up", access="private", text=CANARY))
    address = inside.describe(material("mixed-up", access="private")["material.toml"], 50_000_000).json()[
        "upload"
    ]
    cookies = "; ".join(f"{one.name}={one.value}" for one in outside.browser.cookies.jar)
    head = (
        f"POST {address} HTTP/1.1\r\nHost: 127.0.0.1:{hub.ports['public']}\r\nCookie: {cookies}\r\n"
        f"X-XSRFToken: {outside.xsrf}\r\nContent-Type: application/octet-stream\r\nContent-Length: 50000000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", hub.ports["public"]), 60) as line:
        line.sendall(head.encode() + data[:100])
        assert line.recv(100).startswith(b"HTTP/1.1 404")
    assert lying(hub, "private") == [one for one in lying(hub, "private") if "mixed-up" not in one]


def test_only_teachers_of_the_course_publish(hub: PagesHub, author, tmp_path: Path):
    for name in ("student", "researcher"):
        browser = hub.signed_in(name)
        assert browser.get("/hub/publish").status_code == 403
        assert "/hub/publish" not in menu(browser.get("/hub/lab").text)
        browser.close()
    with hub.visitor() as stranger:
        assert stranger.get("/hub/publish").url.path == "/hub/login"
        assert stranger.post("/hub/publish/describe", content=b"x").status_code == 403
    teacher, boss = author(), author("boss")
    (hub.folder / "catalogue/courses.toml").open("a").write(
        '[[course]]\nid = "algebra"\n[course.title]\nuk = "Алгебра"\nen = "Algebra"\n'
    )
    assert teacher.send(material("foreign", course="algebra")).status_code == 403
    assert boss.publish(material("foreign", course="algebra")).status_code == 200
    taken = teacher.send(material("foreign", version=2))
    assert taken.status_code == 403, "nobody takes over a material of a course that is not theirs"
    for deed in ("put-back", "withdraw"):
        assert teacher.of("foreign", deed, version="1").status_code == 403
    assert teacher.browser.get("/hub/publish/of/foreign").status_code == 403


def test_nobody_looks_at_or_publishes_what_another_has_sent(author):
    teacher, boss = author(), author("boss")
    sent = teacher.send(material("mine-alone")).json()["go"]
    assert boss.browser.get(sent).status_code == 404
    assert boss.say(sent, "publish").status_code == 404
    assert teacher.say(sent, "discard").url.path == "/hub/publish"
    assert teacher.say(sent, "publish").status_code == 404


def test_no_form_goes_without_its_token(author):
    teacher = author()
    sent = teacher.send(material("guarded")).json()["go"]
    for address in (sent, "/hub/publish/of/simplex/withdraw", "/hub/publish/describe?length=10"):
        answer = teacher.browser.post(address, data={"do": "publish"}, headers={"Sec-Fetch-Mode": "no-cors"})
        assert answer.status_code == 403, address
    teacher.say(sent, "discard")


def test_every_fault_is_named_in_the_reader_s_language(author):
    description = (
        material("faulty")["material.toml"].replace(b"version = 1", b"version = 0").replace(b"Material", b" ")
    )
    told = {
        lang: author(lang=lang).describe(description + b"extra = 1\n", 100).json()["faults"]
        for lang in ("uk", "en")
    }
    assert [fault["field"] for fault in told["en"]] == ["extra", "version", "title.en"]
    assert {fault["file"] for fault in told["en"]} == {"material.toml"}
    assert [fault["remedy"] for fault in told["uk"]][2] == "напишіть непорожній текст"


def bomb() -> bytes:
    data = io.BytesIO(zipped(material("bad")))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as file:
        for _ in range(LARGEST_MATERIAL // 2**20 + 1):
            file.write(bytes(2**20))
    return data.getvalue()


def linked() -> bytes:
    data = io.BytesIO(zipped(material("bad")))
    with zipfile.ZipFile(data, "a") as archive:
        info = zipfile.ZipInfo("x")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return data.getvalue()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(bomb, "holds more than", id="a bomb"),
        pytest.param(linked, "is a link", id="a link"),
        pytest.param(lambda: zipped(material("bad") | {"../x": b"x"}), "leads out", id="a way out"),
        pytest.param(lambda: zipped(material("bad"))[:-30], "neither a folder nor a zip", id="cut off"),
        pytest.param(lambda: b"x" * 1000, "neither a folder nor a zip", id="no zip"),
        pytest.param(
            lambda: zipped(material("bad", text="x", version=2)), "is not the description", id="another one"
        ),
        pytest.param(
            lambda: zipped({"a/b/material.toml": b""}), "holds no material.toml", id="no description"
        ),
        pytest.param(
            lambda: zipped({"material.toml": material("bad")["material.toml"], "a": b"", "A": b""}),
            "one name on many machines",
            id="two names that are one",
        ),
    ],
)
def test_t20_what_is_up_to_something_is_refused_and_leaves_nothing(hub: PagesHub, author, make, said: str):
    before = lying(hub, "public")
    answer = author().send(material("bad"), make())
    assert answer.status_code == 422, answer.text
    assert said in " ".join(fault["remedy"] for fault in answer.json()["faults"])
    assert lying(hub, "public") == before
    assert not (hub.folder / "catalogue/bad.toml").exists()
    assert "Traceback" not in hub.log()


def test_t20_what_is_too_large_is_refused_before_it_is_sent(author):
    answer = author().describe(material("huge")["material.toml"], LARGEST_MATERIAL + 1)
    assert answer.status_code == 422
    assert "keep large data elsewhere" in answer.json()["faults"][0]["remedy"]
    assert author().describe(b"#" * 300_000, 10).status_code == 413


def test_t20_an_upload_that_breaks_off_leaves_nothing(hub: PagesHub, author):
    teacher = author(entrance="vpn")
    address = teacher.describe(material("half", access="private")["material.toml"], 9_000_000).json()[
        "upload"
    ]
    cookies = "; ".join(f"{one.name}={one.value}" for one in teacher.browser.cookies.jar)
    head = (
        f"POST {address} HTTP/1.1\r\nHost: 127.0.0.2:{hub.ports['vpn']}\r\nCookie: {cookies}\r\n"
        f"X-XSRFToken: {teacher.xsrf}\r\nContent-Length: 9000000\r\n\r\n"
    )
    token = address.rpartition("/")[2]
    desk = hub.folder / "materials/private.desk"
    with socket.create_connection(("127.0.0.2", hub.ports["vpn"]), 60) as line:
        line.sendall(head.encode() + b"x" * 200_000)
        wait_for((desk / token).exists, seconds=60, why="the desk has begun to take it in")
    wait_for(lambda: not (desk / token).exists(), seconds=60, why="what had come is freed")


def test_the_same_number_or_an_older_one_is_refused(author):
    teacher = author()
    teacher.publish(material("counted", version=5))
    for version in (4, 5):
        answer = teacher.send(material("counted", version=version, text="other"))
        assert answer.json()["faults"][0]["field"] == "version"


def test_a_material_that_becomes_private_leaves_the_public_tier(hub: PagesHub, author):
    inside = author(entrance="vpn")
    inside.publish(material("moving"))
    assert author().send(material("moving", access="private", version=2)).status_code == 403
    inside.publish(material("moving", access="private", version=2))
    assert [name for name in lying(hub, "public") if "moving" in name] == []
    assert author().of("moving", "withdraw").status_code == 403, (
        "nor is it withdrawn where it may not be published"
    )
    assert "put-back" not in inside.browser.get("/hub/publish/of/moving").text
