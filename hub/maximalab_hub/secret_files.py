"""The lab's keys: one a file, readable by their owner alone, made once and never shown."""

from __future__ import annotations

import os
import secrets
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Secret(StrEnum):
    """The names of the keys, which are also the names of their files."""

    COOKIE_SECRET = "cookie_secret"  # noqa: S105  a file name, not the secret
    PROXY_TOKEN_PUBLIC = "proxy_token_public"  # noqa: S105
    PROXY_TOKEN_VPN = "proxy_token_vpn"  # noqa: S105
    USAGE_TOKEN = "usage_token"  # noqa: S105
    WITNESS_TOKEN = "witness_token"  # noqa: S105
    VPN_GATEWAY_TOKEN = "vpn_gateway_token"  # noqa: S105
    PSEUDONYM_KEY = "pseudonym_key"


class SecretError(Exception):
    """A key is missing, unreadable or readable by others; the text says which and what to do."""


def ensure_secrets(folder: Path) -> list[Secret]:
    """Make each missing key (32 random bytes in hexadecimal, mode 0600); say which were made.

    A key that is there is never changed. The folder gets mode 0700 when it is made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [secret for secret in Secret if _make(folder / secret)]


def _make(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
    return True


def read_secret(folder: Path, secret: Secret) -> str:
    """Read one key.

    Raises `SecretError` where it is missing, too short, or readable by anyone but its owner.
    """
    path = folder / secret
    value = _private_text(path, "Run `./lab setup`, which makes missing keys.")
    if len(value) < 32:  # noqa: PLR2004  16 bytes in hexadecimal, the least for a token
        raise SecretError(f"{path}: this key is too short. Remove the file and run `./lab setup`.")
    return value


def read_secret_file(path: Path) -> str:
    """Read a secret that others have made, such as a sign-in provider's for this lab.

    Raises `SecretError` where it is missing, empty, or readable by anyone but its owner.
    """
    value = _private_text(path, "Write the secret into it, and nothing else.")
    if not value:
        raise SecretError(f"{path}: this file is empty. Write the secret into it, and nothing else.")
    return value


def _private_text(path: Path, remedy: str) -> str:
    try:
        mode, value = path.stat().st_mode, path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"{path}: this key cannot be read. {remedy}") from error
    if mode & 0o077:
        raise SecretError(f"{path}: other users of this machine may read this key. Run: chmod 600 {path}")
    return value
