"""A course or a material that a command names: a misspelt one is refused, for of it every figure would be nought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_hub.store import research, timetables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection


class NoSuchNameError(ValueError):
    """Nothing is known of what an option names: the option, and the names that there are."""

    def __init__(self, option: str, given: str, known: Iterable[str]) -> None:
        there = ", ".join(sorted(known))
        super().__init__(
            f"{option} {given!r}: nothing tells of it. "
            + (f"There are: {there}." if there else f"Nothing tells of any yet; leave {option} out.")
        )


def check_course(connection: Connection, course: str | None) -> None:
    """Raise `NoSuchNameError` where neither an event nor a timetable tells of this course."""
    if course is None:
        return
    known = {*research.courses(connection), *timetables.courses(connection)}
    check_name("--course", course, known)


def check_name(option: str, given: str, known: Iterable[str | None]) -> None:
    """Raise `NoSuchNameError` where this name is none of those."""
    names = set(filter(None, known))
    if given not in names:
        raise NoSuchNameError(option, given, names)
