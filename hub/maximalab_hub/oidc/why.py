"""Why a sign-in by the provider did not succeed: one word for the page, the log and the event."""

from __future__ import annotations

from enum import StrEnum


class Why(StrEnum):
    """The reasons. Each has a page, and is the last part of that page's address."""

    PROVIDER_AWAY = "provider-away"
    PROVIDER_WRONG = "provider-wrong"
    CLOCK = "clock"
    DECLINED = "declined"
    BEGIN_AGAIN = "begin-again"
    TOO_MANY = "too-many"
    NO_IDENTITY = "no-identity"
    EMAIL_UNVERIFIED = "email-unverified"
    NOT_ALLOWED = "not-allowed"


class TurnedAwayError(Exception):
    """The sign-in ends here. The text is for the log: it holds no token, no code and no e-mail address."""

    def __init__(self, why: Why, detail: str) -> None:
        self.why = why
        super().__init__(detail)
