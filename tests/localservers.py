"""A lab of local servers, with real processes: a catalogue, two backends, and spawners on them."""

from __future__ import annotations

import sys
from types import SimpleNamespace

from jupyterhub import orm
from jupyterhub.objects import Hub
from labsettings import mark_homes
from maximalab_spawner.catalog import publish
from maximalab_spawner.local import TieredLocalSpawner
from maximalab_spawner.tiers import Entrance, Tier

MATERIAL = """id = "{name}"
version = 1
access = "{access}"
image = "maxima"
courses = ["or"]
title = {{uk = "Назва", en = "Title"}}
summary = {{uk = "Про що", en = "What"}}
notebooks = {{en = "a.ipynb"}}
"""
LISTENS = """
import os, pathlib, signal, socket
from urllib.parse import urlparse
signal.signal(signal.SIGTERM, {on_term})
url = urlparse(os.environ["JUPYTERHUB_SERVICE_URL"])
line = socket.create_server((url.hostname, url.port))
pathlib.Path("environment").write_text("\\n".join(f"{{k}}={{v}}" for k, v in os.environ.items()))
print("hello")
while True: line.accept()
"""
OBEYS, STUBBORN = LISTENS.format(on_term="lambda *_: os._exit(3)"), LISTENS.format(on_term="signal.SIG_IGN")
"""The first ends wherever the signal finds it: an exception is lost in what closes a connection just then."""

LIFE = {
    "mark": "gone",
    "start_id": "0193a000-0000-7000-8000-000000000001",
    "stop_id": "0193a000-0000-7000-8000-000000000002",
    "began": "2026-11-22T10:00:00+00:00",
    "launched": True,
    "start_told": True,
}


class LocalServers:
    """A catalogue, two backends, and spawners on them."""

    def __init__(self, root):
        self.root, self.told, self.names, self.spawners = root, [], set(), []
        stores = {tier: root / "materials" / tier for tier in Tier}
        for name, access in (("simplex", "open"), ("game", "private")):
            source = root / "source" / name
            source.mkdir(parents=True)
            (source / "material.toml").write_text(MATERIAL.format(name=name, access=access))
            (source / "a.ipynb").write_text("{}")
            (root / "source/courses.toml").write_text('[[course]]\nid="or"\ntitle={uk="ДО", en="OR"}\n')
            publish(source, catalogue=root / "catalogue", stores=stores)
        for tier in Tier:
            mark_homes(root / "homes" / tier)
        (root / "backends.toml").write_text(
            "".join(
                f'[[backend]]\nname="local-{tier}"\ntier="{tier}"\nkind="local"\ncapacity=1\n'
                f'materials="materials/{tier}"\nhomes="homes/{tier}"\n'
                for tier in Tier
            )
        )

    def spawner(self, server="public-maxima", material="simplex", user="ada", program=OBEYS, **given):
        groups = [SimpleNamespace(name="study:or")]
        spawner = TieredLocalSpawner(
            hub=Hub(),
            user=SimpleNamespace(name=user, url=f"/user/{user}", groups=groups, admin=False),
            orm_spawner=orm.Spawner(name=server),
            catalog_dir=str(self.root / "catalogue"),
            backends_file=str(self.root / "backends.toml"),
            spool_dir=str(self.root / "spool"),
            usage_url="http://usage/events",
            usage_sink=self.take,
            user_options={"material": material},
            oauth_client_id="mock",
            cmd=[sys.executable, "-c", program],
            **{"stop_grace": 5.0, **given},
        )
        spawner.opened_at = Entrance.VPN
        spawner.handler = None
        self.spawners.append(spawner)
        return spawner

    def take(self, kind, *, event_id=None, at=None, **fields):  # noqa: ARG002  # the moment is not compared
        """Take an event as the store does: once by its name."""
        if event_id is None or event_id not in self.names:
            self.told.append((kind, fields))
            self.names.add(event_id)

    def kinds(self):
        return [kind for kind, _ in self.told]
