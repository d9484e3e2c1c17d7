"""Local accounts: names, passwords, groups, and how often one may fail."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub import signin
from maximalab_hub.pages.sign_in import BUSY, NotNowError
from maximalab_hub.people import (
    NAME,
    Account,
    AccountError,
    AccountsFile,
    add_account,
    hash_password,
    password_fits,
    read_accounts,
)
from maximalab_hub.signin import HASHES_AT_ONCE, LocalAccounts
from maximalab_hub.throttle import FROM_EVERYWHERE, FROM_ONE_PLACE, Throttle
from tornado.httputil import HTTPHeaders
from tornado.web import HTTPError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ADA_HASH = hash_password("difference engine")


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("accounts") / "accounts.toml"
    add_account(path, "ada", "difference engine", groups=["study:operations-research"])
    add_account(path, "emil", "posts", language="uk")
    add_account(path, "grace", "compiler", groups=["teach:operations-research", "researchers"], admin=True)
    return path


@pytest.fixture
def file(tmp_path: Path, made_once: Path) -> Path:
    return Path(shutil.copy2(made_once, tmp_path / "accounts.toml"))


def test_what_is_added_is_read(file: Path):
    accounts = read_accounts(file)
    assert {name: (one.groups, one.admin, one.language) for name, one in accounts.items()} == {
        "ada": (("study:operations-research",), False, None),
        "emil": ((), False, "uk"),
        "grace": (("teach:operations-research", "researchers"), True, None),
    }
    assert file.stat().st_mode & 0o777 == 0o600
    assert "compiler" not in file.read_text(encoding="utf-8")


def test_adding_again_replaces_the_entry(file: Path):
    add_account(file, "ada", "analytical engine")
    account = read_accounts(file)["ada"]
    assert password_fits(account, "analytical engine")
    assert not password_fits(account, "difference engine")
    assert account.groups == ()


@pytest.mark.parametrize(
    ("account", "password", "fits"),
    [
        pytest.param(Account("ada", ADA_HASH), "difference engine", True, id="the right password"),
        pytest.param(Account("ada", ADA_HASH), "Difference engine", False, id="capitals count"),
        pytest.param(Account("ada", ADA_HASH), "", False, id="no password"),
        pytest.param(Account("ada", ADA_HASH), "x" * 2000, False, id="an endless password"),
        pytest.param(Account("ada", "$argon2id$broken"), "difference engine", False, id="a broken hash"),
        pytest.param(None, "nobody has this account", False, id="a name that nobody has"),
    ],
)
def test_a_password_fits_or_not(account: Account | None, password: str, fits):
    assert password_fits(account, password) is fits


@pytest.mark.parametrize(
    "name", ["", "Ada", "1ada", "a.", ".a", "a/b", "..", "a b", "а", "a" * 33, "a%2fb", "ada\n"]
)
def test_a_strange_name_is_nobodys(file: Path, name: str):
    with pytest.raises(AccountError, match="name"):
        add_account(file, name, "password")
    assert set(read_accounts(file)) == {"ada", "emil", "grace"}


@given(st.from_regex(NAME, fullmatch=True))
def test_a_name_is_safe_as_a_folder_and_in_an_address(name: str):
    assert name.isascii()
    assert name not in {".", ".."}
    assert not set(name) & set("/\\%@:?#& \n\0")
    assert name == name.lower()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("ada = 1", r"\[ada\] entry", id="no table"),
        pytest.param("[ada]", r"\[ada\] password", id="no password"),
        pytest.param('[ada]\npassword = "secret"', "Argon2", id="a password in clear"),
        pytest.param(
            f'[ada]\npassword = "{ADA_HASH}"\ngroups = ["admins"]', "groups", id="a group that is none"
        ),
        pytest.param(
            f'[ada]\npassword = "{ADA_HASH}"\ngroups = "researchers"', "groups", id="no list of groups"
        ),
        pytest.param(f'[ada]\npassword = "{ADA_HASH}"\nadmin = "yes"', "admin", id="neither true nor false"),
        pytest.param(f'[ada]\npassword = "{ADA_HASH}"\nlanguage = "de"', "language", id="a third language"),
        pytest.param(f'[ada]\npassword = "{ADA_HASH}"\nrole = "x"', "no such key", id="a misspelt key"),
        pytest.param("[ada", "TOML", id="no TOML"),
    ],
)
def test_a_wrong_file_lets_nobody_in(tmp_path: Path, text: str, said: str):
    path = tmp_path / "accounts.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AccountError, match=said) as caught:
        read_accounts(path)
    assert str(path) in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_changed_file_counts_at_once_and_a_broken_one_forgets(file: Path):
    accounts = AccountsFile(file)
    assert accounts.find("ada") is not None
    add_account(file, "emmy", "rings")
    assert accounts.find("emmy") is not None
    file.write_text("[ada", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(AccountError):
            accounts.find("ada")
    file.unlink()
    with pytest.raises(AccountError, match="cannot be read"):
        accounts.find("ada")


@pytest.fixture
def sign_in(file: Path) -> Callable[[str, str], Awaitable[object]]:
    authenticator = LocalAccounts(accounts_path=str(file))
    authenticator.throttle = Throttle(clock=lambda: 0.0)  # a slow machine must not make a guess late enough

    async def attempt(name: str, password: str, **headers: str) -> object:
        given = HTTPHeaders({"X-Forwarded-For": "10.0.0.1"} | headers)
        handler = SimpleNamespace(request=SimpleNamespace(headers=given, remote_ip=headers.get("X-Real-Ip")))
        return await authenticator.get_authenticated_user(handler, {"username": name, "password": password})

    return attempt


async def test_signing_in_gives_the_groups_of_the_file(sign_in):
    model = await sign_in("grace", "compiler")
    assert (model["name"], model["admin"]) == ("grace", True)
    assert model["groups"] == ["teach:operations-research", "researchers"]


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", "compiler"),
        ("nobody", "compiler"),
        ("ADA", "difference engine"),
        ("../ada", "difference engine"),
        ("", ""),
    ],
)
async def test_a_wrong_pair_is_refused_without_a_word_why(sign_in, name: str, password: str):
    assert await sign_in(name, password) is None


async def test_of_many_guesses_at_once_few_are_looked_at_whatever_address_they_claim(sign_in, monkeypatch):
    looked, at_once, most = [], 0, 0

    def fits(account, password):
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        looked.append(password)
        try:
            return password_fits(account, password)
        finally:
            at_once -= 1

    monkeypatch.setattr(signin, "password_fits", fits)
    guesses = [
        sign_in(
            "ada",
            f"guess {number}",
            **{"X-Real-Ip": f"10.9.9.{number}", "X-Forwarded-For": f"{number}, 10.0.0.1"},
        )
        for number in range(24)
    ]
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert len(looked) == answers.count(None) == FROM_ONE_PLACE.free
    assert sum(isinstance(answer, NotNowError) for answer in answers) == 24 - FROM_ONE_PLACE.free
    assert most <= HASHES_AT_ONCE
    with pytest.raises(NotNowError) as caught:
        await sign_in("ada", "difference engine")
    assert 1 <= caught.value.seconds <= FROM_ONE_PLACE.longest
    assert await sign_in("grace", "compiler"), "another person is not held up"
    assert await sign_in("ada", "difference engine", **{"X-Forwarded-For": "10.0.0.1, 10.0.0.2"}), (
        "the same person elsewhere is not held up by a neighbour"
    )


async def test_the_right_password_takes_back_what_was_counted(sign_in):
    for _ in range(3 * FROM_EVERYWHERE.free):
        assert await sign_in("ada", "difference engine")


async def test_a_crowd_that_cannot_be_looked_at_is_told_so(sign_in, monkeypatch):
    monkeypatch.setattr(signin, "MOST_WAITING", 3)
    answers = await asyncio.gather(
        *(sign_in(f"nobody{number}", "x") for number in range(5)), return_exceptions=True
    )
    assert [answer and answer.said for answer in answers] == [None, None, None, BUSY, BUSY]


async def test_who_is_taken_out_of_the_file_must_sign_in_again(file: Path):
    authenticator = LocalAccounts(accounts_path=str(file))
    assert (await authenticator.refresh_user(SimpleNamespace(name="ada")))["groups"] == [
        "study:operations-research"
    ]
    file.write_text("", encoding="utf-8")  # noqa: ASYNC240  nothing else runs here
    assert await authenticator.refresh_user(SimpleNamespace(name="ada")) is False


async def test_a_slip_in_the_file_ends_nobodys_lesson(file: Path):
    authenticator = LocalAccounts(accounts_path=str(file))
    file.write_text("[ada", encoding="utf-8")  # noqa: ASYNC240  nothing else runs here
    assert await authenticator.refresh_user(SimpleNamespace(name="ada")) is True
    with pytest.raises(HTTPError) as caught:
        authenticator.check_allowed("ada")
    assert caught.value.status_code == 503
