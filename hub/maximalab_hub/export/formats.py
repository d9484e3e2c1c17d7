"""Which files an export in each format is made of; each is made when it is read, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Generic, assert_never

from maximalab_hub.export import progsnap2
from maximalab_hub.export.code import CODE
from maximalab_hub.export.columns import EVENTS, Row, Table, codebook
from maximalab_hub.export.csv import write_csv
from maximalab_hub.export.jsonl import write_jsonl, write_lines
from maximalab_hub.export.lines import csv_of_tables, jsonl_of_tables
from maximalab_hub.export.source import one
from maximalab_hub.export.work import SESSIONS, WEEKS
from maximalab_hub.export.xapi import statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from maximalab_hub.export.source import Source
    from maximalab_hub.export.xapi import Home


class Format(StrEnum):
    """The formats that there are."""

    CSV = "csv"
    PARQUET = "parquet"
    JSONL = "jsonl"
    PROGSNAP2 = "progsnap2"
    XAPI = "xapi"


class TableName(StrEnum):
    """The tables that there are. ProgSnap2 and xAPI know events alone."""

    EVENTS = "events"
    SESSIONS = "sessions"
    WEEKS = "student_weeks"


TABLES: Final[dict[TableName, Table[Any]]] = {
    TableName.EVENTS: EVENTS,
    TableName.SESSIONS: SESSIONS,
    TableName.WEEKS: WEEKS,
}
CODEBOOK: Final = "codebook.json"


class Tally(Generic[Row]):
    """Counts rows as they pass."""

    def __init__(self, rows: Iterable[Row], size: Callable[[Row], int] = one) -> None:
        self._rows, self._size = rows, size
        self.count = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += self._size(row)
            yield row


@dataclass(frozen=True, slots=True)
class File:
    """One file of an export: its name, its content in parts, and, once that is read, how many rows it has."""

    name: str
    parts: Iterable[bytes]
    rows: Tally[Any] | None = None


def files_of(form: Format, tables: Sequence[TableName], source: Source, home: Home) -> Iterator[File]:
    """Give the files one by one; the content of each has to be read before the next is asked for."""
    match form:
        case Format.CSV | Format.PARQUET | Format.JSONL:
            for name in TableName:
                if name in tables:
                    yield _table(form, name, source)
            if source.has_code and TableName.EVENTS in tables:
                codes = Tally(source.codes())
                yield File(f"{CODE.name}.{form}", _writer(form)(codes, CODE.columns), codes)
        case Format.PROGSNAP2:
            yield from _progsnap2(source)
        case Format.XAPI:
            said = Tally(statements(source.people("xAPI"), home))
            yield File("statements.jsonl", write_lines(said), said)
        case _:
            assert_never(form)


def codebook_of(form: Format, tables: Sequence[TableName], *, code: bool = False) -> dict[str, object]:
    """Describe what an export in this format holds; `code`: of a study that asks for the code of cells."""
    if form in {Format.PROGSNAP2, Format.XAPI}:
        return {"format": form.value, "made_of": codebook([EVENTS])}
    held = [TABLES[name] for name in TableName if name in tables]
    return {"format": form.value, **codebook([*held, CODE] if code else held)}


def _table(form: Format, name: TableName, source: Source) -> File:
    if name is TableName.EVENTS:
        tables: Tally[Any] = Tally(source.event_tables(), len)
        return File(f"{name}.{form}", _writer_of_tables(form)(tables, EVENTS.columns), tables)
    rows: Tally[Any] = Tally(_rows(name, source))
    return File(f"{name}.{form}", _writer(form)(rows, TABLES[name].columns), rows)


def _rows(name: TableName, source: Source) -> Iterable[Any]:
    return source.sessions() if name is TableName.SESSIONS else source.weeks()


def _writer(form: Format) -> Callable[..., Iterator[bytes]]:
    match form:
        case Format.CSV:
            return write_csv
        case Format.JSONL:
            return write_jsonl
        case _:
            writer: Callable[..., Iterator[bytes]] = _parquet().write_parquet
            return writer


def _writer_of_tables(form: Format) -> Callable[..., Iterator[bytes]]:
    if form is Format.PARQUET:
        whole: Callable[..., Iterator[bytes]] = _parquet().write_tables
        return whole
    return csv_of_tables if form is Format.CSV else jsonl_of_tables


def _parquet() -> Any:  # noqa: ANN401  a module
    # Half a second and many megabytes, which no other format should wait for.
    return import_module("maximalab_hub.export.parquet")


def _progsnap2(source: Source) -> Iterator[File]:
    main = Tally(progsnap2.main_rows(source.people("MainTable")))
    yield File("MainTable.csv", progsnap2.write_rows(main, progsnap2.MAIN), main)
    link = Tally(progsnap2.link_rows(source.people("LinkEvent", with_sessions=False)))
    yield File("LinkTables/LinkEvent.csv", progsnap2.write_rows(link, progsnap2.LINK), link)
    yield File("DatasetMetadata.csv", [progsnap2.metadata()])
    yield File("README.md", [progsnap2.README.encode()])
