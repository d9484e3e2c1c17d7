"""From what the provider says of a person to who that is here and what the person may do. Pure.

Fails closed: whoever no rule lets in stays out, and a claim of an unexpected form counts as not there.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b32encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from maximalab_hub.oidc.why import TurnedAwayError, Why

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_hub.oidc.section import OidcSection

PREFIX: Final = "oidc-"
"""What the name of everybody who comes by the provider begins with, and no local account's."""
NAME: Final = re.compile(r"oidc-(?:[a-z0-9]{1,24}(?:-[a-z0-9]{1,24}){0,11}-)?[a-z2-7]{16}")
"""Names of persons who come by the provider."""

_LONGEST: Final = 255
_READABLE: Final = 24
_MOST_GROUPS: Final = 1000
_LONGEST_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Admitted:
    """A person who is let in."""

    name: str
    groups: tuple[str, ...]
    """The lab's groups, from the provider's."""
    admin: bool
    shown: str
    """What the pages call the person; the name where the provider says nothing."""


def admitted(claims: Mapping[str, Any], rules: OidcSection) -> Admitted:
    """Say who the person is. Raises `TurnedAwayError` for everybody whom no rule lets in."""
    name = name_of(rules.issuer, rules.identity_claim, _looked_up(claims, rules.identity_claim))
    email = _verified_email(claims, rules, name)
    for claim, wanted in rules.require.items():
        if _looked_up(claims, claim) != wanted:
            raise TurnedAwayError(Why.NOT_ALLOWED, f"{name}: claim {claim!r} is not what oidc.require says")
    theirs = groups_of(claims, rules.groups_claim)
    if not _allowed(email, theirs, rules):
        domain = email.rpartition("@")[2][:_LONGEST]
        raise TurnedAwayError(
            Why.NOT_ALLOWED, f"{name}: no allow_… of [oidc] fits (domain {domain!r}, {len(theirs)} groups)"
        )
    ours = {group for one in theirs for group in rules.groups.get(one, ())}
    return Admitted(
        name, tuple(sorted(ours)), not theirs.isdisjoint(rules.admin_groups), _shown(claims, name)
    )


def name_of(issuer: str, claim: str, value: object) -> str:
    """Make the name of a person here: the same for the same person, another for every other one.

    It is a hash of issuer, claim and value, 80 bits of it, so that no two persons share one. A claim that an
    admin has chosen stands readable before it. Raises `TurnedAwayError` where the claim is no text.
    """
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        raise TurnedAwayError(Why.NO_IDENTITY, f"claim {claim!r} is missing, or no text of 1 to 255 signs")
    key = hashlib.sha256(json.dumps([issuer, claim, value]).encode()).digest()
    unlike = b32encode(key[:10]).decode("ascii").lower()
    if claim == "sub":
        return f"{PREFIX}{unlike}"
    words = re.sub(r"[^a-z0-9]+", "-", value.partition("@")[0].lower())[:_READABLE].strip("-")
    return f"{PREFIX}{words}-{unlike}" if words else f"{PREFIX}{unlike}"


def groups_of(claims: Mapping[str, Any], claim: str) -> frozenset[str]:
    """Give the person's groups at the provider; what is no text is none."""
    found = _looked_up(claims, claim) if claim else None
    listed = [found] if isinstance(found, str) else found
    if not isinstance(listed, list):
        return frozenset()
    return frozenset(one for one in listed[:_MOST_GROUPS] if isinstance(one, str))


def _looked_up(claims: Mapping[str, Any], claim: str) -> object:
    """Find a claim by its name; where there is none of it, dots lead into claims."""
    if claim in claims:
        return claims[claim]
    found: object = claims
    for part in claim.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def _verified_email(claims: Mapping[str, Any], rules: OidcSection, name: str) -> str:
    email = _looked_up(claims, rules.email_claim)
    if not isinstance(email, str) or email.count("@") != 1 or len(email) > _LONGEST:
        raise TurnedAwayError(
            Why.EMAIL_UNVERIFIED, f"{name}: claim {rules.email_claim!r} is no e-mail address"
        )
    said = _looked_up(claims, rules.email_verified_claim)
    if said is not True and said not in ("true", "1", 1):  # Microsoft's xms_edov comes in all of these forms
        raise TurnedAwayError(
            Why.EMAIL_UNVERIFIED, f"{name}: claim {rules.email_verified_claim!r} is not true"
        )
    return email.lower()


def _allowed(email: str, theirs: frozenset[str], rules: OidcSection) -> bool:
    return (
        email in rules.allow_emails
        or email.rpartition("@")[2] in rules.allow_domains
        or not theirs.isdisjoint(rules.allow_groups)
    )


def _shown(claims: Mapping[str, Any], name: str) -> str:
    said = claims.get("name")
    words = " ".join(said.split())[:_LONGEST_SHOWN] if isinstance(said, str) else ""
    return words if words.isprintable() and words else name
