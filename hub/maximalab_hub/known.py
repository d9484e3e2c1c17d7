"""All that the store knows about one person: all columns of every table that names or stands for the person.

The tables follow from `store.personal`, so that a new one cannot be forgotten: whatever is personal and cannot be found
by a person's name has to be in `NOBODYS`, with the reason, or a test fails.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, or_, select

from maximalab_hub.export.columns import moment
from maximalab_hub.export.csv import guarded
from maximalab_hub.store.archive.changing import archived_count
from maximalab_hub.store.archive.reading import archive_of, event_rows
from maximalab_hub.store.models import Base, EventRow
from maximalab_hub.store.personal import CLASSES, Personal
from maximalab_hub.store.queries import STREAM_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import ColumnElement, Connection, Row, Table

    from maximalab_hub.privacy import Pseudonyms

EVENTS: Final = EventRow.__tablename__
NOBODYS: Final[Mapping[str, str]] = {
    "rating_invitation": "an expert answers by a link, and the lab does not know who got which",
    "rating": "the same: an expert's answer belongs to a link, not to an account",
    "lesson": "a lesson is a group's; its note is a room, and whoever writes it is asked to name nobody",
    "holiday": "a holiday is a course's, and its name is a day's",
    "start_course": "when a start's work for a course began and ended: the start itself is shown by the person's name",
    "start_change": "which starts are to be counted again: an id alone, and gone within minutes",
    "archived_month": "a month's file holds many people's events; one's own are shown from it, among the events",
    "archived_id": "the ids of these events once more, to know what is sent again; one's own are shown with the events",
}
"""Tables with personal columns that the lab cannot put to an account, and why."""
_README: Final = """Записи про вас / Records about you: {user}

my-data.json — усе одним файлом / all in one file
*.csv — те саме таблицями / the same as tables
columns.json — стовпці та класи персональних даних / columns and their classes of personal data

Час — UTC. Текст, що може стати формулою в таблиці, починається з апострофа.
Times are UTC. A text that a spreadsheet could take for a formula begins with an apostrophe.

Це все, що зберігає служба обліку. Крім того, лабораторія має ваш обліковий запис, ваші файли та, якщо є, ваші
пристрої у VPN: їх видно на сторінках «Моя лабораторія» і «Мої пристрої».
This is all that the usage service stores. Besides, the lab has your account, your files and, if any, your devices in
the VPN, which My lab and My devices show.
"""


def tables_about_people() -> tuple[Table, ...]:
    """Give the tables in which a person can be found, ordered by name."""
    found = (table for name, table in sorted(Base.metadata.tables.items()) if _finding(name))
    return tuple(found)


def counts(connection: Connection, user: str, names: Pseudonyms) -> dict[str, int]:
    """Count the person's rows in each table, those with any only."""
    found = {
        table.name: connection.execute(
            select(func.count()).select_from(table).where(_mine(table, user, names))
        ).scalar_one()
        for table in tables_about_people()
    }
    found[EVENTS] += archived_count(connection, _mine(Base.metadata.tables[EVENTS], user, names))
    return {name: count for name, count in found.items() if count}


def archive(connection: Connection, user: str, names: Pseudonyms) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Give the files by name; each has to be read before the next is asked for."""
    yield "README.txt", iter([_README.format(user=user).encode()])
    yield "my-data.json", _as_json(connection, user, names)
    for table in tables_about_people():
        rows = _rows(connection, table, user, names)
        first = next(rows, None)
        if first is not None:
            yield f"{table.name}.csv", _as_csv(table, first, rows)
    yield "columns.json", iter([json.dumps(CLASSES, indent=2).encode()])


def _finding(name: str) -> dict[str, Personal]:
    """Say by which columns of a table a person is found."""
    by = {Personal.NAMES, Personal.PSEUDONYM}
    return {column: one for column, one in CLASSES.get(name, {}).items() if one in by}


def _mine(table: Table, user: str, names: Pseudonyms) -> ColumnElement[bool]:
    by = {Personal.NAMES: user, Personal.PSEUDONYM: names.of(user)}
    return or_(*(table.c[name] == by[one] for name, one in _finding(table.name).items()))


def _rows(connection: Connection, table: Table, user: str, names: Pseudonyms) -> Iterator[Row[Any]]:
    asked = select(table).where(_mine(table, user, names)).order_by(*table.primary_key.columns)
    archive = archive_of(connection) if table.name == EVENTS else None
    archived = event_rows(archive.rows(asked)) if archive else ()
    with connection.execution_options(yield_per=STREAM_ROWS).execute(asked) as rows:
        yield from merge(archived, rows, key=attrgetter("event_id")) if archived else rows


def _as_json(connection: Connection, user: str, names: Pseudonyms) -> Iterator[bytes]:
    opening = "{"
    for table in tables_about_people():
        yield f'{opening}"{table.name}": ['.encode()
        separator = "\n"
        for row in _rows(connection, table, user, names):
            values = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name for values by column
            yield (separator + json.dumps(values, ensure_ascii=False, default=_plain)).encode()
            separator = ",\n"
        yield b"]"
        opening = ",\n"
    yield b"}\n"


def _as_csv(table: Table, first: Row[Any], rest: Iterator[Row[Any]]) -> Iterator[bytes]:
    yield _lines([[column.name for column in table.columns], [_field(value) for value in first]])
    while some := list(islice(rest, STREAM_ROWS)):
        yield _lines([[_field(value) for value in row] for row in some])


def _lines(rows: list[list[str]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode()


def _field(value: Any) -> str:  # noqa: ANN401  whatever a column holds
    match value:
        case None:
            return ""
        case datetime():
            return moment(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return guarded(value)
        case _:
            return guarded(json.dumps(value, ensure_ascii=False, default=_plain))


def _plain(value: object) -> str:
    return moment(value) if isinstance(value, datetime) else str(value)
