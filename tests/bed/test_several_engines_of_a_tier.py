"""What a teacher publishes lies at every engine of its tier, whichever of them a student's home is at."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace

import pytest
from docker.errors import NotFound
from maximalab_spawner.backends import read_backends
from maximalab_spawner.desk import DeskAwayError
from maximalab_spawner.engine import Address, Engines
from maximalab_spawner.enginedesk import EngineDesk
from maximalab_spawner.hardening import MATERIALS
from maximalab_spawner.tiers import Tier
from uploads import files, sent, wanted, zipped

pytestmark = pytest.mark.docker
LAB = "severalengines"


@pytest.fixture
def desk(lab):
    """A desk at both public engines, each by its own socket; the materials lie in volumes of the engines."""
    backends = [one for one in read_backends(lab.folder / "backends.toml") if one.tier is Tier.PUBLIC]
    assert len(backends) == 2
    mine = tuple(
        replace(
            one,
            materials=None,
            site=replace(one.site, engine=Address(one.name, lab.nodes[one.name].url)),
        )
        for one in backends
    )
    engines = Engines(timeout=60)
    yield EngineDesk(LAB, Tier.PUBLIC, lambda: mine, engines)
    engines.close()
    for name in ("pub1", "pub2"):
        client = lab.nodes[name].client
        for one in client.volumes()["Volumes"] or ():
            if one["Name"].startswith(LAB):
                client.remove_volume(one["Name"])


def lying(lab, node: str) -> dict[str, bytes]:
    """Read what a node's own engine keeps of the material, by version and file."""
    client = lab.nodes[node].client
    host = client.create_host_config(
        mounts=[{"Type": "volume", "Source": f"{LAB}.materials", "Target": MATERIALS}]
    )
    made = client.create_container(lab.image, "true", host_config=host)
    try:
        blocks, _ = client.get_archive(made["Id"], f"{MATERIALS}/exam")
        with tarfile.open(fileobj=io.BytesIO(b"".join(blocks))) as archive:
            return {
                one.name.removeprefix("exam/"): archive.extractfile(one).read()
                for one in archive.getmembers()
                if one.isfile()
            }
    except NotFound:
        return {}
    finally:
        client.remove_container(made["Id"], force=True)


async def test_a_material_lies_at_both_with_the_same_bytes_and_can_be_put_back_at_both(lab, desk):
    first, second = files(), files(2)
    for content, order in ((first, wanted(first)), (second, wanted(second, 2, 1))):
        await sent(desk, order, zipped(content))
        await desk.place(order)
    await desk.again(wanted(second, 3, 2), 1, files(3)["material.toml"].decode())
    expected = {
        f"{number}/{name}": data
        for number, content in ((1, first), (2, second))
        for name, data in content.items()
    }
    for node in ("pub1", "pub2"):
        found = lying(lab, node)
        assert {name: found.get(name) for name in expected} == expected
        assert found["3/a.ipynb"] == first["a.ipynb"]


async def test_where_one_engine_is_away_nothing_is_published_and_the_next_try_does(lab, desk):
    content = files()
    order = wanted(content)
    await sent(desk, order, zipped(content))
    lab.nodes["pub2"].stop()
    try:
        with pytest.raises(DeskAwayError, match="pub2"):
            await desk.place(order)
    finally:
        lab.nodes["pub2"].start()
    assert lying(lab, "pub1") == {}
    await desk.place(order)
    assert lying(lab, "pub1") == lying(lab, "pub2") == {f"1/{name}": data for name, data in content.items()}
