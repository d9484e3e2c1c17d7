"""The sections of the settings file: each key with its meaning, default, unit, and what goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from maximalab_spawner.tiers import Scenario, Tier
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["uk", "en"]


def _from_the_file(value: Path, info: ValidationInfo) -> Path:
    folder: Path = (info.context or {}).get("folder", Path.cwd())
    return (folder / value.expanduser()).resolve()


def _http_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value.rstrip("/")


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("must be the name of a time zone, such as Europe/Kyiv") from error
    return value


LocalPath = Annotated[Path, AfterValidator(_from_the_file)]
Address = Annotated[str, AfterValidator(_http_address)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """A part of the settings: it never changes, and knows no key but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class Bilingual(Section):
    """One text in the two languages of the lab."""

    uk: str = Field(description="The text in Ukrainian.", min_length=1)
    en: str = Field(description="The text in English.", min_length=1)

    def text(self, language: str) -> str:
        """Give the text in `language`; anything but `en` gives Ukrainian."""
        return self.en if language == "en" else self.uk


class LabSection(Section):
    """What the lab is called, and where it keeps its files."""

    id: str = Field(
        default="maximalab",
        pattern=r"^[a-z][a-z0-9]{0,15}$",
        description="First word of the names of containers and volumes. Two labs that share an engine need two."
        " Changed later: servers and homes of the old name are not found any more.",
    )
    name: Bilingual = Field(
        default=Bilingual(uk="МаксимаЛаб", en="MaximaLab"), description="The lab's name on every page."
    )
    state_dir: LocalPath = Field(
        description="Folder for databases, spools and logs. Must be writable by the lab's processes and"
        " backed up."
    )
    default_language: Language = Field(
        default="uk",
        description="Language of a page where the browser asks for neither Ukrainian nor English.",
    )
    scenario: Scenario = Field(
        default=Scenario.PUBLIC_PRIVATE_VPN,
        description="Which tier has routes on which entrance, 1 to 4. A wrong one shows up at once: in"
        " 1, private"
        " material is refused everywhere; in 2, private material is served without a VPN.",
    )
    time_zone: Annotated[str, AfterValidator(_time_zone)] = Field(
        default="Europe/Kyiv", description="Time zone in which times are shown and timetables are read."
    )


class EntranceSection(Section):
    """One front door for browsers, with one proxy behind it."""

    url: Address = Field(description="The address that people type. Wrong: links on pages lead nowhere.")
    api_url: Address = Field(
        description="The proxy's own API, for the hub alone. Wrong: no server is reachable through this"
        " entrance."
    )


class HubSection(Section):
    """Where the hub listens, and where it keeps its own database."""

    ip: str = Field(
        default="127.0.0.1", description="Address on which the hub listens, for proxies and servers."
    )
    port: Port = Field(default=8002, description="Port on which the hub listens.")
    connect_url: Address = Field(
        default="",
        validate_default=False,
        description="Where proxies, servers and services reach the hub; default http://ip:port.",
    )
    db_url: str = Field(
        default="", description="The hub's database (SQLAlchemy URL); default hub.sqlite in state_dir."
    )

    @property
    def api_url(self) -> str:
        """The hub's REST API, for services and servers."""
        return f"{self.connect_url}/hub/api"


class UsageSection(Section):
    """The usage service: it takes events and shows pages under /services/usage/."""

    ip: str = Field(default="127.0.0.1", description="Address on which the usage service listens.")
    port: Port = Field(default=8003, description="Port on which the usage service listens.")
    url: Address = Field(
        default="",
        validate_default=False,
        description="Where the entrances' proxies reach the service; default http://ip:port.",
    )
    events_url: Address = Field(
        default="",
        validate_default=False,
        description="Where students' servers and the hub post events; default url + /services/usage/events."
        " Unreachable: events wait in the senders' spools.",
    )
    db_url: str = Field(
        default="", description="The usage store (SQLAlchemy URL); default usage.sqlite in state_dir."
    )
    spool_dir: LocalPath | None = Field(
        default=None, description="Folder for the hub's own unsent events; default spool/hub in state_dir."
    )
    archive_dir: LocalPath | None = Field(
        default=None,
        description="Folder of the months that `maximalab usage archive` moved out of the store; default archive in"
        " state_dir. It belongs to the store: back up both together. Lost: so are these months, and every page and"
        " export that needs them says so.",
    )
    archive_after_months: int = Field(
        default=6,
        ge=1,
        le=240,
        description="Months: an ended month that is older is moved by `maximalab usage archive`. Short: late events"
        " of students who were offline are merged into files again and again.",
    )


class TimetableSection(Section):
    """Calendars at addresses that teachers gave, fetched again at times."""

    fetch_minutes: int = Field(
        default=60, ge=5, le=10_080, description="Minutes after which a calendar is fetched again."
    )
    inside_hosts: tuple[str, ...] = Field(
        default=(),
        description="Names of hosts in the lab's own network from which calendars may be fetched; all others of it are"
        " refused, so that nobody looks into the network through the lab.",
    )


class PeopleSection(Section):
    """Who may sign in, and how."""

    authenticator: Literal["local"] = Field(
        default="local", description="How people sign in: `local` checks names and passwords in `accounts`."
    )
    accounts: LocalPath = Field(
        description="The local accounts file. Missing or unreadable: nobody can sign in, and the log"
        " says why.",
    )


class CatalogueSection(Section):
    """Where the lab's materials are described, and where they are published to."""

    dir: LocalPath = Field(
        description="Folder of <id>.toml and courses.toml. Unreadable: every material is refused."
    )
    public_store: LocalPath | None = Field(
        default=None, description="Folder into which open materials are published; needed only to publish."
    )
    private_store: LocalPath | None = Field(
        default=None,
        description="Folder into which licensed and private materials are published; needed only to publish.",
    )

    @property
    def stores(self) -> Mapping[Tier, Path]:
        """Say where each tier's materials are published, for the tiers that can be published to from here."""
        folders = {Tier.PUBLIC: self.public_store, Tier.PRIVATE: self.private_store}
        return {tier: folder for tier, folder in folders.items() if folder is not None}


class BackendsSection(Section):
    """Where students' servers run."""

    file: LocalPath = Field(description="TOML file that names the backends. Unreadable: no server starts.")


class SecretsSection(Section):
    """Where the lab's keys lie."""

    dir: LocalPath = Field(
        description="Folder of the keys, one a file, mode 0600. Lost: people sign in again, pseudonyms"
        " change."
    )


class VpnSection(Section):
    """What the page says to those who need the VPN."""

    help: Bilingual = Field(
        default=Bilingual(
            uk="Зверніться до викладача або адміністратора лабораторії: вони дадуть файл налаштувань"
            " WireGuard.",
            en="Ask your teacher or the lab's administrator: they will give you a WireGuard"
            " configuration file.",
        ),
        description="How a person gets the VPN, in a sentence or two.",
    )
    help_url: Address | None = Field(
        default=None, description="A page with the full instructions, if there is one."
    )


class RetentionSection(Section):
    """How long records are kept; the usage service removes older ones once a day. 0 keeps for ever."""

    events_days: int = Field(
        default=1826,
        ge=0,
        description="Days: events about work, what the hub saw of servers, and groups that people left. Too short: a"
        " study that is not exported yet loses its first terms.",
    )
    sign_ins_days: int = Field(default=366, ge=0, description="Days: who signed in, and who was not let in.")
    looks_days: int = Field(
        default=1826, ge=0, description="Days: who looked at and exported records, by account name."
    )
    export_log_days: int = Field(
        default=3653, ge=0, description="Days: the export log, which holds pseudonyms only."
    )


class MeteringSection(Section):
    """What a server's use of a machine costs, for the admin's page of costs."""

    cpu_hour: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        description="Price of one hour of one processor, in `currency`.",
    )
    memory_gib_hour: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        description="Price of one gibibyte of memory for one hour, in `currency`. Both prices 0: no costs are shown.",
    )
    currency: str = Field(
        default="UAH",
        pattern=r"^[A-Z]{3}$",
        description="The prices' currency, by its code of three letters.",
    )


class StudySection(Section):
    """The piece of research that the lab's usage data serves."""

    id: str = Field(
        default="lab-study",
        pattern=r"^[a-z][a-z0-9-]{0,40}$",
        description="Short name of the study; pseudonyms are made for it.",
    )
    title: Bilingual = Field(
        default=Bilingual(
            uk="Навчання дослідження операцій у комп’ютерній лабораторії",
            en="Learning operations research in a computer lab",
        ),
        description="The study's title, shown with the consent text.",
    )
    consent: Bilingual = Field(
        default=Bilingual(
            uk="Я погоджуюся, щоб записи про мою роботу в лабораторії (що і коли я запускав чи"
            " запускала, без коду і відповідей) були використані в дослідженні під псевдонімом. Я можу"
            " відкликати згоду"
            " будь-коли; на навчання і оцінки це не впливає.",
            en="I agree that records of my work in the lab (what I ran and when, without code and"
            " answers) are used in research under a pseudonym. I may withdraw at any time; this has no"
            " influence on"
            " courses and marks.",
        ),
        description="The text that a person agrees to. Change it only together with consent_version.",
    )
    consent_version: int = Field(default=1, ge=1, description="Grows with each change of the consent text.")
    smallest_group: int = Field(
        default=10,
        ge=2,
        description="Persons: figures about fewer than this are not shown (small-cell rule).",
    )
    grace_minutes: int = Field(
        default=10, ge=0, le=60, description="Minutes before and after a lesson that still count as in class."
    )
    session_gap_minutes: int = Field(
        default=30, ge=1, le=720, description="Minutes without an event that end a session."
    )
    idle_after_minutes: int = Field(
        default=5,
        ge=1,
        le=720,
        description="Minutes: a longer gap within a session does not count as time on task.",
    )
    _asks_code: bool = PrivateAttr(default=False)

    @property
    def asks_code(self) -> bool:
        """Whether the code of cells is kept of those who agree: no setting, but a choice on the study page."""
        return self._asks_code

    def asking_for_code(self, asks: bool) -> StudySection:  # noqa: FBT001  what is asked for, and nothing else
        """Give the same study, which asks for code or does not."""
        made = self.model_copy()
        made._asks_code = asks  # noqa: SLF001  its own
        return made
