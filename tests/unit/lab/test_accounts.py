"""The example accounts are made once, and kept."""

from __future__ import annotations

import re
import stat

import pytest
from maximalab_hub import people
from maximalab_hub.lab.accounts import EXAMPLES, ensure_examples, readable_password, write_private
from maximalab_hub.lab.places import Addresses, Places
from maximalab_hub.lab.tell import facts


@pytest.fixture
def places(tmp_path):
    made = Places(tmp_path / "lab")
    made.secrets.mkdir(parents=True)
    return made


def test_each_kind_of_reader_gets_an_account_that_works(places):
    passwords = ensure_examples(places)
    accounts = people.read_accounts(places.accounts)
    assert set(accounts) == {"student", "teacher", "researcher", "admin"}
    for name, password in passwords.items():
        assert people.password_fits(accounts[name], password)
    assert [name for name, account in accounts.items() if account.admin] == ["admin"]
    assert accounts["student"].groups == ("study:operations-research",)
    assert accounts["teacher"].groups == ("teach:operations-research",)
    assert accounts["researcher"].groups == ("researchers",)


def test_passwords_stay_the_same_and_are_for_the_owner_alone(places):
    assert ensure_examples(places) == ensure_examples(places)
    mode = (places.secrets / "example_accounts.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert not any(password in places.accounts.read_text() for password in ensure_examples(places).values())


@pytest.mark.parametrize("left", [None, "", '{"student": ', "[1]", '{"student": 7}'])
def test_lost_passwords_are_made_anew_and_fit(places, left: str | None):
    ensure_examples(places)
    file = places.secrets / "example_accounts.json"
    file.unlink() if left is None else file.write_text(left)
    passwords = ensure_examples(places)
    accounts = people.read_accounts(places.accounts)
    assert all(people.password_fits(accounts[name], password) for name, password in passwords.items())
    assert ensure_examples(places) == passwords


def test_a_changed_account_is_left_alone_and_a_missing_one_is_made_again(places):
    ensure_examples(places)
    people.add_account(places.accounts, "student", "a new one of mine", groups=["study:operations-research"])
    people.add_account(places.accounts, "olena", "another person", groups=["study:operations-research"])
    ensure_examples(places)
    accounts = people.read_accounts(places.accounts)
    assert people.password_fits(accounts["student"], "a new one of mine")
    assert "olena" in accounts
    places.accounts.unlink()
    passwords = ensure_examples(places)
    assert people.password_fits(people.read_accounts(places.accounts)["student"], passwords["student"])


def test_a_password_can_be_read_out_and_is_never_the_same():
    made = {readable_password() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[a-z]{6}-[a-z]{6}-[a-z]{6}-\d\d", password) for password in made)


def test_the_facts_for_scripts_have_the_agreed_shape():
    told = facts(Addresses(9000), {example.name: f"secret of {example.name}" for example in EXAMPLES})
    assert told["public"] == "http://127.0.0.1:9000"
    assert told["vpn"] == "http://127.0.0.2:9000"
    assert told["accounts"][0] == {"name": "student", "password": "secret of student", "role": "student"}


def test_a_private_file_is_replaced_whole(tmp_path):
    file = tmp_path / "lab.json"
    file.write_text("old")
    file.chmod(0o644)
    write_private(file, "new")
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
