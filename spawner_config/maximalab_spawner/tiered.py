# ruff: noqa: ANN401  # JupyterHub's own objects have no types
"""What every tiered spawner does before it starts anything: decide again, place, and tell.

A mix-in beside JupyterHub's `Spawner`, whatever the servers are made of.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakSet

from traitlets import Any as AnyTrait
from traitlets import Enum, Integer, Unicode, default, validate
from traitlets.config import LoggingConfigurable

from maximalab_spawner.admission import Admitted, Turned, admit
from maximalab_spawner.backends import Backend, BackendsError, read_backends
from maximalab_spawner.catalog import Catalog, CatalogError, CatalogReader
from maximalab_spawner.homes import HomeRecordError, HomeRecords, Look, home_at, look_at
from maximalab_spawner.materials import LANGUAGES
from maximalab_spawner.placement import place
from maximalab_spawner.policy import is_handed
from maximalab_spawner.refusal import refusal
from maximalab_spawner.serverenv import safe_name
from maximalab_spawner.tiers import (
    HOMES_MARKER,
    Entrance,
    Reason,
    Refused,
    Scenario,
    Tier,
    entrance_of,
    person_of,
)
from maximalab_spawner.usage import tell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_spawner.life import Due

#: Set by the lab's pages when a person chooses a language.
LANGUAGE_COOKIE = "maximalab-lang"
#: A material's id is never longer; what is asked for may be anything.
LONGEST_ID = 41


class TieredStart(LoggingConfigurable):
    """Decides, from the catalogue on the hub, whether and where a server may start."""

    catalog_dir = Unicode(
        config=True,
        help="""Folder of the catalogue: `<id>.toml` files and `courses.toml`. Unreadable: nothing starts.""",
    )
    backends_file = Unicode(
        config=True,
        help="""TOML file of the backends; see `maximalab_spawner.backends`. Unreadable: nothing starts.""",
    )
    placed_dir = Unicode(
        config=True,
        help="""Folder, on the hub's own disk, of the records at which backend each person's home lies.

        Default: `placed` beside the file of the backends. Lost: homes are found again by looking at all of a
        tier's backends, and nobody new is placed while one of them cannot be looked at.
        """,
    )
    scenario = Integer(
        Scenario.PUBLIC_PRIVATE_VPN.value,
        config=True,
        help="""Which of the four layouts, 1 to 4. It must be the proxy's scenario as well.""",
    )
    default_language = Enum(
        LANGUAGES, "uk", config=True, help="""Language where the person has chosen none."""
    )
    usage_sink = AnyTrait(
        None,
        allow_none=True,
        config=True,
        help="""Takes `server_start`, `server_stop` and `spawn_refused`: a plain function `(kind, **fields)`.

        Anything else given in a configuration file is copied by traitlets, which an object with
        threads does not survive; set on the class or the instance, an object with `emit` works as
        well. It must not block.
        """,
    )

    # What JupyterHub's `Spawner` has.
    user: Any
    user_options: Any
    handler: Any
    name: Any

    _all: ClassVar[WeakSet[TieredStart]] = WeakSet()
    _readers: ClassVar[dict[str, CatalogReader]] = {}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.opened_at = Entrance.PUBLIC
        """Where the page that opens the server was asked for it; counts where no request is at hand."""
        self.language = ""
        """`uk` or `en`, where the page that opens the server knows it."""
        self.forget()
        self._all.add(self)

    @default("placed_dir")
    def _placed_beside_the_backends(self) -> str:
        return str(Path(self.backends_file).with_name("placed"))

    @validate("scenario")
    def _known_scenario(self, proposal: Any) -> int:
        return Scenario(proposal.value).value

    def forget(self) -> None:
        """Know of no server."""
        self.tier: Tier | None = None
        self.backend = ""
        self.material = ""
        self.entrance = Entrance.PUBLIC
        self.handed: tuple[str, ...] = ()

    def opens(self, material_id: str) -> bool:
        """Say whether the server was started with the right to open the material for its person."""
        return is_handed(self.handed, material_id)

    def remember(self, admitted: Admitted, backend: Backend, entrance: Entrance) -> None:
        """Know where the server runs, and for what it was started."""
        self.tier, self.material = admitted.tier, admitted.material.id
        self.backend, self.entrance, self.handed = backend.name, entrance, admitted.handed

    def record(self) -> dict[str, Any]:
        """Give as plain data what is to be kept of the server."""
        tier = self.tier.value if self.tier is not None else None
        return {
            "tier": tier,
            "backend": self.backend,
            "entrance": self.entrance.value,
            "material": self.material,
        }

    def recall(self, state: Mapping[str, Any]) -> None:
        """Take what `record` gave; what is not whole counts as unknown, and so as the strictest."""
        self.tier = Tier(state["tier"]) if state.get("tier") in set(Tier) else None
        self.entrance = (
            Entrance(state["entrance"]) if state.get("entrance") in set(Entrance) else Entrance.PUBLIC
        )
        self.backend, self.material = str(state.get("backend", "")), str(state.get("material", ""))

    async def settle(self) -> tuple[Admitted, Backend, Entrance]:
        """Decide whether and where the server may start. Raises `SpawnException` where it may not.

        Whoever calls remembers the place before waiting for anything else, so that it counts as taken.
        """
        entrance = self._asked_at()
        admitted = admit(
            self.name,
            self.user_options,
            self._catalog(),
            person=person_of(
                self.user.name, [one.name for one in self.user.groups], admin=bool(self.user.admin)
            ),
            entrance=entrance,
            scenario=Scenario(self.scenario),
        )
        if isinstance(admitted, Turned):
            raise self.turn_away(admitted, entrance)
        backend = await self._place(admitted.tier)
        if isinstance(backend, Refused):
            raise self.turn_away(Turned(backend.reason), entrance)
        return admitted, backend, entrance

    def turn_away(self, turned: Turned, entrance: Entrance, subject: str = "?") -> Exception:
        """Tell of a refusal, and make the exception for it."""
        tier = self.name.partition("-")[0]
        asked = self.user_options.get("material") if isinstance(self.user_options, dict) else None
        tell(
            self.usage_sink,
            self.log,
            "spawn_refused",
            user=self.user.name,
            server=self.name,
            tier=tier if tier in set(Tier) else None,
            backend=None,
            entrance=entrance.value,
            material=asked[:LONGEST_ID] if isinstance(asked, str) else None,
            detail={"reason": str(turned.reason)},
        )
        return refusal(turned, subject)

    def tell_due(self, due: Due) -> None:
        """Tell the usage service of this server's start or end, under the name that the event has."""
        tell(
            self.usage_sink,
            self.log,
            due.kind,
            event_id=due.event_id,
            at=due.at,
            user=self.user.name,
            server=self.name,
            **self.record(),
            detail=dict(due.detail),
        )

    def home(self, backend: Backend) -> Path:
        """Say where the person's own space lies at a backend."""
        if backend.homes is None:
            raise ValueError(f"the backend {backend.name} has no homes")
        return backend.homes / safe_name(self.user.name)

    def keep_home(self, backend: Backend) -> None:
        """Write down, before the server runs, at which backend the person's home lies. Raises `OSError`."""
        HomeRecords(Path(self.placed_dir)).write(backend.tier, self.user.name, backend.name)

    def reader_language(self) -> str:
        """Say in which language the person reads: by the page, the browser's cookie, or the default."""
        cookie = self.handler.request.cookies.get(LANGUAGE_COOKIE) if self.handler is not None else None
        for language in (self.language, cookie.value if cookie is not None else ""):
            if language in LANGUAGES:
                return language
        return str(self.default_language)

    def _asked_at(self) -> Entrance:
        """Say where the wish came in: by the request at hand, else by the page that opened the server.

        A request with a token, past the pages, counts as public whatever its headers say: a program may have
        reached the hub's own port, where nobody overwrites them.
        """
        if self.handler is None:
            return Entrance(self.opened_at)
        if getattr(self.handler, "_token_authenticated", False):  # set by JupyterHub where a token was used
            return Entrance.PUBLIC
        return entrance_of(self.handler.request.headers)

    def _catalog(self) -> Catalog | None:
        reader = self._readers.setdefault(self.catalog_dir, CatalogReader(Path(self.catalog_dir)))
        try:
            return reader.read()
        except CatalogError as fault:
            self.log.error("The catalogue cannot be used: %s", fault)  # noqa: TRY400  # its text says it all
            return None

    async def look_for_home(self, backend: Backend) -> Look:
        """Look whether the person's home is at a backend."""
        return look_at(backend.homes, self.user.name) if backend.homes is not None else Look.UNKNOWN

    async def is_well(self, backend: Backend) -> bool:
        """Say whether a server can start at a backend."""
        return _is_folder(backend.materials)

    async def _place(self, tier: Tier) -> Backend | Refused:
        try:
            backends = read_backends(Path(self.backends_file))
        except BackendsError as fault:
            self.log.error("The backends cannot be used: %s", fault)  # noqa: TRY400  # its text says it all
            backends = ()
        able = [one for one in backends if one.tier is tier]
        try:
            recorded = HomeRecords(Path(self.placed_dir)).read(tier, self.user.name)
        except HomeRecordError as fault:
            self.log.error("Nobody knows where a home lies: %s", fault)  # noqa: TRY400  # its text says it all
            return Refused(Reason.TIER_UNAVAILABLE)
        if recorded is not None:
            able = [one for one in able if one.name == recorded]  # nobody waits for what does not matter
        found = await asyncio.gather(*map(self.look_for_home, able))
        home = self._home_at(recorded, {one.name: look for one, look in zip(able, found, strict=True)})
        if isinstance(home, Refused):
            return home
        well = await asyncio.gather(*map(self.is_well, able))
        health = {one.name: good for one, good in zip(able, well, strict=True)}
        load = {one.name: sum(other.backend == one.name for other in self._all) for one in able}
        return place(tier, able, load, health, home)

    def _home_at(self, recorded: str | None, looks: Mapping[str, Look]) -> str | Refused | None:
        """Name the backend where the person's home lies; refuse where nobody can say."""
        home = home_at(recorded, looks)
        if isinstance(home, Refused):
            found = ", ".join(f"{name} {look.name.lower()}" for name, look in looks.items())
            self.log.error(
                "The home of %s (recorded at %s) is not to be had: %s. Unknown: neither it nor %s is to be seen there",
                self.user.name,
                recorded,
                found,
                HOMES_MARKER,
            )
        return home


def _is_folder(path: Path | None) -> bool:
    """Say whether a folder is there and may be looked at; one behind a dead mount is not."""
    try:
        return path is not None and path.is_dir()
    except OSError:
        return False
