"""The settings of a sign-in provider: wrong keys, the examples of the docs, where the secret comes from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from labsettings import settings_toml
from maximalab_hub.oidc.provider import service_of
from maximalab_hub.secret_files import SecretError
from maximalab_hub.settings import SettingsError, load_settings

OIDC = """
[oidc]
issuer = "https://sso.example.edu"
client_id = "lab"
client_secret_file = "secret"
allow_domains = ["uni.example"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "maximalab.toml"
    path.write_text(settings_toml() + text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        (("https://sso", "http://sso"), "oidc.issuer", "https://"),
        (('issuer = "https://sso.example.edu"', ""), "oidc.issuer", "missing"),
        (("edu", "edu?x"), "oidc.issuer", "without ?"),
        (('client_secret_file = "secret"', ""), "oidc", "client_secret_file or client_secret_env"),
        (('client_secret_file = "secret"', 'client_secret = "s3cr3t"'), "oidc.client_secret", "no such key"),
        (('allow_domains = ["uni.example"]', ""), "oidc", "nobody would be let in"),
        (('["uni.example"]', '["*.example"]'), "oidc.allow_domains.0", "example.edu"),
        (('["uni.example"]', '["Uni.example"]'), "oidc.allow_domains.0", "small letters"),
        (('["uni.example"]', '["@uni.example"]'), "oidc.allow_domains.0", "without @"),
        (("allow_domains", 'allow_emails = ["ada"]\nallow_domains'), "oidc.allow_emails.0", "e-mail"),
        (("allow_domains", 'allow_groups = ["p"]\nallow_domains'), "oidc", "groups_claim"),
        (("allow_domains", 'scopes = ["email"]\nallow_domains'), "oidc", "openid"),
        (("allow_domains", "allow_all = true\nallow_domains"), "oidc.allow_all", "no such key"),
        (("allow_domains", "sign_in_again_hours = 0\nallow_domains"), "oidc.sign_in_again_hours", "1"),
        (
            ("allow_domains", 'groups_claim = "g"\ngroups = { or = ["students"] }\nallow_domains'),
            "oidc.groups.or.0",
            "study:<course>",
        ),
    ],
)
def test_a_wrong_key_of_the_section_is_named_with_the_remedy(tmp_path, change, key: str, said: str):
    path = written(tmp_path, OIDC.replace(*change))
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    text = str(caught.value)
    assert any(line.startswith(f"{path}: {key}: ") and said in line for line in text.splitlines()), text
    assert "s3cr3t" not in text


DOCS = Path(__file__).parents[3] / "docs/sign-in.md"
EXAMPLES = re.findall(r"### (\w+).*?```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)


def test_there_is_an_example_for_each_provider_that_is_named():
    assert {name for name, _ in EXAMPLES} == {"Keycloak", "Google", "Microsoft", "Moodle"}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in EXAMPLES])
def test_an_example_of_the_docs_can_be_used(tmp_path, text: str):
    section = load_settings(written(tmp_path, text)).oidc
    assert section is not None
    assert section.allow_domains


@pytest.mark.parametrize(
    ("content", "mode", "remedy"),
    [
        (None, 0o600, "cannot be read"),
        ("secret", 0o644, "chmod 600"),
        ("\n", 0o600, "empty"),
    ],
)
def test_a_secret_that_others_can_read_is_not_used(tmp_path, content: str | None, mode: int, remedy: str):
    if content is not None:
        (tmp_path / "secret").write_text(content, encoding="ascii")
        (tmp_path / "secret").chmod(mode)
    with pytest.raises(SecretError, match=remedy) as caught:
        service_of(load_settings(written(tmp_path, OIDC)))
    assert "secret" in str(caught.value)


def test_the_secret_may_come_from_the_environment(tmp_path, monkeypatch):
    settings = load_settings(written(tmp_path, OIDC.replace('file = "secret"', 'env = "LAB_SECRET"')))
    monkeypatch.setenv("LAB_SECRET", "")
    with pytest.raises(SecretError, match="LAB_SECRET"):
        service_of(settings)
    monkeypatch.setenv("LAB_SECRET", "s3cr3t")
    service = service_of(settings)
    assert service is not None
    assert service.secret == "s3cr3t"
    assert "s3cr3t" not in repr(service)
    assert service_of(load_settings(written(tmp_path, ""))) is None
