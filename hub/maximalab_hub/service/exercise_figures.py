"""How exercises went, of those who agreed to a study or of everybody of a course, as it is kept for who looks again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from maximalab_hub.comparison.exercises import Exercise, exercises
from maximalab_hub.service.kept import Reckoning, kept_of
from maximalab_hub.sourcecells import SourceNotebooks, exercises_read
from maximalab_hub.store import timetables
from maximalab_hub.store.marks import mark_of
from maximalab_hub.store.research import Selection
from maximalab_hub.study import cells_of_people
from maximalab_hub.timetablechange import timetables_with

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fastapi import Request
    from sqlalchemy import Connection

    from maximalab_hub.compare import Parameters
    from maximalab_hub.setting import Span
    from maximalab_hub.settings import Settings
    from maximalab_hub.store.marks import Mark
    from maximalab_hub.study import Study

Exercises: TypeAlias = tuple[Exercise, ...]
NO_STUDY: Final = ""
"""What teachers see does not depend on who agreed to what."""


@dataclass(frozen=True, slots=True)
class HandedOut:
    """The notebooks of materials as they are handed out now."""

    versions: tuple[tuple[str, int], ...] = ()
    """The materials, and which version is handed out."""
    cells: Callable[[], Mapping[str, tuple[str, ...]]] = dict
    """Reads the cells of those whose notebook the hub has, in its order; who sees what is kept need not."""


def handed_out(request: Request, course: str | None = None) -> HandedOut:
    """Say what is handed out, in one course where it is named."""
    settings: Settings = request.app.state.settings
    notebooks = SourceNotebooks(settings, request.app.state.catalogue)
    return HandedOut(notebooks.versions(course), partial(notebooks.known, settings.lab.default_language))


def of_study(study: Study, selection: Selection, notebooks: HandedOut) -> Reckoning[Exercises]:
    """Say how the exercises are reckoned of those who agreed."""
    return Reckoning(
        ("exercises", *kept_of(study), selection, notebooks.versions),
        lambda connection: mark_of(connection, study.id, selection),
        lambda connection: exercises_read(connection, study, selection, notebooks.cells()),
        _one_by_one,
    )


def of_course(course: str, span: Span, parameters: Parameters, notebooks: HandedOut) -> Reckoning[Exercises]:
    """Say how they are reckoned of everybody who is in one of the course's groups."""
    selection = Selection(course, None, span.start, span.end)

    def mark(connection: Connection) -> Mark | None:
        """Whoever is taken out of a group must not be told of once more: the timetable says who may be."""
        found = mark_of(connection, NO_STUDY, selection)
        groups = timetables.newest(connection, course)
        return found and replace(found, people=(*found.people, groups))

    def read(connection: Connection) -> Callable[[], Exercises]:
        state = timetables.state_of(connection, course)
        people = frozenset(one.user for one in state.people)
        tables = timetables_with(connection, state, people, parameters.rule)
        runs = cells_of_people(connection, people, selection)
        return partial(exercises, runs, tables, notebooks.cells(), parameters.smallest_group)

    return Reckoning(
        ("exercises of a course", parameters, selection, notebooks.versions),
        mark,
        read,
        _one_by_one,
    )


def _one_by_one(_: Exercises) -> int:
    """Say how many people it tells of one by one: it tells of many together."""
    return 0
