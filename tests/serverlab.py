"""A lab with an engine for each tier: a catalogue, a file of backends, spawners on them, and what was told."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

from jupyterhub import orm
from jupyterhub.objects import Hub
from maximalab_spawner.atengine import ServerAtEngine
from maximalab_spawner.catalog import publish
from maximalab_spawner.engine import Engines
from maximalab_spawner.tiers import Entrance, Tier

MATERIAL = """id = "{name}"
version = 1
access = "{access}"
image = "{image}"
courses = ["or"]
title = {{uk = "Назва", en = "Title"}}
summary = {{uk = "Про що", en = "What"}}
notebooks = {{en = "a.ipynb"}}
"""
COUNT = itertools.count()


class ServerLab:
    """What labs of all kinds of engines share."""

    word: ClassVar[str]
    """The kind, as the file of backends says it."""
    kind: ClassVar[type[ServerAtEngine]]
    answers: ClassVar[str]
    """The program of a small server that stands where JupyterLab stands."""

    def __init__(self, folder: Path, images: dict[str, str], urls: dict[Tier, str]):
        self.folder, self.told, self.spawners, self.names = folder, [], [], set()
        self.name = f"test{os.getpid()}x{next(COUNT)}"
        self.engines, self.images, self.urls = Engines(), images, urls
        self.limits: dict[Tier, str] = {}
        self.pools = ""
        self.more: dict[Tier, str] = {}
        stores = {tier: folder / "materials" / tier for tier in Tier}
        self._publish(stores)
        self.write()

    def _publish(self, stores: dict[Tier, Path]):
        courses = '[[course]]\nid="or"\ntitle={uk="ДО", en="OR"}\n'
        rows = (("simplex", "open", "maxima"), ("game", "private", "maxima"), ("lost", "open", "nowhere"))
        for name, access, image in rows:
            source = self.folder / "source" / name
            source.mkdir(parents=True)
            (source / "material.toml").write_text(MATERIAL.format(name=name, access=access, image=image))
            (source / "a.ipynb").write_text("{}")
            (self.folder / "source/courses.toml").write_text(courses)
            publish(source, catalogue=self.folder / "catalogue", stores=stores)
        for store in stores.values():
            store.mkdir(parents=True, exist_ok=True)
        # A container's user is another one than the one who runs the tests.
        for folder in (self.folder, *self.folder.parents[:3]):
            mode = folder.stat().st_mode
            if mode & 0o055 != 0o055:
                folder.chmod(mode | 0o055)

    def network(self, tier: Tier) -> str:
        return f"maximalab-{self.backend(tier)}"

    def backend(self, tier: Tier) -> str:
        return f"{tier}-{self.name}"

    def subnet(self, tier: Tier) -> str:
        """Give the first three numbers of the servers' network."""
        raise LookupError(tier)

    def hub_host(self, tier: Tier) -> str:
        """Say where the hub is, as servers see it: at the gateway of their network."""
        return f"{self.subnet(tier)}.1"

    def command(self, program: str) -> list[str]:
        """Say how a program of a few lines is run."""
        return ["python3", "-c", program]

    def write(self):
        """Write the file of backends as it is to be now."""
        text = self.pools
        for tier in Tier:
            images = "".join(f'{word} = "{name}"\n' for word, name in self.images.items())
            hub = self.hub_host(tier)
            text += (
                f'[[backend]]\nname="{self.backend(tier)}"\ntier="{tier}"\nkind="{self.word}"\ncapacity=20\n'
                f'materials="{self.folder}/materials/{tier}"\nengine="{self.urls[tier]}"\n'
                f'subnet="{self.subnet(tier)}.0/24"\nhub_url="http://{hub}:8081"\n'
                f'usage_url="http://{hub}:1/events"\n{self.more.get(tier, "")}'
                f"[backend.images]\n{images}[backend.limits]\n{self.limits.get(tier, 'memory_mb = 256')}\n"
            )
        (self.folder / "backends.toml").write_text(text)

    def spawner(self, tier=Tier.PUBLIC, user="ada", *, program=None, material=None, **given: Any):
        material = material or {Tier.PUBLIC: "simplex", Tier.PRIVATE: "game"}[tier]
        image = "nowhere" if material == "lost" else "maxima"
        name = f"{tier}-{image}"
        spawner = self.kind(
            hub=Hub(),
            user=SimpleNamespace(
                name=user, url=f"/user/{user}", groups=[SimpleNamespace(name="study:or")], admin=False
            ),
            orm_spawner=orm.Spawner(name=name),
            catalog_dir=str(self.folder / "catalogue"),
            backends_file=str(self.folder / "backends.toml"),
            lab_name=self.name,
            usage_sink=self.take,
            oauth_client_id="mock",
            cmd=self.command(program or self.answers),
            **{"stop_grace": 5.0, "user_options": {"material": material}, **given},
        )
        spawner.opened_at = Entrance.VPN
        spawner.engines = self.engines
        spawner.api_token = f"token-{next(COUNT)}"
        spawner.handler = None
        self.spawners.append(spawner)
        return spawner

    def again(self, spawner, **given: Any):
        """Make the spawner that a hub has after a restart."""
        tier, user = Tier(spawner.name.partition("-")[0]), spawner.user.name
        after = self.spawner(tier, user, **given)
        after.load_state(dict(spawner.get_state()))
        return after

    def take(self, kind, *, event_id=None, at=None, **fields):  # noqa: ARG002  # the moment is not compared
        """Take an event as the store does: once by its name."""
        if event_id is None or event_id not in self.names:
            self.told.append((kind, fields))
            self.names.add(event_id)

    def kinds(self):
        return [kind for kind, _ in self.told]
