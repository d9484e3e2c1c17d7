"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WRONG = "wrong"
    NOT_CHECKED = "not checked"
    """Something that the check needs is not there, and that is no fault: a lab that does not run."""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's answer."""

    verdict: Verdict
    detail: str
    remedy: str = ""


def ok(detail: str) -> Finding:
    """All is well."""
    return Finding(Verdict.OK, detail)


def wrong(detail: str, remedy: str) -> Finding:
    """Something is to be mended, by `remedy`."""
    return Finding(Verdict.WRONG, detail, remedy)


def not_checked(detail: str) -> Finding:
    """Say why the check could not be made."""
    return Finding(Verdict.NOT_CHECKED, detail)
