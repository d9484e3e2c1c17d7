"""Erasing a person from the store: every table that names, in one transaction.

Like `queries`, every function takes a connection of `engine.writing` or `engine.reading`; none commits.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, Text, bindparam, cast, delete, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from maximalab_hub.erasure import FATES, KEPT, Erasure, Fate, names_word, unnamed
from maximalab_hub.events import Source
from maximalab_hub.export_log import LogKind
from maximalab_hub.store import log
from maximalab_hub.store.archive.changing import hold_archive, put_texts, take_out
from maximalab_hub.store.archive.places import archived_months
from maximalab_hub.store.archive.reading import Archive
from maximalab_hub.store.erasure_lock import hold_everybody_off
from maximalab_hub.store.models import (
    Base,
    ErasedRow,
    ErasureRequestRow,
    EventRow,
    RemovedNumberRow,
    StartCountRow,
)
from maximalab_hub.store.personal import CLASSES, Personal
from maximalab_hub.store.startchanges import went

EVENTS: Final = EventRow.__tablename__

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row, Table

    from maximalab_hub.privacy import Pseudonyms

# Asked at every post: put together once.
_ERASED: Final = select(ErasedRow.who, ErasedRow.erased_at)
_ERASED_ONE: Final = _ERASED.where(ErasedRow.who == bindparam("who"))
_ERASED_SOME: Final = _ERASED.where(ErasedRow.who.in_(bindparam("people", expanding=True)))


def erased_moments(connection: Connection, names: Pseudonyms, users: Collection[str]) -> dict[str, datetime]:
    """Say up to when the records of these people were erased; whoever never was is not named."""
    people = {names.of(user): user for user in users}
    if len(people) == 1:
        rows = connection.execute(_ERASED_ONE, {"who": next(iter(people))})
    else:
        rows = connection.execute(_ERASED_SOME, {"people": list(people)})
    return {people[who]: at for who, at in rows}


def removed_numbers(connection: Connection, numbers: Collection[tuple[str, int]]) -> None:
    """Note that events of these starts and numbers are not here because they were removed."""
    if numbers:
        rows = [{"boot_id": boot_id, "seq": seq} for boot_id, seq in sorted(set(numbers))]
        connection.execute(_insert(connection, RemovedNumberRow).on_conflict_do_nothing(), rows)


def erase(  # noqa: PLR0913  whose records, by whom, when and why
    connection: Connection,
    user: str,
    *,
    names: Pseudonyms,
    by: str,
    reason: str,
    now: datetime,
    mentions: bool = False,
) -> Erasure:
    """Erase a person's records up to `now`; the same again finds nothing and changes nothing.

    `mentions` also replaces the account name in texts of other people. `by` and `user` are account names.
    """
    hold_everybody_off(connection)
    archive = hold_archive(connection)
    went(connection, _starts_of(connection, user))
    rows = {table: count for table in FATES if (count := _end(connection, table, user))}
    found = _mentions(connection, user, replace=mentions)
    if archive:
        gone = _end_in_archive(connection, user, now)
        found += _mentions_in_archive(connection, user, now, replace=mentions)
        rows |= {EVENTS: rows.get(EVENTS, 0) + gone} if gone else {}
    known = erased_moments(connection, names, [user])
    _remember(connection, names.of(user), now)
    if not rows and user in known and not (mentions and found):
        return Erasure(now, rows, found)
    detail = {
        "by": names.of(by),
        "reason": unnamed(reason, names_word(user)),
        "rows": rows,
        "mentions": found if mentions else 0,
    }
    entry = log.append(
        connection, at=now, kind=LogKind.ERASURE, who=names.of(user), study=None, detail=detail
    )
    return Erasure(now, rows, found, entry.position)


def ask_for_erasure(connection: Connection, user: str, now: datetime) -> None:
    """Note that the person asks; asking again changes nothing."""
    row = {"user": user, "asked_at": now}
    connection.execute(_insert(connection, ErasureRequestRow).values(**row).on_conflict_do_nothing())


def withdraw_request(connection: Connection, user: str) -> None:
    """Forget that the person asked."""
    connection.execute(delete(ErasureRequestRow).where(ErasureRequestRow.user == user))


def requests(connection: Connection, user: str | None = None) -> list[Row[Any]]:
    """Give who asked and when, of one person where asked, the oldest first."""
    asked = select(ErasureRequestRow.__table__).order_by(ErasureRequestRow.asked_at, ErasureRequestRow.user)
    if user is not None:
        asked = asked.where(ErasureRequestRow.user == user)
    return list(connection.execute(asked))


def _starts_of(connection: Connection, user: str) -> frozenset[str]:
    """Name the starts, the hub's too, that told of the person."""
    told = select(EventRow.boot_id).where(EventRow.user == user)
    counted = select(StartCountRow.boot_id).where(StartCountRow.user == user)
    return frozenset(connection.execute(told.union(counted)).scalars())


def _end(connection: Connection, name: str, user: str) -> int:
    table, ended = Base.metadata.tables[name], 0
    for column, fate in FATES[name].items():
        mine = table.c[column] == user
        if name == EVENTS:
            _keep_the_hubs_numbers(connection, mine)
        change = delete(table) if fate is Fate.DELETED else update(table).values({column: ""})
        ended += connection.execute(change.where(mine)).rowcount
    return ended


def _end_in_archive(connection: Connection, user: str, now: datetime) -> int:
    gone = take_out(connection, EventRow.user == user, now)
    went(connection, {boot_id for _, boot_id, _, _ in gone})
    told = [(boot_id, seq) for _, boot_id, seq, source in gone if source == Source.HUB.value]
    removed_numbers(connection, told)  # as below
    return len(gone)


def _keep_the_hubs_numbers(connection: Connection, mine: ColumnElement[bool]) -> None:
    """The hub numbers events of many people; every other sender's start goes with its person, and leaves no gap."""
    told = select(EventRow.boot_id, EventRow.seq).where(mine, EventRow.source == Source.HUB.value).distinct()
    into = _insert(connection, RemovedNumberRow).from_select(["boot_id", "seq"], told.where(text("true")))
    connection.execute(into.on_conflict_do_nothing())


def _remember(connection: Connection, who: str, now: datetime) -> None:
    new = _insert(connection, ErasedRow).values(who=who, erased_at=now)
    latest = func.max if connection.dialect.name == "sqlite" else func.greatest
    later = {"erased_at": latest(ErasedRow.erased_at, new.excluded.erased_at)}
    connection.execute(new.on_conflict_do_update(index_elements=["who"], set_=later))


def _mentions(connection: Connection, user: str, *, replace: bool) -> int:
    """Count the rows with the name in a text, and replace it there where asked."""
    word = names_word(user)
    counted = Base.metadata.tables[StartCountRow.__tablename__]
    if replace:
        # It follows from the events, and is made anew with their new words.
        went(connection, {row.boot_id for row in _rows_with(connection, counted, user)})
    return sum(
        _mentioned(connection, table, row, word, replace=replace)
        for table in Base.metadata.sorted_tables
        if table.name not in KEPT and table is not counted
        for row in list(_rows_with(connection, table, user))
    )


def _mentions_in_archive(connection: Connection, user: str, now: datetime, *, replace: bool) -> int:
    """The same in archived events."""
    word, texts = names_word(user), dict[str, dict[str, str | None]]()
    statement, months = _mentioning(Base.metadata.tables[EVENTS], user), archived_months(connection)
    if statement is None or not months:
        return 0
    for row in Archive(months).rows(statement):
        values = dict(zip(statement.selected_columns.keys(), row, strict=True))
        read = {name: json.loads(v) if name == "detail" else v for name, v in values.items()}
        new = {name: unnamed(value, word) for name, value in read.items() if name != "event_id"}
        changed = {name: value for name, value in new.items() if value != read[name]}
        if changed:
            texts[values["event_id"]] = {
                name: json.dumps(value, ensure_ascii=False) if name == "detail" else value
                for name, value in changed.items()
            }
    if replace:
        put_texts(connection, texts, now)
    return len(texts)


def _rows_with(connection: Connection, table: Table, user: str) -> Iterator[Row[Any]]:
    statement = _mentioning(table, user)
    yield from () if statement is None else connection.execute(statement)


def _mentioning(table: Table, user: str) -> Select[Any] | None:
    texts = [table.c[name] for name, one in CLASSES[table.name].items() if one is Personal.MAY_NAME]
    if not texts:
        return None
    # Texts within JSON may be written with escapes; lower() may know ASCII alone: always on SQLite, and on PostgreSQL
    # where the database's locale is C.
    ascii_lower = "".join(sign.lower() if sign.isascii() else sign for sign in user)
    wanted = {user.lower(), user, ascii_lower, json.dumps(user)[1:-1].lower()}
    holds = [func.lower(cast(one, Text)).contains(form, autoescape=True) for one in texts for form in wanted]
    return select(*table.primary_key.columns, *texts).where(or_(*holds))


def _mentioned(connection: Connection, table: Table, row: Row[Any], word: Any, *, replace: bool) -> bool:  # noqa: ANN401
    keys = [column.name for column in table.primary_key.columns]
    values = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name for values by column
    # A key that names, such as a server's, stays: nobody else's server is called after the person.
    new = {name: unnamed(value, word) for name, value in values.items() if name not in keys}
    changed = {name: value for name, value in new.items() if value != values[name]}
    if changed and replace:
        same = [table.c[key] == values[key] for key in keys]
        connection.execute(update(table).where(*same).values(changed))
    return bool(changed)


def _insert(connection: Connection, table: type[Base]) -> Any:  # noqa: ANN401  two dialects, no common type
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)
