"""The example accounts: one of each kind of reader, with passwords made once for each lab."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maximalab_hub import people

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from maximalab_hub.lab.places import Places

COURSE = "operations-research"
SYLLABLES = [first + second for first in "bdfghklmnprstvz" for second in "aeiou"]
"""75 syllables that read alike in both languages of the lab."""


@dataclass(frozen=True)
class Example:
    """One example account, without its password."""

    name: str
    role: str
    groups: tuple[str, ...] = ()
    admin: bool = False


EXAMPLES = (
    Example("student", "student", (f"study:{COURSE}",)),
    Example("teacher", "teacher", (f"teach:{COURSE}",)),
    Example("researcher", "researcher", ("researchers",)),
    Example("admin", "admin", admin=True),
)


def readable_password() -> str:
    """Make a password that can be read out and typed: three words and a number, about 62 bits."""
    words = ["".join(secrets.choice(SYLLABLES) for _ in range(3)) for _ in range(3)]
    return "-".join([*words, str(secrets.randbelow(90) + 10)])


def ensure_examples(places: Places) -> Mapping[str, str]:
    """Make what is missing of the example accounts; returns each name's password.

    The accounts file holds hashes alone, so the passwords lie beside the other secrets. An account whose
    password somebody changed keeps the new one: only missing accounts are added.
    """
    file = places.secrets / "example_accounts.json"
    passwords: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    missing = [example for example in EXAMPLES if example.name not in passwords]
    passwords |= {example.name: readable_password() for example in missing}
    if missing:
        write_private(file, json.dumps(passwords, indent=1) + "\n")
    present = people.read_accounts(places.accounts) if places.accounts.exists() else {}
    for example in EXAMPLES:
        if example.name not in present:
            _add(places, example, passwords[example.name])
    return {example.name: passwords[example.name] for example in EXAMPLES}


def _add(places: Places, example: Example, password: str) -> None:
    people.add_account(places.accounts, example.name, password, groups=example.groups, admin=example.admin)


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)
