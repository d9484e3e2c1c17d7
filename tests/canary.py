"""A person of whom every table of the usage store holds something, so that a search shows where anything is left."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from maximalab_hub.erasure import KEPT
from maximalab_hub.store.models import Base, UtcTime
from maximalab_hub.store.personal import CLASSES, Personal
from sqlalchemy import JSON, Boolean, Column, Connection, Integer, String, Table, insert, select

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "Kanarka-Жовта"
"""An account name that no word of ours holds; its letters are not all in ASCII, which JSON may write with escapes."""
LATER = datetime(2026, 11, 22, 13, tzinfo=UTC)
BY_THE_CODE = {"archived_id", "archived_month", "export_log", "export_log_head", "erased", "removed_number"}
"""Tables whose rows mean something to the code that writes them; the test lets it."""


def fill(connection: Connection, user: str = CANARY, mentioning: str = CANARY) -> None:
    """Put a row of this person into every table, with a mention of somebody in every text."""
    for table in Base.metadata.sorted_tables:
        if table.name not in BY_THE_CODE:
            values = {column.name: _value(table, column, user, mentioning) for column in table.columns}
            known = {name: value for name, value in values.items() if value is not None}
            connection.execute(insert(table).values(**known))


def _value(table: Table, column: Column[Any], user: str, mentioning: str) -> Any:
    one = CLASSES[table.name][column.name]
    match column.type:
        case JSON():
            return {"said": ["x", f"of {mentioning}!"]} if one is Personal.MAY_NAME else ["x"]
        case UtcTime():
            return LATER
        case Boolean():
            return True
        case Integer():
            return None if column.autoincrement is True else 7
        case String():
            mentioned = "nobody" if table.name in KEPT else mentioning
            return _text(column, one, user, mentioned)[: column.type.length]
    raise AssertionError(f"{table.name}.{column.name}: say here what to put into a {column.type!r}")


def _text(column: Column[Any], one: Personal, user: str, mentioning: str) -> str:
    if one is Personal.NAMES:
        return user
    if one is Personal.MAY_NAME and not column.primary_key:
        return f"work/{mentioning}/x.ipynb"
    return f"key-{len(user)}"


def left_of(connection: Connection, name: str) -> list[str]:
    """Name the columns of personal classes in which the name still stands, however it is written."""
    return sorted(set(_found(connection, name)))


def _found(connection: Connection, name: str) -> Iterator[str]:
    forms = {name.casefold(), json.dumps(name)[1:-1].casefold()}
    for table in Base.metadata.sorted_tables:
        personal = [c for c, one in CLASSES[table.name].items() if one is not Personal.NONE]
        for row in connection.execute(select(*(table.c[column] for column in personal))) if personal else ():
            for column, value in zip(personal, row, strict=True):
                written = f"{value} {json.dumps(value, default=str, ensure_ascii=False)}".casefold()
                if any(form in written for form in forms):
                    yield f"{table.name}.{column}"
