"""CSV after RFC 4180 (UTF-8, CRLF), safe to open in a spreadsheet, and readable back to the same values.

A spreadsheet runs a text that begins with `=`, `+`, `-` or `@` as a formula, also inside quotes. So such a
text gets an apostrophe before it; and so does a text that begins with an apostrophe, which makes the rule
reversible. An empty text becomes a lone apostrophe, which leaves the empty field to mean *missing*. Numbers
and times need no guard.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from maximalab_hub.export.columns import COLUMNS, Column, Row, Value, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

GUARD = "'"
_DANGEROUS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", GUARD)
_ROWS_AT_ONCE = 500


def guarded(text: str) -> str:
    """Make a text safe for spreadsheets; `unguarded` undoes it."""
    risky = not text or text.startswith(_DANGEROUS) or text.lstrip().startswith(_DANGEROUS)
    return GUARD + text if risky else text


def unguarded(field: str) -> str | None:
    """Give the text back that a field holds; `None` for a missing one."""
    return field.removeprefix(GUARD) if field else None


def write_csv(rows: Iterable[Row], columns: Sequence[Column[Row]]) -> Iterator[bytes]:
    """Write a header and a line for each row, some hundred lines at a time.

    The order is the caller's; the same rows give the same bytes.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    for place, row in enumerate(rows, start=1):
        writer.writerow([_field(column.value(row)) for column in columns])
        if place % _ROWS_AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def read_csv(content: bytes, columns: Sequence[Column[Any]] = COLUMNS) -> list[dict[str, Value]]:
    """Read a table back, of events where nothing else is said.

    Texts are as they were; numbers, aware moments, `None` where nothing was. Raises `ValueError` where the columns
    are not ours.
    """
    rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
    header = next(rows, [])
    known = {column.name: column for column in columns}
    if unknown := [name for name in header if name not in known]:
        msg = f"unknown columns: {', '.join(unknown)[:200]}"
        raise ValueError(msg)
    return [
        {name: _value(known[name], field) for name, field in zip(header, row, strict=True)} for row in rows
    ]


def _field(value: Value) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return moment(value)
        case int():
            return str(value)
        case str():
            return guarded(value)


def _value(column: Column[Any], field: str) -> Value:
    if not field:
        return None
    match column.type:
        case "integer":
            return int(field)
        case "time":
            return datetime.strptime(field, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        case "text":
            return unguarded(field)


def _taken(buffer: io.StringIO) -> bytes:
    content = buffer.getvalue().encode("utf-8")
    buffer.seek(0)
    buffer.truncate()
    return content
