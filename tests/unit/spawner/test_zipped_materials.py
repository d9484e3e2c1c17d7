"""A material in a zip is published like its folder; a zip that is up to something is refused, with a reason."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labsettings import settings_toml
from maximalab_spawner.catalog import CatalogError, publish, read_catalog
from maximalab_spawner.sources import LARGEST_MATERIAL, LONGEST_PATH, MOST_FILES, check_names, read_source
from maximalab_spawner.tiers import Tier

MATERIAL = """id = "game"
version = 1
access = "private"
image = "maxima"
courses = ["or"]
title = {uk = "Гра", en = "Game"}
summary = {uk = "Про що", en = "What"}
notebooks = {en = "game.ipynb"}
"""
GOOD = {"material.toml": MATERIAL.encode(), "game.ipynb": b'{"cells": []}', "дані/ціни.csv": b"1,2"}
Spoil = Callable[[zipfile.ZipFile], None]


def zipped(files: dict[str, bytes], spoil: Spoil = lambda _archive: None, within: str = "") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(within + name, content)
        spoil(archive)
    return data.getvalue()


class Desk:
    """An author's zip, a catalogue and two stores."""

    def __init__(self, root: Path):
        self.zip, self.catalogue = root / "source/game.zip", root / "catalogue"
        self.stores = {tier: root / "materials" / tier for tier in Tier}
        self.zip.parent.mkdir()
        (self.zip.parent / "courses.toml").write_text('[[course]]\nid="or"\ntitle={uk="ДО", en="OR"}\n')

    def publish(self, data: bytes):
        self.zip.write_bytes(data)
        return publish(self.zip, catalogue=self.catalogue, stores=self.stores)

    def lying(self, tier: Tier) -> dict[str, bytes]:
        store = self.stores[tier]
        return {
            str(path.relative_to(store)): path.read_bytes() for path in store.rglob("*") if path.is_file()
        }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    "within", ["", "game/", "whatever it is called/"], ids=["plain", "folder", "odd folder"]
)
def test_a_zip_is_published_like_its_folder(desk, within: str):
    noise = {"__MACOSX/._game.ipynb": b"x", within + ".ipynb_checkpoints/game.ipynb": b"old"}
    done = desk.publish(zipped({within + name: data for name, data in GOOD.items()} | noise))
    assert (done.material.tier, done.changed) == (Tier.PRIVATE, True)
    assert desk.lying(Tier.PRIVATE) == {f"game/1/{name}": data for name, data in GOOD.items()}
    assert desk.lying(Tier.PUBLIC) == {}
    assert sorted(path.name for path in desk.catalogue.iterdir()) == ["courses.toml", "game.toml"]
    assert read_catalog(desk.catalogue).find("game") == done.material


def test_the_same_from_a_folder_changes_nothing(desk):
    desk.publish(zipped(GOOD))
    folder = desk.zip.parent / "game"
    for name, data in GOOD.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    assert not publish(folder, catalogue=desk.catalogue, stores=desk.stores).changed


def entry(name: str, data: bytes = b"x", *, mode: int = 0, kind: int = zipfile.ZIP_DEFLATED) -> Spoil:
    def add(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo(name)
        info.external_attr, info.compress_type = mode << 16, kind
        archive.writestr(info, data)

    return add


def many(count: int) -> Spoil:
    def add(archive: zipfile.ZipFile) -> None:
        for number in range(count):
            archive.writestr(f"data/{number}", b"")

    return add


def bomb(archive: zipfile.ZipFile) -> None:
    with archive.open("zeros", "w") as file:
        for _ in range(LARGEST_MATERIAL // 2**20 + 1):
            file.write(bytes(2**20))


EVIL_NAMES = {
    "../outside": "leads out",
    "data/../../outside": "leads out",
    "/etc/passwd": "leads out",
    "..": "leads out",
    "": "no plain path",
    "a//b": "no plain path",
    "./a": "no plain path",
    "C:\\a": "a sign",
    "..\\outside": "a sign",
    "a:b": "a sign",
    "a\nb": "a sign",
    "a*": "a sign",
    " a": "a sign",
    "a ": "a sign",
    "a.": "a sign",
    "a" * (LONGEST_PATH + 1): "longer than",
    "GAME.ipynb": "one name",
    "game.ipynb/a": "in a file",
}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        *(pytest.param(entry(name), said, id=f"{name[:20]!r}") for name, said in EVIL_NAMES.items()),
        pytest.param(entry("x", b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "link", id="a link"),
        pytest.param(entry("x", mode=stat.S_IFIFO | 0o600), "no plain file", id="a pipe"),
        pytest.param(entry("x", mode=stat.S_IFCHR | 0o600), "no plain file", id="a device"),
        pytest.param(entry("x", kind=zipfile.ZIP_LZMA), "unusual way", id="an unusual compression"),
        pytest.param(bomb, "more than", id="a bomb"),
        pytest.param(many(MOST_FILES), "more than", id="too many files"),
        pytest.param(many(12 * MOST_FILES), "more than", id="far too many files"),
    ],
)
def test_t20_a_zip_that_is_up_to_something_is_refused_with_a_reason(desk, spoil: Spoil, said: str):
    data = zipped(GOOD, spoil)
    with pytest.raises(CatalogError, match=said) as caught:
        desk.publish(data)
    assert str(desk.zip) in str(caught.value)
    assert (desk.lying(Tier.PRIVATE), desk.lying(Tier.PUBLIC)) == ({}, {})
    assert not desk.catalogue.exists()
    assert sorted(path.name for path in desk.zip.parent.iterdir()) == ["courses.toml", "game.zip"]


def twice() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate"):
        return zipped(GOOD, entry("game.ipynb"))


def central(data: bytes, at: int, value: bytes) -> bytes:
    """Change what the list of files says of the first one."""
    found = data.index(b"PK\x01\x02") + at
    return data[:found] + value + data[found + len(value) :]


WHOLE = zipped(GOOD)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "neither a folder nor a zip", id="nothing"),
        pytest.param(b"PK\x03\x04 and so on", "neither a folder nor a zip", id="no zip"),
        pytest.param(WHOLE[:-30], "neither a folder nor a zip", id="cut off"),
        pytest.param(WHOLE[300:], "no whole zip", id="without its beginning"),
        pytest.param(central(WHOLE, 8, b"\x01\x00"), "encrypted", id="encrypted"),
        pytest.param(central(WHOLE, 24, b"\x05\x00\x00\x00"), "no whole zip", id="shorter than it is"),
        pytest.param(central(WHOLE, 24, b"\x00\x00\x01\x00"), "not as long", id="longer than it is"),
        pytest.param(central(WHOLE, 16, b"1234"), "no whole zip", id="a wrong checksum"),
        pytest.param(central(WHOLE, 42, b"\xff\xff\xff\x7f"), "no whole zip", id="a file beyond the end"),
        pytest.param(WHOLE[:-22] + b"PK\x06\x07" + bytes(16) + WHOLE[-22:], "more than", id="a second list"),
        pytest.param(zipped({}), "no material.toml", id="empty"),
        pytest.param(zipped(GOOD, within="a/b/"), "no material.toml", id="a folder too deep"),
        pytest.param(zipped(GOOD | {"material.toml": b"id = 7"}), "field", id="a wrong material.toml"),
        pytest.param(zipped(GOOD | {"game.ipynb": b"[]"}), r"notebooks\.en", id="no notebook"),
        pytest.param(zipped(GOOD | {"game.ipynb": b"[" * 100_000}), r"notebooks\.en", id="a deep notebook"),
        pytest.param(zipped(GOOD).replace("дані".encode(), b"\xff" * 8), "UTF-8|whole", id="no UTF-8"),
    ],
)
def test_t20_a_zip_that_is_not_whole_is_refused_with_a_reason(desk, data: bytes, said: str):
    with pytest.raises(CatalogError, match=said):
        desk.publish(data)
    assert (desk.lying(Tier.PRIVATE), desk.lying(Tier.PUBLIC)) == ({}, {})


def test_one_name_twice_is_refused(desk):
    with pytest.raises(CatalogError, match="twice"):
        desk.publish(twice())


def test_a_zip_with_a_comment_is_a_zip(desk):
    def remark(archive: zipfile.ZipFile) -> None:
        archive.comment = b"made by somebody"

    assert desk.publish(zipped(GOOD, remark)).changed


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=12))
def test_whatever_is_wrong_in_a_zip_is_told_or_harmless(tmp_path_factory, changes):
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    path = tmp_path_factory.getbasetemp() / "broken.zip"
    path.write_bytes(data)
    try:
        content = read_source(path)
    except CatalogError:
        return
    check_names(path, content)
    assert sum(map(len, content.values())) <= LARGEST_MATERIAL


def test_a_course_that_nobody_has_described_is_named(desk):
    (desk.zip.parent / "courses.toml").unlink()
    with pytest.raises(CatalogError, match=r"field `courses`: 'or'"):
        desk.publish(zipped(GOOD))


def test_a_tier_that_cannot_be_published_to_is_named(desk):
    del desk.stores[Tier.PRIVATE]
    with pytest.raises(CatalogError, match=r"catalogue\.private_store is not set"):
        desk.publish(zipped(GOOD))


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [(WHOLE, 0, "game 1 (private): published\n"), (b"no zip", 2, "neither a folder nor a zip")],
    ids=["a good zip", "no zip"],
)
def test_the_command_publishes_a_zip_or_says_in_a_line_why_not(desk, data: bytes, code: int, said: str):
    desk.zip.write_bytes(data)
    settings = desk.zip.parents[1] / "maximalab.toml"
    stores = {"private_store": "materials/private", "public_store": "materials/public"}
    settings.write_text(settings_toml({"catalogue": stores}), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "maximalab_hub.cli", "materials", "publish", str(desk.zip)],
        env=os.environ | {"MAXIMALAB_SETTINGS": str(settings)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == code, ran.stderr
    assert said in ran.stdout + ran.stderr
    assert len((ran.stdout + ran.stderr).splitlines()) == 1
