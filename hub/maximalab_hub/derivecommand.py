"""`maximalab usage derive`: make settings and sessions anew where rules, timetable or events changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from maximalab_hub.derived import key_of, sessions_of_person, setting_spans
from maximalab_hub.settings import load_settings
from maximalab_hub.store import deriving, queries
from maximalab_hub.store.engine import writing
from maximalab_hub.store.research import snapshot
from maximalab_hub.store.startcounts import begin_anew, settle
from maximalab_hub.study import happening, study_of, timetables_of
from maximalab_hub.usagestore import usage_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Engine

    from maximalab_hub.study import Study


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a derivation."""

    anew: int
    """People whose rows were made anew."""
    as_they_were: int
    gone: int
    """People without work or a group any more, whose rows were taken away."""
    version: str


def derive(
    every: Annotated[  # noqa: FBT002  an option of the command
        bool, typer.Option("--all", help="Make everybody's rows anew, changed or not.")
    ] = False,
) -> None:
    """Make the derived tables anew: when each person was in class, their sessions, and counts of senders' starts."""
    settings = load_settings()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        usage_store(settings) as engine,
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
    ):
        done = derive_all(
            engine,
            study_of(settings),
            every=every,
            track=lambda users: progress.track(list(users), description="People"),
        )
        if every:
            begin_anew(engine)
        settle(engine)
    typer.echo(
        f"{done.anew} people made anew, {done.as_they_were} as they were, {done.gone} gone; {done.version}"
    )


def derive_all(
    engine: Engine,
    study: Study,
    *,
    every: bool = False,
    track: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> Done:
    """Make anew what changed, person by person, each in a transaction of its own. Raises `StoreAwayError`."""
    with snapshot(engine) as connection:
        timetables = timetables_of(connection, study)
        seen, known = deriving.people(connection), deriving.keys(connection)
    wanted = {
        user: key_of(timetables.lessons, timetables.enrolments.get(user, ()), study.parameters, work)
        for user, work in seen.items()
    }
    changed = [user for user, key in wanted.items() if every or known.get(user) != key]
    for user in track(changed):
        with snapshot(engine) as connection:
            rows = queries.events_between(connection, users=[user])
            sessions = sessions_of_person(map(happening, rows), timetables, study.parameters)
        spans = setting_spans(user, timetables)
        with writing(engine) as connection:
            deriving.remember(connection, user, spans, sessions, wanted[user], timetables.version)
    gone = sorted(known.keys() - wanted.keys())
    if gone:
        with writing(engine) as connection:
            deriving.forget(connection, gone)
    return Done(len(changed), len(wanted) - len(changed), len(gone), timetables.version)
