"""The one settings file of a lab: a TOML file that every process of the hub side reads at its start.

Its path is in the environment variable `MAXIMALAB_SETTINGS` (default: `maximalab.toml` in the current
folder).
Relative paths in it are relative to the file itself. Every key is described where it is defined, in
`settings_sections`, and in `docs/settings.md`.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from maximalab_spawner.tiers import Entrance, Tier
from pydantic import Field, ValidationError, model_validator

from maximalab_hub.oidc.section import OidcSection  # noqa: TC001  Pydantic reads it at run time
from maximalab_hub.settings_sections import (
    BackendsSection,
    CatalogueSection,
    EntranceSection,
    HubSection,
    LabSection,
    MeteringSection,
    PeopleSection,
    RetentionSection,
    SecretsSection,
    Section,
    StudySection,
    TimetableSection,
    UsageSection,
    VpnSection,
)
from maximalab_hub.vpn.section import GatewaySection  # noqa: TC001  the same

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS_VARIABLE = "MAXIMALAB_SETTINGS"
"""The environment variable that names the settings file."""


class SettingsError(Exception):
    """The settings cannot be used. Its text names the file, the key and the remedy, one fault a line."""


class Settings(Section):
    """Everything that the lab's processes are told."""

    lab: LabSection
    entrances: dict[Entrance, EntranceSection] = Field(
        description="The front doors: `public`, `vpn`, or both, as the scenario has them."
    )
    hub: HubSection = HubSection()
    usage: UsageSection = UsageSection()
    people: PeopleSection
    oidc: OidcSection | None = None
    catalogue: CatalogueSection
    backends: BackendsSection
    secrets: SecretsSection
    vpn: VpnSection = VpnSection()
    gateway: GatewaySection | None = None
    study: StudySection = StudySection()
    retention: RetentionSection = RetentionSection()
    timetable: TimetableSection = TimetableSection()
    metering: MeteringSection = MeteringSection()

    @property
    def published_dir(self) -> Path:
        """Folder of the records who published which version, and when."""
        return self.lab.state_dir / "published"

    @model_validator(mode="after")
    def _entrances_fit_the_scenario(self) -> Self:
        wanted = {door for tier in Tier for door in self.lab.scenario.entrances_of(tier)}
        missing = sorted(wanted - set(self.entrances))
        if missing:
            raise ValueError(
                f"scenario {self.lab.scenario.value} needs the section [entrances.{missing[0]}]; add"
                f" it, or choose"
                " another lab.scenario"
            )
        return self

    @model_validator(mode="after")
    def _defaults_that_follow_from_others(self) -> Self:
        hub, usage, state = self.hub, self.usage, self.lab.state_dir
        usage_url = usage.url or f"http://{usage.ip}:{usage.port}"
        hub_parts = {
            "connect_url": hub.connect_url or f"http://{hub.ip}:{hub.port}",
            "db_url": hub.db_url or f"sqlite:///{state / 'hub.sqlite'}",
        }
        usage_parts = {
            "url": usage_url,
            "events_url": usage.events_url or f"{usage_url}/services/usage/events",
            "db_url": usage.db_url or f"sqlite:///{state / 'usage.sqlite'}",
            "spool_dir": usage.spool_dir or state / "spool" / "hub",
            "archive_dir": usage.archive_dir or state / "archive",
        }
        object.__setattr__(self, "hub", hub.model_copy(update=hub_parts))
        object.__setattr__(self, "usage", usage.model_copy(update=usage_parts))
        return self


def settings_path(environ: Mapping[str, str] | None = None) -> Path:
    """Say which file holds the settings: what `MAXIMALAB_SETTINGS` names, or `maximalab.toml` here."""
    return Path(
        (os.environ if environ is None else environ).get(SETTINGS_VARIABLE) or "maximalab.toml"
    ).absolute()


def load_settings(path: Path | None = None) -> Settings:
    """Read and check the settings file at `path` (default: `settings_path()`).

    Raises `SettingsError`, whose text names the file, each wrong key and the remedy.
    """
    path = (path or settings_path()).absolute()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{path}: the settings file cannot be read ({error.strerror}). Set {SETTINGS_VARIABLE} to a"
            f" readable file."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: this is not a TOML file in UTF-8: {error}. Mend that place.") from error
    try:
        return Settings.model_validate(data, context={"folder": path.parent})
    except ValidationError as error:
        raise SettingsError("\n".join(f"{path}: {_fault(fault)}" for fault in error.errors())) from error


def _fault(fault: Mapping[str, Any]) -> str:
    """One line about one wrong key: where, what, and the remedy."""
    key = ".".join(str(part) for part in fault["loc"] if part != "[key]")
    match fault["type"]:
        case "missing":
            return f"{key}: this key is missing. Add it; docs/settings.md says what it means."
        case "extra_forbidden":
            return f"{key}: there is no such key. Remove it, or mend its spelling by docs/settings.md."
        case "value_error":
            said = str(fault["ctx"]["error"])
            return f"{key}: {said}." if key else f"{said}."
        case _:
            return f"{key}: {fault['msg']} (found: {str(fault['input'])[:80]!r}). See docs/settings.md."
