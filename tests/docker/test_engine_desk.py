"""Material is taken in at a real engine: through its API into a volume, checked in a container, and nowhere else."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import tarfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from maximalab_spawner.backends import read_backends
from maximalab_spawner.desk import DeskAwayError, Wanted
from maximalab_spawner.enginedesk import EngineDesk
from maximalab_spawner.faults import CatalogError
from maximalab_spawner.hardening import MATERIALS, SPOOL
from maximalab_spawner.sources import LARGEST_MATERIAL
from maximalab_spawner.stores import desk_volume, shelf
from maximalab_spawner.tiers import Tier
from serverlab import MATERIAL
from uploads import files, sent, wanted, zipped

pytestmark = pytest.mark.docker

CANARY = b"canary-of-private-words-52be77"


class Place:
    """A desk of the private tier, and an eye on the volumes behind it."""

    def __init__(self, lab, *, folder: bool):
        [backend] = [one for one in read_backends(lab.folder / "backends.toml") if one.tier is Tier.PRIVATE]
        self.lab, self.backend = lab, backend if folder else replace(backend, materials=None)
        if folder:
            for path in (backend.materials, *backend.materials.rglob("*")):
                path.chmod(
                    0o777 if path.is_dir() else 0o666
                )  # for the person of the image, whoever runs the tests
        self.desk = EngineDesk(lab.name, Tier.PRIVATE, lambda: (self.backend,), lab.engines)

    def lying(self) -> dict[str, bytes]:
        """Read every file of the two volumes, by its path."""
        kept = shelf(self.lab.name, self.backend, "exam")
        names = {SPOOL: desk_volume(self.lab.name, Tier.PRIVATE).volume, MATERIALS: kept.volume}
        host = self.lab.engine.create_host_config(
            mounts=[{"Type": "volume", "Source": name, "Target": at} for at, name in names.items()]
        )
        made = self.lab.engine.create_container(self.lab.images["maxima"], "true", host_config=host)
        try:
            return {f"{at}/{path}": data for at in names for path, data in self._read(made["Id"], at).items()}
        finally:
            self.lab.engine.remove_container(made["Id"], force=True)

    def _read(self, container: str, at: str) -> dict[str, bytes]:
        blocks, _ = self.lab.engine.get_archive(container, f"{at}/.")
        with tarfile.open(fileobj=io.BytesIO(b"".join(blocks))) as archive:
            return {
                str(Path(one.name)): archive.extractfile(one).read()
                for one in archive.getmembers()
                if one.isfile()
            }


@pytest.fixture(params=[False, True], ids=["in volumes", "in a folder of its machine"])
def place(request, lab):
    return Place(lab, folder=request.param)


def of_exam(place: Place) -> dict[str, bytes]:
    """Read what lies in the store of this one material, by version and file."""
    within = f"{MATERIALS}/exam/" if place.backend.materials else f"{MATERIALS}/"
    return {
        path.removeprefix(within): data for path, data in place.lying().items() if path.startswith(within)
    }


async def test_a_material_is_looked_at_placed_put_back_and_taken_out(place):
    first, second = files(text=CANARY), files(2)
    seen = await sent(place.desk, wanted(first), zipped(first))
    assert {one.name: one.size for one in seen.files} == {name: len(data) for name, data in first.items()}
    assert of_exam(place) == {}, "nothing is in the store before its author says so"
    await place.desk.place(wanted(first))
    assert of_exam(place) == {f"1/{name}": data for name, data in first.items()}
    seen = await sent(place.desk, wanted(second, 2, 1), zipped(second))
    old = {one.name: one.sha256 for one in seen.before}
    assert old == {name: hashlib.sha256(data).hexdigest() for name, data in first.items()}
    await place.desk.place(wanted(second, 2, 1))
    third = files(3)["material.toml"].decode()
    await place.desk.again(wanted(second, 3, 2), 1, third)
    assert of_exam(place)["3/a.ipynb"] == first["a.ipynb"]
    assert of_exam(place)["3/material.toml"].decode() == third
    await place.desk.clear("exam")
    assert not [path for path in place.lying() if "exam" in path or path.startswith(SPOOL)]
    assert place.lab.containers() == []
    beside = {place.lab.folder / "materials" / "private"} if place.backend.materials else set()
    for path in place.lab.folder.rglob("*"):
        if path.is_file() and not beside & set(path.parents):
            assert CANARY not in path.read_bytes(), path


async def test_what_is_refused_leaves_nothing_and_says_why(place):
    good = files(text=CANARY)
    bomb = zipped(good | {"zeros": bytes(LARGEST_MATERIAL)})
    for data, said in (
        (bomb, "holds more than"),
        (zipped(good | {"../x": b""}), "leads out"),
        (zipped(good)[:-30], "neither a folder nor a zip"),
        (zipped(good | files(2)), "is not the description"),
    ):
        with pytest.raises(CatalogError, match=said) as caught:
            await sent(place.desk, wanted(good), data)
        assert all(one.remedy("uk") for one in caught.value.faults)
        await place.desk.drop("token1")
    assert of_exam(place) == {}
    assert not [path for path in place.lying() if path.startswith(SPOOL)]
    assert place.lab.containers() == []


async def test_an_upload_that_breaks_off_is_freed(place):
    with pytest.raises(DeskAwayError):
        await sent(place.desk, wanted(files()), zipped(files()), until=65536)
    await place.desk.drop("token1")
    assert not [path for path in place.lying() if path.startswith(SPOOL)]
    assert place.lab.containers() == []


async def test_the_container_that_looks_has_no_network_and_no_rights(place):
    made = []

    def spy(client, *words, **how):
        answer = type(client).create_container_from_config(client, *words, **how)
        made.append(client.inspect_container(answer["Id"]))
        return answer

    engine = place.lab.engines.of(place.backend.site.engine)
    await engine.call(lambda client: setattr(client, "create_container_from_config", partial(spy, client)))
    await place.desk.drop("nothing")
    [container] = made
    host = container["HostConfig"]
    assert (host["NetworkMode"], host["CapDrop"], host["ReadonlyRootfs"]) == ("none", ["ALL"], True)
    assert host["Binds"] is None
    assert {one["Type"] for one in host["Mounts"]} == {"volume"}
    assert container["Config"]["User"] == "1000:1000"


async def test_an_engine_that_is_away_is_told_as_away(lab):
    line = lab.behind_a_line(Tier.PRIVATE)
    place = Place(lab, folder=False)
    line.break_off()
    with pytest.raises(DeskAwayError):
        await sent(place.desk, wanted(files()), zipped(files()))


async def publish_into_volumes(lab, tier: Tier, name: str, access: str) -> None:
    """Publish as the page does, at an engine where nobody has a folder; the catalogue has it already."""
    description = MATERIAL.format(name=name, access=access, image="maxima").encode()
    content = {"material.toml": description, "a.ipynb": b'{"at": "' + tier.encode() + b'"}'}
    desk = EngineDesk(lab.name, tier, lambda: read_backends(lab.folder / "backends.toml"), lab.engines)
    order = Wanted(f"token{name}", name, 1, None, ("or",), hashlib.sha256(description).hexdigest())
    await sent(desk, order, zipped(content))
    await desk.place(order)


async def test_an_engine_keeps_materials_itself_and_both_tiers_open_theirs_side_by_side(lab):
    backends = lab.folder / "backends.toml"
    backends.write_text(re.sub(r"(?m)^materials=.*\n", "", backends.read_text()))
    shutil.rmtree(lab.folder / "materials")
    await publish_into_volumes(lab, Tier.PUBLIC, "simplex", "open")
    await publish_into_volumes(lab, Tier.PRIVATE, "game", "private")
    await publish_into_volumes(lab, Tier.PRIVATE, "exam", "private")
    open_, private = lab.spawner(Tier.PUBLIC), lab.spawner(Tier.PRIVATE)
    for spawner in (open_, private):
        await spawner.start()
    assert lab.run(open_, "sh", "-c", "cat /srv/materials/*/1/a.ipynb") == (0, '{"at": "public"}')
    assert lab.run(private, "sh", "-c", "cat /srv/materials/*/1/a.ipynb") == (0, '{"at": "private"}')
    assert lab.run(private, "ls", "/srv/materials") == (0, "game\n"), "what was not handed to it is not there"
    assert lab.run(private, "touch", "/srv/materials/game/1/a.ipynb")[0] != 0
    assert "game" not in lab.run(open_, "cat", "/proc/self/mountinfo")[1]
