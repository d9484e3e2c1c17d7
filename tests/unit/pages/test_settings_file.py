"""The settings file: what is read, what is refused in which words, and that every key is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from labsettings import settings_toml
from maximalab_hub.oidc.section import OidcSection
from maximalab_hub.settings import Section, Settings, SettingsError, load_settings, settings_path
from maximalab_hub.settings_sections import EntranceSection
from maximalab_hub.vpn.section import GatewaySection
from maximalab_spawner.tiers import Entrance, Scenario, Tier

DOCS = Path(__file__).parents[3] / "docs" / "settings.md"
GOOD = settings_toml({"lab": {"state_dir": "state"}, "entrances.public": {"url": "http://127.0.0.1:8000/"}})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "maximalab.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_a_small_file_is_enough(file: Path):
    settings = load_settings(file)
    assert settings.lab.scenario is Scenario.PUBLIC_PRIVATE_VPN
    assert settings.entrances[Entrance.PUBLIC].url == "http://127.0.0.1:8000"
    assert settings.hub.connect_url == "http://127.0.0.1:8002"
    assert settings.hub.api_url == "http://127.0.0.1:8002/hub/api"
    assert settings.usage.events_url == "http://127.0.0.1:8003/services/usage/events"


def test_paths_count_from_the_files_own_folder(file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir("/")
    settings = load_settings(file)
    assert settings.people.accounts == file.parent / "accounts.toml"
    assert settings.usage.spool_dir == file.parent / "state/spool/hub"
    assert settings.hub.db_url == f"sqlite:///{file.parent}/state/hub.sqlite"


def test_what_is_written_stands_before_what_follows(file: Path):
    file.write_text(
        GOOD + '[usage]\nport = 9\nspool_dir = "s"\n[hub]\ndb_url = "postgresql://db/hub"\n', encoding="utf-8"
    )
    settings = load_settings(file)
    assert settings.usage.url == "http://127.0.0.1:9"
    assert settings.usage.spool_dir == file.parent / "s"
    assert settings.hub.db_url == "postgresql://db/hub"


def test_stores_are_those_that_can_be_published_to(file: Path):
    file.write_text(
        GOOD.replace('dir = "catalogue"', 'dir = "catalogue"\npublic_store = "m"'), encoding="utf-8"
    )
    assert load_settings(file).catalogue.stores == {Tier.PUBLIC: file.parent / "m"}


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        pytest.param(('state_dir = "state"', ""), "lab.state_dir", "missing", id="a missing key"),
        pytest.param(("[lab]", "[lab]\nscenery = 3"), "lab.scenery", "no such key", id="a misspelt key"),
        pytest.param(("[lab]", "[labs]\n[lab]"), "labs", "no such key", id="a misspelt section"),
        pytest.param(
            ("[lab]", "[lab]\nscenario = 5"), "lab.scenario", "found: '5'", id="a scenario that is none"
        ),
        pytest.param(
            ("[lab]", '[lab]\ntime_zone = "Kyiv"'), "lab.time_zone", "Europe/Kyiv", id="no such time zone"
        ),
        pytest.param(
            ("[lab]", '[lab]\ndefault_language = "ru"'), "lab.default_language", "'uk'", id="a third language"
        ),
        pytest.param(
            ("http://127.0.0.1:8001", "127.0.0.1:8001"), "entrances.public.api_url", "http://", id="no scheme"
        ),
        pytest.param(
            ("[entrances.vpn]", "[entrances.gate]"), "entrances.gate", "'vpn'", id="no such entrance"
        ),
        pytest.param(("[people]", "[hub]\nport = 70000\n[people]"), "hub.port", "65535", id="no such port"),
        pytest.param(
            ("[lab]", '[lab]\nname = {uk = "Л"}'), "lab.name.en", "missing", id="a text in one language"
        ),
    ],
)
def test_a_wrong_key_is_named_with_the_remedy(file: Path, change: tuple[str, str], key: str, said: str):
    file.write_text(GOOD.replace(*change, 1), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    line = next(line for line in str(caught.value).splitlines() if f"{file}: {key}:" in line)
    assert said in line
    assert "docs/settings.md" in line or "must" in line


@pytest.mark.parametrize(
    ("scenario", "entrances", "missing"),
    [
        pytest.param(1, ["public"], None, id="scenario 1 needs the public entrance alone"),
        pytest.param(3, ["public"], "vpn", id="scenario 3 needs the VPN entrance as well"),
        pytest.param(4, ["public"], "vpn", id="scenario 4 needs the VPN entrance"),
        pytest.param(4, ["vpn"], None, id="scenario 4 needs nothing else"),
    ],
)
def test_the_entrances_fit_the_scenario(file: Path, scenario: int, entrances: list[str], missing: str | None):
    head, _, rest = GOOD.partition("[entrances.public]")
    doors = "".join(f'[entrances.{one}]\nurl = "http://a"\napi_url = "http://b"\n' for one in entrances)
    tail = rest[rest.index("[people]") :]
    file.write_text(f"{head}scenario = {scenario}\n{doors}{tail}", encoding="utf-8")
    if missing is None:
        assert load_settings(file).lab.scenario == scenario
    else:
        with pytest.raises(SettingsError, match=rf"needs the section \[entrances\.{missing}\]"):
            load_settings(file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, "cannot be read", id="no file"),
        pytest.param(b"[lab\n", "not a TOML file", id="no TOML"),
        pytest.param(b"\xff\xfe", "not a TOML file", id="no UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, content: bytes | None, said: str):
    path = tmp_path / "maximalab.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=said) as caught:
        load_settings(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_the_variable_names_the_file(tmp_path: Path):
    assert settings_path({"MAXIMALAB_SETTINGS": f"{tmp_path}/a.toml"}) == tmp_path / "a.toml"
    assert settings_path({}).name == "maximalab.toml"


def documented() -> set[str]:
    """Each key that docs/settings.md describes, as section.key."""
    found, section = set(), None
    for line in DOCS.read_text(encoding="utf-8").splitlines():
        if line.startswith("##"):  # a heading below a section's describes another file
            head = re.match(r"## `\[(\w+)", line)
            section = head.group(1) if head else None
        elif section and (row := re.match(r"\| `(\w+)` \|", line)):
            found.add(f"{section}.{row.group(1)}")
    return found


def sections_of() -> dict[str, type[Section]]:
    """Each section by its name; one that may be left out counts like any other."""
    told = {name: field.annotation for name, field in Settings.model_fields.items()}
    return {**told, "entrances": EntranceSection, "oidc": OidcSection, "gateway": GatewaySection}


def defined() -> set[str]:
    sections = sections_of()
    assert all(issubclass(section, Section) for section in sections.values())
    return {f"{name}.{key}" for name, section in sections.items() for key in section.model_fields}


def test_every_key_is_documented_and_no_other():
    assert documented() == defined()


def test_every_key_says_what_it_means():
    for section in sections_of().values():
        assert all(key.description for key in section.model_fields.values()), section


def test_the_sample_in_the_docs_can_be_used(tmp_path: Path):
    sample = re.search(r"```toml\n(\[lab\].*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert sample
    path = tmp_path / "maximalab.toml"
    path.write_text(sample.group(1), encoding="utf-8")
    assert load_settings(path).catalogue.stores.keys() == set(Tier)
