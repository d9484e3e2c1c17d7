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
    password somebody changed keeps the new one; one whose password was lost with that file gets a new one.
    """
    file = places.secrets / "example_accounts.json"
    passwords = _kept(file)
    lost = {example.name for example in EXAMPLES} - passwords.keys()
    passwords |= {name: readable_password() for name in sorted(lost)}
    present = people.read_accounts(places.accounts) if places.accounts.exists() else {}
    for example in EXAMPLES:
        if example.name in lost or example.name not in present:
            _add(places, example, passwords[example.name])
    if lost:  # last: cut off before, the next start makes them once more
        write_private(file, json.dumps(passwords, indent=1, sort_keys=True) + "\n")
    return {example.name: passwords[example.name] for example in EXAMPLES}


def _kept(file: Path) -> dict[str, str]:
    """Read the passwords that were made before; a file that is no such list counts as lost."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return (
        {name: word for name, word in found.items() if isinstance(word, str)}
        if isinstance(found, dict)
        else {}
    )


def _add(places: Places, example: Example, password: str) -> None:
    people.add_account(places.accounts, example.name, password, groups=example.groups, admin=example.admin)


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)
