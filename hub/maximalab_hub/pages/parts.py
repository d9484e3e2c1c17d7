"""What `jupyterhub_config.py` hands to the pages: decisions are made elsewhere, pages ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from maximalab_spawner.catalog import Catalog, Material
    from maximalab_spawner.publisher import Publisher
    from maximalab_spawner.tiers import Decision, Entrance, Person, Scenario, Tier

    from maximalab_hub.settings import Settings
    from maximalab_hub.vpn.store import Devices

SETTING: Final = "maximalab"
"""The key under which the parts lie in the hub's Tornado settings."""


class Decide(Protocol):
    """`maximalab_spawner.policy.decide`."""

    def __call__(
        self, material: Material | None, person: Person, entrance: Entrance, scenario: Scenario, /
    ) -> Decision:
        """Say whether and on which tier the material may be opened."""


class Text(Protocol):
    """A text in both languages: `maximalab_spawner.catalog`'s `Title`."""

    def of(self, language: str, /) -> str:
        """Give it in one language."""


class RefusalText(Protocol):
    """What the page of one refusal says: `maximalab_spawner.refusals.Refusal`."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def title(self) -> Text:
        """What happened."""

    @property
    def why(self) -> Text:
        """Why."""

    @property
    def remedy(self) -> Text:
        """What to do now."""


class Emit(Protocol):
    """How the hub tells the usage service what happened."""

    def __call__(self, kind: str, /, **fields: object) -> object:
        """Write one event down."""


@dataclass(frozen=True, slots=True)
class LabParts:
    """The parts of the lab that pages need."""

    settings: Settings
    read_catalogue: Callable[[], Catalog]
    """Gives the catalogue as it is now; raises `CatalogError` where it cannot be used."""
    decide: Decide
    server_name: Callable[[Tier, str], str]
    parse_server_name: Callable[[str], tuple[Tier, str] | None]
    emit: Emit
    refusals: Mapping[str, RefusalText]
    """What to say for each `Reason`; the same that JupyterHub says where it refuses a start."""

    devices: Devices | None = None
    """The store of the VPN's devices; None where the lab has no gateway."""

    publisher: Publisher | None = None
    """Takes in what teachers publish."""

    def __deepcopy__(self, _memo: object) -> Self:
        """Stay the same object: traitlets copies whatever stands in a configuration."""
        return self
