"""Read what a material says of itself: `material.toml` and `courses.toml`, every field checked.

A file that is wrong in any field yields no material at all. A misspelt access must never be taken for `open`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from maximalab_spawner.faults import CatalogError, Fault, Wrong, fault
from maximalab_spawner.tiers import NAME, Access, Tier, tier_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
LANGUAGES = ("uk", "en")
#: JupyterHub allows server names of 30 characters, and a server is named `<tier>-<image>`.
IMAGE = re.compile(r"[a-z][a-z0-9-]{0,20}")
#: No material's id: in the catalogue, `courses.toml` is the list of courses.
RESERVED = "courses"
NOTEBOOK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}\.ipynb")
#: Far beyond any honest material.toml; a bound, so that a wrong file cannot fill the memory.
LARGEST_FILE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Title:
    """A text in both languages."""

    uk: str
    en: str

    def of(self, language: str) -> str:
        """Give the text in `language` (`uk` or `en`; anything else is answered in Ukrainian)."""
        return self.en if language == "en" else self.uk


@dataclass(frozen=True, slots=True)
class Course:
    """A course: what people are enrolled in, and what materials belong to."""

    id: str
    title: Title


@dataclass(frozen=True, slots=True)
class Material:
    """A folder of notebooks, as its `material.toml` describes it."""

    id: str
    version: int
    access: Access
    image: str
    courses: tuple[str, ...]
    order: int
    title: Title
    summary: Title
    notebooks: Mapping[str, str]
    """Language (`uk`, `en`) to the notebook's file name; at least one language is there."""

    @property
    def tier(self) -> Tier:
        """The tier on which this material runs."""
        return tier_of(self.access)

    def notebook(self, language: str) -> str:
        """Name the notebook in `language`, or in the other language where there is none."""
        return self.notebooks.get(language) or next(iter(self.notebooks.values()))


class _Gathered:
    """The faults of one file, gathered so that a person reads all of them at once."""

    def __init__(self) -> None:
        self._faults: list[Fault | str] = []

    def of(self, read: Callable[[], T], otherwise: T) -> T:
        """Give what `read` gives; where it has a fault, keep that and give `otherwise`."""
        try:
            return read()
        except CatalogError as error:
            self._faults += error.faults
            return otherwise

    def complain(self) -> None:
        """Raise `CatalogError` where there was a fault."""
        if self._faults:
            raise CatalogError(*self._faults)


@dataclass(frozen=True, slots=True)
class _Fields:
    """One TOML table, asked field by field; every complaint names file, field and remedy."""

    file: Path
    table: Mapping[str, object]
    within: str = ""

    def wrong(self, field: str, what: Wrong, *values: object) -> CatalogError:
        return fault(what, self.file, *values, field=f"{self.within}{field}")

    def only(self, known: frozenset[str]) -> None:
        strangers = [field for field in self.table if field not in known]
        found = [self.wrong(one, Wrong.UNKNOWN_FIELD, ", ".join(sorted(known))) for one in strangers]
        if found:
            raise CatalogError(*(one for error in found for one in error.faults))

    def text(self, field: str) -> str:
        value = self.table.get(field)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(field, Wrong.NO_TEXT)
        return value.strip()

    def number(self, field: str, *, least: int) -> int:
        value = self.table.get(field)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 10**9:
            raise self.wrong(field, Wrong.NO_NUMBER, least)
        return value

    def matching(self, field: str, pattern: re.Pattern[str]) -> str:
        value = self.table.get(field)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self.wrong(field, Wrong.NO_NAME, pattern.pattern)
        return value

    def inner(self, field: str) -> _Fields:
        value = self.table.get(field)
        if not isinstance(value, Mapping):
            raise self.wrong(field, Wrong.NO_TABLE, f"{self.within}{field}")
        return _Fields(self.file, value, within=f"{self.within}{field}.")

    def title(self, field: str) -> Title:
        inner, gathered = self.inner(field), _Gathered()
        gathered.of(lambda: inner.only(frozenset(LANGUAGES)), None)
        uk, en = (gathered.of(partial(inner.text, language), "") for language in LANGUAGES)
        gathered.complain()
        return Title(uk=uk, en=en)


MATERIAL_FIELDS = frozenset(
    {"id", "version", "access", "image", "courses", "order", "title", "summary", "notebooks"},
)


def _toml(path: Path, content: bytes | None = None) -> dict[str, object]:
    try:
        content = _content(path) if content is None else content
        if len(content) > LARGEST_FILE:
            raise fault(Wrong.LARGE_DESCRIPTION, path, LARGEST_FILE)
        return tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        raise fault(Wrong.UNREADABLE, path, error.strerror) from error
    except (ValueError, RecursionError) as error:
        raise fault(Wrong.NOT_TOML, path, error) from error


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def _access(fields: _Fields) -> Access:
    value = fields.table.get("access")
    try:
        return Access(value)  # type: ignore[arg-type]  # whatever it is, a stranger raises ValueError
    except ValueError:
        raise fields.wrong("access", Wrong.NO_ACCESS, ", ".join(Access), repr(value)) from None


def _courses(fields: _Fields) -> tuple[str, ...]:
    value = fields.table.get("courses")
    good = (
        isinstance(value, list)
        and value
        and all(isinstance(one, str) and NAME.fullmatch(one) for one in value)
    )
    if not good or not isinstance(value, list) or len(set(value)) != len(value):
        raise fields.wrong("courses", Wrong.NO_COURSES, NAME.pattern)
    return tuple(value)


def _notebooks(fields: _Fields) -> dict[str, str]:
    inner, gathered = fields.inner("notebooks"), _Gathered()
    gathered.of(lambda: inner.only(frozenset(LANGUAGES)), None)
    if not inner.table:
        raise fields.wrong("notebooks", Wrong.NO_NOTEBOOKS)
    there = [language for language in LANGUAGES if language in inner.table]
    names = [gathered.of(partial(inner.matching, language, NOTEBOOK), "") for language in there]
    gathered.complain()
    return dict(zip(there, names, strict=True))


def _id(fields: _Fields) -> str:
    if fields.table.get("id") == RESERVED:
        raise fields.wrong("id", Wrong.RESERVED_ID, repr(RESERVED))
    return fields.matching("id", NAME)


def read_material(path: Path, content: bytes | None = None) -> Material:
    """Read one `material.toml` (or the catalogue's `<id>.toml`); `content` is what is in it, where that is known.

    Raises `CatalogError` for whatever is not exactly right, with all the faults that there are.
    """
    fields, gathered = _Fields(path, _toml(path, content)), _Gathered()
    gathered.of(lambda: fields.only(MATERIAL_FIELDS), None)
    found = Material(
        id=gathered.of(lambda: _id(fields), ""),
        version=gathered.of(lambda: fields.number("version", least=1), 1),
        access=gathered.of(lambda: _access(fields), Access.PRIVATE),
        image=gathered.of(lambda: fields.matching("image", IMAGE), ""),
        courses=gathered.of(lambda: _courses(fields), ()),
        order=gathered.of(lambda: fields.number("order", least=0), 0) if "order" in fields.table else 0,
        title=gathered.of(lambda: fields.title("title"), Title("", "")),
        summary=gathered.of(lambda: fields.title("summary"), Title("", "")),
        notebooks=gathered.of(lambda: _notebooks(fields), {}),
    )
    gathered.complain()
    return found


def read_courses(path: Path) -> tuple[Course, ...]:
    """Read `courses.toml`: `[[course]]` tables with `id` and `[course.title]`, in the order of the file.

    Raises `CatalogError` for whatever is not exactly right.
    """
    fields = _Fields(path, _toml(path))
    fields.only(frozenset({"course"}))
    tables = fields.table.get("course", [])
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise fields.wrong("course", Wrong.NO_COURSE_TABLES)
    found = [_course(_Fields(path, table, within=f"course[{place}].")) for place, table in enumerate(tables)]
    ids = [course.id for course in found]
    for twice in {one for one in ids if ids.count(one) > 1}:
        raise fields.wrong("course", Wrong.COURSE_TWICE, repr(twice))
    return tuple(found)


def _course(fields: _Fields) -> Course:
    fields.only(frozenset({"id", "title"}))
    return Course(id=fields.matching("id", NAME), title=fields.title("title"))
