"""Local accounts, for labs without a sign-in service: a TOML file of names, password hashes and groups.

The file's form is described in `docs/settings.md`. Nothing here keeps a password, and no log line holds one.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from maximalab_hub.language import as_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from maximalab_hub.settings_sections import Language

NAME: Final = re.compile(r"(?!oidc-)[a-z](?:[a-z0-9._-]{0,30}[a-z0-9])?")
"""A name becomes a folder's and an address's name, so it holds nothing that either could misread.

What begins with `oidc-` is for those who come by a sign-in provider: nobody can be mistaken for one of them."""

GROUP: Final = re.compile(r"(?:study|teach):[a-z][a-z0-9-]{0,40}|researchers")
"""A group: `study:<course>`, `teach:<course>` or `researchers`."""

LONGEST_PASSWORD: Final = 1024
"""Characters; a longer one is refused before any work is spent on it."""

_KEYS: Final = frozenset({"password", "groups", "admin", "language"})
_HASHER: Final = PasswordHasher()


class AccountError(Exception):
    """An account is wrong; the text names the file, the person, the field and the remedy."""


@dataclass(frozen=True, slots=True)
class Account:
    """One person who may sign in."""

    name: str
    password: str = field(repr=False)
    """The Argon2 hash of the password."""
    groups: tuple[str, ...] = ()
    admin: bool = False
    language: Language | None = None


def hash_password(password: str) -> str:
    """Hash a password with Argon2id; raises `AccountError` where it is empty or too long."""
    if not password:
        raise AccountError("The password is empty. Choose one of eight characters or more.")
    if len(password) > LONGEST_PASSWORD:
        raise AccountError(
            f"The password is longer than {LONGEST_PASSWORD} characters. Choose a shorter one."
        )
    return _HASHER.hash(password)


_NOBODY: Final = _HASHER.hash("nobody has this account")


def password_fits(account: Account | None, password: str) -> bool:
    """Say whether `password` is the account's.

    Takes about as long for a name that nobody has (`account` is None), so that time tells no names.
    """
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        fits = _HASHER.verify(account.password if account else _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return fits and account is not None


def read_accounts(path: Path) -> Mapping[str, Account]:
    """Read the accounts; raises `AccountError` where anything is wrong: then nobody can sign in."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AccountError(f"{path}: cannot be read ({error.strerror}). Check people.accounts.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AccountError(f"{path}: is not a TOML file in UTF-8: {error}. Mend that place.") from error
    return {name: _account(path, name, entry) for name, entry in data.items()}


def _account(path: Path, name: str, entry: Any) -> Account:  # noqa: ANN401  whatever stands in the file
    def wrong(key: str, remedy: str) -> AccountError:
        return AccountError(f"{path}: [{name[:40]}] {key}: {remedy}")

    if not NAME.fullmatch(name):
        raise wrong(
            "name",
            "use 1 to 32 small letters, digits, `.`, `-`, `_`; a letter first, no sign last, not `oidc-…`.",
        )
    if not isinstance(entry, dict):
        raise wrong("entry", "make it a table of its own.")
    if unknown := sorted(set(entry) - _KEYS):
        raise wrong(unknown[0][:40], f"there is no such key; there are {', '.join(sorted(_KEYS))}.")
    password, groups = entry.get("password"), entry.get("groups", [])
    if not isinstance(password, str) or not password.startswith("$argon2"):
        raise wrong("password", "must be an Argon2 hash; `maximalab accounts add` writes one.")
    if not isinstance(groups, list) or not all(
        isinstance(one, str) and GROUP.fullmatch(one) for one in groups
    ):
        raise wrong("groups", "must be a list of `study:<course>`, `teach:<course>` and `researchers`.")
    if not isinstance(entry.get("admin", False), bool):
        raise wrong("admin", "must be true or false.")
    language = as_language(entry.get("language"))
    if "language" in entry and language is None:
        raise wrong("language", 'must be "uk" or "en".')
    return Account(name, password, tuple(groups), entry.get("admin", False), language)


def add_account(  # noqa: PLR0913  an account's fields, all by name
    path: Path,
    name: str,
    password: str,
    *,
    groups: Iterable[str] = (),
    admin: bool = False,
    language: Language | None = None,
) -> Account:
    """Add a person to the accounts file, or replace the person's entry; the file is made where there is none.

    Raises `AccountError` where the name, password or a group is wrong; the file is then as it was.
    """
    entry = {"password": hash_password(password), "groups": list(groups), "admin": admin}
    account = _account(path, name, entry | ({"language": language} if language else {}))
    present = dict(read_accounts(path)) if path.exists() else {}
    _write(path, (present | {name: account}).values())
    return account


def _write(path: Path, accounts: Iterable[Account]) -> None:
    """Replace the file as a whole, so that a reader sees either the old or the new one."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(map(_entry, accounts)))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _entry(account: Account) -> str:
    lines = [
        f"[{json.dumps(account.name)}]",
        f"password = {json.dumps(account.password)}",
        f"groups = {json.dumps(list(account.groups))}",
    ]
    lines += ["admin = true"] if account.admin else []
    lines += [f'language = "{account.language}"'] if account.language else []
    return "\n".join(lines) + "\n"


class AccountsFile:
    """The accounts as they are now: read again when the file has changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._accounts: Mapping[str, Account] = {}

    def find(self, name: str) -> Account | None:
        """Find a person. Raises `AccountError` where the file cannot be used, and forgets what was there."""
        try:
            state = self.path.stat()
        except OSError as error:
            raise AccountError(
                f"{self.path}: cannot be read ({error.strerror}). Check people.accounts."
            ) from error
        seen = (state.st_mtime_ns, state.st_size, state.st_ino)
        if seen != self._seen:
            self._seen = None
            self._accounts = read_accounts(self.path)
            self._seen = seen
        return self._accounts.get(name)
