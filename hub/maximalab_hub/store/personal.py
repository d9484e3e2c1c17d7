"""What in the store is personal data, column by column: a table that a test holds complete."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Personal(StrEnum):
    """Classes of personal data, the most sensitive first."""

    NAMES = "names"
    """Says who somebody is: an account name."""
    MAY_NAME = "may name"
    """Text that people or programs wrote, and which may hold names."""
    ABOUT = "about"
    """Says what a person did, had or decided; personal because the same row, or the row that it belongs to, names."""
    LINKS = "links"
    """An id by which rows of one person, or one sender, can be put together."""
    PSEUDONYM = "pseudonym"
    """Stands for a person by the lab's secret key; without it, it says only that two rows are of one person."""
    SECRET = "secret"  # noqa: S105  the name of a class
    """Something that opens a door, or its fingerprint."""
    NONE = "none"
    """About no person."""


_ABOUT, _LINKS, _NONE = Personal.ABOUT, Personal.LINKS, Personal.NONE

CLASSES: Final[Mapping[str, Mapping[str, Personal]]] = {
    "event": {
        "event_id": _LINKS,
        "boot_id": _LINKS,
        "seq": _ABOUT,
        "kind": _ABOUT,
        "at": _ABOUT,
        "at_reported": _ABOUT,
        "at_clamped": _ABOUT,
        "received_at": _ABOUT,
        "user": Personal.NAMES,
        "server": Personal.MAY_NAME,
        "tier": _ABOUT,
        "backend": _ABOUT,
        "entrance": _ABOUT,
        "course": _ABOUT,
        "material": _ABOUT,
        "notebook": Personal.MAY_NAME,
        "cell_id": _LINKS,
        "kernel": _ABOUT,
        "duration_ms": _ABOUT,
        "outcome": _ABOUT,
        "error_name": Personal.MAY_NAME,
        "source": _ABOUT,
        "detail": Personal.MAY_NAME,
    },
    "server": {
        "user": Personal.NAMES,
        "server": Personal.MAY_NAME,
        "moment": _ABOUT,
        "running": _ABOUT,
        "tier": _ABOUT,
        "backend": _ABOUT,
        "entrance": _ABOUT,
    },
    "lesson": dict.fromkeys(
        (
            "entry_id",
            "lesson_id",
            "course",
            "group_name",
            "starts_at",
            "ends_at",
            "cancelled",
            "series",
            "moved_from",
            "since_version",
            "until_version",
        ),
        _NONE,
    )
    | {"note": Personal.MAY_NAME},
    "enrolment": {
        "entry_id": _NONE,
        "user": Personal.NAMES,
        "course": _ABOUT,
        "group_name": _ABOUT,
        "valid_from": _ABOUT,
        "valid_until": _ABOUT,
        "since_version": _ABOUT,
        "until_version": _ABOUT,
    },
    "holiday": {
        "entry_id": _NONE,
        "course": _NONE,
        "name": Personal.MAY_NAME,
        "starts_at": _NONE,
        "ends_at": _NONE,
        "since_version": _NONE,
        "until_version": _NONE,
    },
    "derivation": {"user": Personal.NAMES, "key": _LINKS, "version": _ABOUT},
    "setting_span": {
        "user": Personal.NAMES,
        **dict.fromkeys(("course", "starts_at", "ends_at", "setting"), _ABOUT),
    },
    "work_session": {
        "user": Personal.NAMES,
        **dict.fromkeys(
            (
                "starts_at",
                "ends_at",
                "events",
                "runs",
                "errors",
                "in_class_ms",
                "out_of_class_ms",
                "unknown_ms",
            ),
            _ABOUT,
        ),
    },
    "start_count": {
        "user": Personal.NAMES,
        "boot_id": _LINKS,
        "server": Personal.MAY_NAME,
        **dict.fromkeys(
            (
                "place",
                "stored",
                "numbered",
                "ended",
                "first_at",
                "last_at",
                "first_received",
                "last_received",
                "told",
            ),
            _ABOUT,
        ),
    },
    "start_course": {"boot_id": _LINKS, **dict.fromkeys(("course", "first_at", "last_at"), _ABOUT)},
    "start_change": {"boot_id": _LINKS, "from_seq": _ABOUT},
    "timetable_version": {
        "course": _NONE,
        "number": _NONE,
        "made_at": _ABOUT,
        "made_by": Personal.NAMES,
        "how": _ABOUT,
        "words": Personal.MAY_NAME,
    },
    "timetable_source": {
        "source_id": _NONE,
        "course": _NONE,
        "address": Personal.SECRET,
        "group_name": _NONE,
        "made_by": Personal.NAMES,
        "asked_at": _NONE,
        "good_at": _NONE,
        "content": Personal.MAY_NAME,
        "trouble": _NONE,
        "trouble_at": Personal.MAY_NAME,
    },
    "timetable_draft": {
        "draft_id": _NONE,
        "course": _NONE,
        "made_by": Personal.NAMES,
        "made_at": _ABOUT,
        "based_on": _NONE,
        "content": Personal.MAY_NAME,
    },
    "consent": {
        "consent_id": _NONE,
        "user": Personal.NAMES,
        "study": _ABOUT,
        "agreed": _ABOUT,
        "consent_version": _ABOUT,
        "decided_at": _ABOUT,
    },
    "cell_code": {
        "event_id": _LINKS,
        "study": _ABOUT,
        "user": Personal.NAMES,
        "course": _ABOUT,
        "at": _ABOUT,
        "text": Personal.MAY_NAME,
        "cut": _ABOUT,
    },
    "rating_panel": {
        "panel_id": _NONE,
        "study": _NONE,
        "title": Personal.MAY_NAME,
        "criteria": Personal.MAY_NAME,
        "least": _NONE,
        "most": _NONE,
        "made_by": Personal.NAMES,
        "made_at": _ABOUT,
        "closed_at": _ABOUT,
    },
    "rating_invitation": {
        "invitation_id": _LINKS,
        "panel_id": _NONE,
        "place": _LINKS,
        "secret_hash": Personal.SECRET,
        "invited_at": _ABOUT,
        "answered_at": _ABOUT,
    },
    "rating": {"invitation_id": _LINKS, "criterion": _NONE, "score": _ABOUT},
    "competence": {
        "table_id": _NONE,
        "study": _NONE,
        "title": Personal.MAY_NAME,
        "same_people": _NONE,
        "levels": Personal.MAY_NAME,
        "rows": Personal.MAY_NAME,
        "counts": _NONE,
        "made_by": Personal.NAMES,
        "made_at": _ABOUT,
    },
    "export_log": {
        "position": _NONE,
        "at": _ABOUT,
        "kind": _ABOUT,
        "who": Personal.PSEUDONYM,
        "study": _NONE,
        "detail": Personal.MAY_NAME,
        "previous": _NONE,
        "hash": _NONE,
    },
    "study": {
        "place": _NONE,
        "study": _NONE,
        "consent_version": _NONE,
        "title_uk": Personal.MAY_NAME,
        "title_en": Personal.MAY_NAME,
        "consent_uk": Personal.MAY_NAME,
        "consent_en": Personal.MAY_NAME,
        "counts": _NONE,
        "asks_code": _NONE,
        "made_by": Personal.NAMES,
        "made_at": _ABOUT,
    },
    "erasure_request": {"user": Personal.NAMES, "asked_at": _ABOUT},
    "erased": {"who": Personal.PSEUDONYM, "erased_at": _ABOUT},
    "archived_month": dict.fromkeys(("month", "file", "sha256", "rows", "archived_at"), _NONE)
    | {"last_id": _LINKS},
    "archived_id": {"id": _LINKS},
    "removed_number": dict.fromkeys(("boot_id", "seq"), _NONE),
    "export_log_head": dict.fromkeys(("head_id", "base_position", "base_hash", "position", "hash"), _NONE),
}
"""By table and column. `rows` and `counts` of competence are numbers of people, entered by a researcher."""
