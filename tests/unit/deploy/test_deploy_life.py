"""The folder of a lab in containers through its life: keys made anew, certificates, newer versions, backups."""

from __future__ import annotations

import os
import re
import sqlite3
import tarfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import yaml
from httpscertificate import certificate_for
from maximalab_hub.deploy import backup
from maximalab_hub.deploy.certificate import CertificateError, looked_at
from maximalab_hub.deploy.init import make
from maximalab_hub.deploy.keys import ROTATIONS, KeyKeptError, renew, rotation
from maximalab_hub.deploy.plan import Plan, PlanError
from maximalab_hub.secret_files import Secret
from maximalab_hub.settings import load_settings

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text())
NOW = datetime.now(UTC)


def plan(**changed) -> Plan:
    usual = {
        "name": "maximalab", "host": "lab.example.edu", "block": IPv4Network("172.28.0.0/16"),
        "pool": IPv4Network("172.20.0.0/20"), "port": 80, "vpn_port": 51820, "tls": False,
    }  # fmt: skip
    return Plan(**{**usual, **changed})


@pytest.fixture
def lab(tmp_path):
    folder = tmp_path / "lab-of-tests"
    folder.mkdir()
    make(plan(), folder, "1", {"VERSION": "1"})
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("key", "files"),
    [
        *((one, {f"secrets/{one}"}) for one in Secret if one not in {"pseudonym_key", "vpn_gateway_token"}),
        ("vpn_gateway_token", {"secrets/vpn_gateway_token", "secrets/gateway_token"}),
        ("db_hub", {"secrets/db_hub"}),
        ("db_usage", {"secrets/db_usage"}),
        ("gateway_key", {"secrets/gateway_key", "secrets/gateway_public_key", "lab/maximalab.toml"}),
    ],
)
def test_a_key_made_anew_changes_its_files_and_no_other(lab, key, files):
    before = contents(lab)
    renew(lab, key)
    after = contents(lab)
    assert {name for name in after if after[name] != before.get(name)} == files
    assert set(after) == set(before)
    assert all((lab / name).stat().st_mode & 0o777 == 0o600 for name in files)
    assert make(plan(), lab, "1", {"VERSION": "1"}) == []
    assert {name for name in contents(lab) if contents(lab)[name] != after[name]} <= {".env"}


def test_the_gateways_new_key_stands_in_the_settings(lab):
    renew(lab, "gateway_key")
    public = (lab / "secrets/gateway_public_key").read_text().strip()
    assert load_settings(lab / "lab/maximalab.toml").gateway.public_key == public


def test_the_gateways_key_stays_where_the_settings_have_another(lab):
    text = (lab / "lab/maximalab.toml").read_text()
    (lab / "lab/maximalab.toml").write_text(re.sub(r'public_key = ".*"', 'public_key = ""', text))
    before = contents(lab)
    with pytest.raises(KeyKeptError, match="public_key"):
        renew(lab, "gateway_key")
    assert contents(lab) == before


@pytest.mark.parametrize(
    ("name", "why"), [("pseudonym_key", "pseudonym"), ("../x", "there is no key"), ("", "there is no key")]
)
def test_what_never_changes_and_what_is_no_key_is_refused(name, why):
    with pytest.raises(KeyKeptError, match=why):
        rotation(name)


def test_who_reads_a_key_starts_anew_with_it():
    copies = {"vpn_gateway_token": {"gateway_token"}}
    for key, what in ROTATIONS.items():
        readers = {
            name
            for name, one in COMPOSE["services"].items()
            if {key, *copies.get(key, ())} & set(one.get("secrets", ())) and name != "lab"
        }
        assert readers <= set(what.readers), key


@pytest.mark.parametrize(
    ("hosts", "at", "why"),
    [
        (["lab.example.edu"], NOW, None),
        (["lab.example.edu", "vpn.example.edu"], NOW, "vpn.example.edu"),
        (["example.edu"], NOW, "example.edu"),
        (["lab.example.edu"], NOW + timedelta(days=9), "valid"),
    ],
)
def test_a_certificate_is_looked_at_before_browsers_see_it(tmp_path, hosts, at, why):
    certificate_for("lab.example.edu", tmp_path)
    pair = [(tmp_path / name).read_bytes() for name in ("cert.pem", "key.pem")]
    if why is None:
        assert looked_at(*pair, hosts, at) > at
        return
    with pytest.raises(CertificateError, match=why):
        looked_at(*pair, hosts, at)


def test_a_key_of_another_certificate_and_files_that_are_none_are_refused(tmp_path):
    pairs = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        certificate_for("lab.example.edu", tmp_path / name)
        pairs.append([(tmp_path / name / part).read_bytes() for part in ("cert.pem", "key.pem")])
    for wrong in ([pairs[0][0], pairs[1][1]], [b"", pairs[0][1]], [pairs[0][0], b""]):
        with pytest.raises(CertificateError):
            looked_at(*wrong, ["lab.example.edu"], NOW)


def test_a_certificate_turns_the_addresses_of_the_settings_to_https_and_nothing_else(lab):
    settings = lab / "lab/maximalab.toml"
    before = settings.read_text()
    made = make(plan(tls=True, port=443, vpn_host="vpn.example.edu"), lab, "1", {"VERSION": "1"})
    assert len(made) == 2
    assert settings.read_text() == before.replace(
        "http://lab.example.edu", "https://lab.example.edu"
    ).replace("http://172.28.1.3", "https://vpn.example.edu")
    assert settings.stat().st_mode & 0o777 == 0o600


def test_what_the_admin_wrote_in_the_place_of_an_address_or_an_image_stays(lab):
    for name, old, mine in (
        ("maximalab.toml", "http://lab.example.edu", "https://front.example.edu"),
        ("backends.toml", "maximalab/singleuser:1", "ours/singleuser:7"),
    ):
        path = lab / "lab" / name
        path.write_text(path.read_text().replace(old, mine))
    before = contents(lab / "lab")
    make(plan(tls=True, port=443), lab, "2", {"VERSION": "2"})
    assert contents(lab / "lab") == before


def test_servers_of_a_newer_version_have_its_image_and_those_of_an_older_one_have_that(lab):
    for tag in ("2", "1"):
        make(plan(), lab, tag, {"VERSION": tag})
        assert (lab / "lab/backends.toml").read_text().count(f'"maximalab/singleuser:{tag}"') == 2


def test_a_wrong_name_of_the_vpn_entrance_is_refused():
    with pytest.raises(PlanError, match="--vpn-host"):
        plan(vpn_host="https://x")


@pytest.fixture
def copied(lab, tmp_path):
    """A backup of the lab, made while somebody writes to one of its databases."""
    (lab / ".words").write_text("'--host' 'lab.example.edu' ")
    with closing(sqlite3.connect(lab / "lab/seats.sqlite")) as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE seat (holder TEXT)")
        base.execute("INSERT INTO seat VALUES ('ada')")
        base.commit()
        base.execute("INSERT INTO seat VALUES ('half')")
        (tmp_path / "copy").mkdir()
        backup.pack(lab, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_backup_put_back_is_the_same_lab_with_the_same_keys(lab, copied, tmp_path):
    there = tmp_path / "other"
    there.mkdir()
    backup.unpack(there, copied)
    one, other = contents(lab), contents(there)
    assert {name for name in one if not name.startswith(("db/", "out/", ".env"))} == set(other)
    assert [name for name in other if one[name] != other[name] and "sqlite" not in name] == []
    for path in (there / "secrets").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    assert (there / "lab").stat().st_mode & 0o777 == 0o711
    with closing(sqlite3.connect(there / "lab/seats.sqlite")) as base:
        assert base.execute("SELECT holder FROM seat").fetchall() == [("ada",)]


def test_a_backup_is_never_put_over_a_lab(lab, copied):
    before = contents(lab)
    with pytest.raises(backup.BackupError, match="is there"):
        backup.unpack(lab, copied)
    assert contents(lab) == before


def test_a_backup_with_a_name_that_leads_out_of_the_folder_is_refused(copied, tmp_path):
    with tarfile.open(copied / "lab.tar.gz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../outside"))
    (tmp_path / "deep").mkdir()
    with pytest.raises(tarfile.FilterError):
        backup.unpack(tmp_path / "deep", copied)
    assert not (tmp_path / "outside").exists()


def test_the_mark_changes_with_the_archive_and_with_nothing_else(lab):
    before = backup.mark(lab)
    (lab / "lab/accounts.toml").write_text("# a change")
    assert backup.mark(lab) == before
    (lab / "lab/archive/manifest.json").write_text("{}")
    assert backup.mark(lab) != before


def test_scripts_may_be_run():
    for script in ("back", "backup", "certificate", "restore", "rotate", "upgrade"):
        assert os.access(ROOT / "deploy/compose" / script, os.X_OK), script
