"""Opening on a real disk: whole or not at all, and what is a student's stays the student's."""

from __future__ import annotations

import errno
import json
import os
import threading
from typing import TYPE_CHECKING

import pytest
from maximalab_materials import copying
from maximalab_materials.opening import Offer, Opened, open_beside, open_material
from maximalab_materials.refusals import Reason, Refused
from maximalab_materials.store import handed_id

if TYPE_CHECKING:
    from pathlib import Path

TOML = """
id = "{name}"
version = {version}
[title]
uk = "Симплекс-метод"
en = "The simplex method"
[notebooks]
uk = "{name}.uk.ipynb"
en = "{name}.en.ipynb"
"""


def publish(store: Path, version: int, name: str = "simplex") -> Path:
    """Put a version into the store as publishing does: read-only."""
    folder = store / name / str(version)
    (folder / "data").mkdir(parents=True)
    (folder / "material.toml").write_text(TOML.format(name=name, version=version))
    for language in ("uk", "en"):
        (folder / f"{name}.{language}.ipynb").write_text(f"{language} {version}")
    (folder / "data" / "costs.csv").write_text("1,2")
    for file in folder.rglob("*"):
        file.chmod(0o555 if file.is_dir() else 0o444)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    publish(tmp_path / "store", 1)
    return tmp_path / "store"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_the_first_opening_copies_everything_and_it_is_writable(store: Path, root: Path):
    assert open_material(store, root, "simplex", "uk", keep=False) == Opened("simplex/simplex.uk.ipynb")
    copy = root / "simplex"
    marker = json.loads((copy / ".maximalab.json").read_text())
    assert (marker["id"], marker["version"]) == ("simplex", 1)
    assert set(marker["files"]) == {"material.toml", "simplex.uk.ipynb", "simplex.en.ipynb", "data/costs.csv"}
    assert all(file.stat().st_mode & 0o200 for file in copy.rglob("*"))
    assert [each.name for each in root.iterdir()] == ["simplex"], "something half-made was left"


def test_work_is_never_overwritten(store: Path, root: Path):
    open_material(store, root, "simplex", "uk", keep=False)
    (root / "simplex" / "simplex.uk.ipynb").write_text("my work")
    assert open_material(store, root, "simplex", "uk", keep=False) == Opened("simplex/simplex.uk.ipynb")
    assert (root / "simplex" / "simplex.uk.ipynb").read_text() == "my work"


def test_a_deleted_notebook_comes_back_and_nothing_else_does(store: Path, root: Path):
    open_material(store, root, "simplex", "uk", keep=False)
    (root / "simplex" / "simplex.en.ipynb").write_text("my work")
    (root / "simplex" / "simplex.uk.ipynb").unlink()
    (root / "simplex" / "data" / "costs.csv").unlink()
    open_material(store, root, "simplex", "uk", keep=False)
    assert (root / "simplex" / "simplex.uk.ipynb").read_text() == "uk 1"
    assert (root / "simplex" / "simplex.en.ipynb").read_text() == "my work"
    assert not (root / "simplex" / "data" / "costs.csv").exists()


def test_a_newer_version_is_offered_and_goes_beside(store: Path, root: Path):
    open_material(store, root, "simplex", "uk", keep=False)
    (root / "simplex" / "simplex.uk.ipynb").write_text("my work")
    publish(store, 10)
    offer = open_material(store, root, "simplex", "uk", keep=False)
    assert isinstance(offer, Offer)
    assert (offer.own, offer.newest.version, offer.may_continue, offer.beside_there) == (1, 10, True, False)
    assert open_material(store, root, "simplex", "uk", keep=True) == Opened("simplex/simplex.uk.ipynb")
    assert open_beside(store, root, "simplex", "uk").notebook == "simplex-v10/simplex.uk.ipynb"
    (root / "simplex-v10" / "simplex.uk.ipynb").write_text("new work")
    assert open_beside(store, root, "simplex", "uk") == Opened("simplex-v10/simplex.uk.ipynb")
    assert (root / "simplex-v10" / "simplex.uk.ipynb").read_text() == "new work"
    assert (root / "simplex" / "simplex.uk.ipynb").read_text() == "my work"
    offer = open_material(store, root, "simplex", "uk", keep=False)
    assert isinstance(offer, Offer)
    assert offer.beside_there


def test_a_folder_of_ones_own_is_left_alone(store: Path, root: Path):
    (root / "simplex").mkdir()
    (root / "simplex" / "mine.txt").write_text("mine")
    offer = open_material(store, root, "simplex", "en", keep=False)
    assert isinstance(offer, Offer)
    assert (offer.own, offer.may_continue) == (None, False)
    assert open_beside(store, root, "simplex", "en").notebook == "simplex-v1/simplex.en.ipynb"
    assert [each.name for each in (root / "simplex").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", '{"id": "simplex", "version": "1"}', '{"id": "other", "version": 1}', "[" * 100_000],
)
def test_a_marker_that_says_nothing_sensible_vouches_for_nothing(store: Path, root: Path, text: str):
    (root / "simplex").mkdir()
    (root / "simplex" / ".maximalab.json").write_text(text)
    assert isinstance(open_material(store, root, "simplex", "uk", keep=False), Offer)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("../simplex", Reason.BAD_ID, id="a path upwards"),
        pytest.param("simplex/1", Reason.BAD_ID, id="a path downwards"),
        pytest.param("Simplex", Reason.BAD_ID, id="upper case"),
        pytest.param("simplex\n", Reason.BAD_ID, id="a line's end"),
        pytest.param("", Reason.BAD_ID, id="nothing"),
        pytest.param("a" * 42, Reason.BAD_ID, id="too long"),
        pytest.param("matrix-game", Reason.UNKNOWN, id="a material that is not there"),
    ],
)
def test_a_name_that_is_no_material_is_refused(store: Path, root: Path, name: str, reason: Reason):
    for opening in (
        lambda: open_material(store, root, name, "uk", keep=False),
        lambda: open_beside(store, root, name, "uk"),
    ):
        with pytest.raises(Refused) as refused:
            opening()
        assert refused.value.reason is reason
    assert list(root.iterdir()) == []


def link_file(folder: Path) -> None:
    (folder / "passwd").symlink_to("/etc/passwd")


def link_folder(folder: Path) -> None:
    (folder / "etc").symlink_to("/etc")


def link_version(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def no_description(folder: Path) -> None:
    (folder / "material.toml").unlink()


def another_id(folder: Path) -> None:
    (folder / "material.toml").write_text(TOML.format(name="other", version=1))


def notebook_elsewhere(folder: Path) -> None:
    text = (
        (folder / "material.toml").read_text().replace('uk = "simplex.uk.ipynb"', 'uk = "../../../x.ipynb"')
    )
    (folder / "material.toml").unlink()
    (folder / "material.toml").write_text(text)


@pytest.mark.parametrize(
    "damage", [link_file, link_folder, link_version, pipe, no_description, another_id, notebook_elsewhere]
)
def test_a_damaged_material_is_refused_whole(tmp_path: Path, root: Path, damage):
    folder = publish(tmp_path / "store", 1)
    folder.chmod(0o755)
    (folder / "material.toml").chmod(0o644)
    damage(folder)
    with pytest.raises(Refused) as refused:
        open_material(tmp_path / "store", root, "simplex", "uk", keep=False)
    assert refused.value.reason is Reason.DAMAGED
    assert list(root.iterdir()) == []


def test_a_missing_store_is_said(tmp_path: Path, root: Path):
    with pytest.raises(Refused) as refused:
        open_material(tmp_path / "nowhere", root, "simplex", "uk", keep=False)
    assert refused.value.reason is Reason.NO_STORE


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        pytest.param(errno.ENOSPC, Reason.NO_SPACE, id="the disk is full"),
        pytest.param(errno.EDQUOT, Reason.NO_SPACE, id="the quota is used up"),
        pytest.param(errno.EROFS, Reason.UNWRITABLE, id="the space is read-only"),
    ],
)
def test_a_copy_that_fails_midway_leaves_nothing(
    store: Path, root: Path, monkeypatch, number: int, reason: Reason
):
    written: list[int] = []

    def fail_at_the_third(handle: int) -> None:
        written.append(handle)
        if len(written) == 3:
            raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(copying.os, "fsync", fail_at_the_third)
        with pytest.raises(Refused) as refused:
            open_material(store, root, "simplex", "uk", keep=False)
    assert refused.value.reason is reason
    assert list(root.iterdir()) == []
    assert open_material(store, root, "simplex", "uk", keep=False) == Opened("simplex/simplex.uk.ipynb")


def test_what_a_killed_server_had_half_made_is_swept_away(store: Path, root: Path):
    left = root / ".simplex-abc.maximalab-copy"
    left.mkdir()
    os.utime(left, (0, 0))
    open_material(store, root, "simplex", "uk", keep=False)
    assert not left.exists()


def test_many_tabs_open_it_at_once_and_there_is_one_copy(store: Path, root: Path):
    results: list[object] = []
    threads = [
        threading.Thread(
            target=lambda: results.append(open_material(store, root, "simplex", "uk", keep=False))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.notebook for result in results] == ["simplex/simplex.uk.ipynb"] * len(threads)
    assert [each.name for each in root.iterdir()] == ["simplex"]


@pytest.mark.parametrize(
    ("handed", "reason"),
    [
        pytest.param("game", None, id="this one"),
        pytest.param("exam game solver", None, id="one of several"),
        pytest.param("*", None, id="every one of the tier"),
        pytest.param("", Reason.NOT_HANDED, id="nothing was handed over"),
        pytest.param("exam", Reason.NOT_HANDED, id="another"),
        pytest.param("game-2 ga", Reason.NOT_HANDED, id="names that begin alike"),
    ],
)
def test_only_what_was_handed_to_the_server_is_opened(handed: str, reason: Reason | None):
    if reason is None:
        assert handed_id("game", handed) == "game"
        return
    with pytest.raises(Refused) as refused:
        handed_id("game", handed)
    assert refused.value.reason is reason


@pytest.mark.parametrize("name", ["*", "", "a b", "../game"])
def test_what_is_no_name_is_handed_to_nobody(name: str):
    with pytest.raises(Refused) as refused:
        handed_id(name, "* game a b")
    assert refused.value.reason is Reason.BAD_ID
