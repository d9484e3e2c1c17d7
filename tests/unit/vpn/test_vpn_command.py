"""`maximalab vpn`, as an admin types it."""

from __future__ import annotations

import re
import stat
import sys

import pytest
from labsettings import settings_toml
from maximalab_hub import cli
from maximalab_hub.settings import SETTINGS_VARIABLE
from maximalab_hub.vpn.keys import is_key, new_pair

GATEWAY = {
    "pool": "172.20.0.0/24",
    "endpoint": "vpn.example.edu:51820",
    "public_key": new_pair().public,
    "routes": ["172.20.0.1/32"],
    "devices_per_person": 2,
}


@pytest.fixture
def vpn(tmp_path, monkeypatch, capsys):
    """Type a command; gives its exit code and all that it said."""

    def typed(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["maximalab", "vpn", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    file = tmp_path / "maximalab.toml"
    file.write_text(settings_toml({"gateway": GATEWAY}), encoding="utf-8")
    monkeypatch.setenv(SETTINGS_VARIABLE, str(file))
    monkeypatch.chdir(tmp_path)
    return typed


def test_a_device_is_enrolled_listed_and_revoked(vpn, tmp_path):
    assert vpn("list") == (0, "")
    code, said = vpn("enrol", "ada", "Мій ноутбук", "--out", "ada.conf")
    assert (code, said[:37]) == (0, "Мій ноутбук of ada: 172.20.0.2, until")
    file = tmp_path / "ada.conf"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    private = re.search(r"^PrivateKey = (.*)$", file.read_text(), re.MULTILINE)[1]
    assert is_key(private)
    assert private not in said
    assert private.encode() not in (tmp_path / "devices.sqlite").read_bytes()
    id_ = vpn("list", "ada")[1].split("\t")[2]
    assert vpn("revoke", "ada", id_) == (0, "Мій ноутбук of ada (172.20.0.2) is revoked.\n")
    assert vpn("list") == (0, "")


def test_with_a_key_of_ones_own_no_private_key_is_made(vpn):
    key = new_pair().public
    code, said = vpn("enrol", "ada", "Phone", "--public-key", key)
    assert code == 0
    assert "PrivateKey = YOUR_PRIVATE_KEY" in said
    assert vpn("revoke", "ada")[0] == 0
    code, said = vpn("enrol", "ada", "Phone", "--public-key", key)
    assert (code, said) == (
        2,
        "maximalab: ada: This public key is or was in use. Make a new pair of keys on the device.\n",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("enrol", "ada", "Laptop"), "either --out FILE", id="nowhere to write to"),
        pytest.param(
            ("enrol", "Ada Lovelace", "Laptop", "--out", "x"), "cannot be anybody's name", id="no name"
        ),
        pytest.param(
            ("enrol", "ada", "Laptop", "--out", "taken"), "cannot be made", id="a file that is there"
        ),
        pytest.param(("enrol", "ada", "Laptop", "--out", "no/x"), "cannot be made", id="no such folder"),
        pytest.param(("enrol", "ada", " ", "--out", "x"), "a name of 1 to 40", id="no name of a device"),
        pytest.param(("revoke", "ada"), "has no such device", id="nothing to revoke"),
    ],
)
def test_what_cannot_be_done_is_one_line(vpn, tmp_path, words, said):
    (tmp_path / "taken").touch()
    code, told = vpn(*words)
    assert code == 2
    assert said in told
    assert len(told.splitlines()) == 1
    assert not (tmp_path / "x").exists()
    assert vpn("list") == (0, "")


def test_without_a_gateway_nothing_is_enrolled(vpn, tmp_path):
    (tmp_path / "maximalab.toml").write_text(settings_toml(), encoding="utf-8")
    code, told = vpn("list")
    assert code == 2
    assert "[gateway]" in told
