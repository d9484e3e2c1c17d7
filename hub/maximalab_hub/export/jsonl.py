"""JSON Lines: one object a row, all columns in each, `null` where nothing is; UTF-8, LF."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from maximalab_hub.export.columns import Row, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from maximalab_hub.export.columns import Column

_LINES_AT_ONCE = 500


def write_jsonl(rows: Iterable[Row], columns: Sequence[Column[Row]]) -> Iterator[bytes]:
    """Write a line for each row; the same rows give the same bytes."""
    return write_lines({column.name: column.value(row) for column in columns} for row in rows)


def write_lines(objects: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Write a line for each object, some hundred lines at a time. Moments become text."""
    lines: list[str] = []
    for one in objects:
        lines.append(json.dumps(one, ensure_ascii=False, separators=(",", ":"), default=_plain) + "\n")
        if len(lines) == _LINES_AT_ONCE:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return moment(value)
    raise TypeError(f"{type(value).__name__} is no value of an export")
