"""What JupyterHub and our sign-in say to people in English, listed here so that it gets translated.

`templates/login.html` looks each message up; the tests check that every one has a translation.
"""

from __future__ import annotations

from typing import Final

_ = str
"""Marks a text for translation."""

SIGN_IN_MESSAGES: Final = (
    _("Invalid username or password"),
    _("Login form invalid or expired. Try again."),
    _("Nobody can sign in at the moment. Tell the lab's administrator."),
    _("Forbidden"),
    _("Service Unavailable"),
    _("Too Many Requests"),
    _("Internal Server Error"),
)
