"""Read what a material says of itself: `material.toml` and `courses.toml`, every field checked.

A file that is wrong in any field yields no material at all. A misspelt access must never be taken for `open`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maximalab_spawner.tiers import NAME, Access, Tier, tier_of

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = ("uk", "en")
#: JupyterHub allows server names of 30 characters, and a server is named `<tier>-<image>`.
IMAGE = re.compile(r"[a-z][a-z0-9-]{0,20}")
#: No material's id: in the catalogue, `courses.toml` is the list of courses.
RESERVED = "courses"
NOTEBOOK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}\.ipynb")
#: Far beyond any honest material.toml; a bound, so that a wrong file cannot fill the memory.
LARGEST_FILE = 256 * 1024


class CatalogError(Exception):
    """A catalogue or a material is not usable. The text names the file, the field and the remedy."""


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


@dataclass(frozen=True, slots=True)
class _Fields:
    """One TOML table, asked field by field; every complaint names file, field and remedy."""

    file: Path
    table: Mapping[str, object]
    within: str = ""

    def wrong(self, field: str, remedy: str) -> CatalogError:
        return CatalogError(f"{self.file}: field `{self.within}{field}`: {remedy}")

    def only(self, known: frozenset[str]) -> None:
        for field in self.table:
            if field not in known:
                raise self.wrong(
                    field, f"is not known here; remove it or use one of {', '.join(sorted(known))}"
                )

    def text(self, field: str) -> str:
        value = self.table.get(field)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(field, "write a text that is not empty")
        return value.strip()

    def number(self, field: str, *, least: int) -> int:
        value = self.table.get(field)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 10**9:
            raise self.wrong(field, f"write a whole number from {least} on")
        return value

    def matching(self, field: str, pattern: re.Pattern[str]) -> str:
        value = self.table.get(field)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self.wrong(field, f"write a name of the form {pattern.pattern}")
        return value

    def inner(self, field: str) -> _Fields:
        value = self.table.get(field)
        if not isinstance(value, Mapping):
            raise self.wrong(field, f"write a table [{self.within}{field}]")
        return _Fields(self.file, value, within=f"{self.within}{field}.")

    def title(self, field: str) -> Title:
        inner = self.inner(field)
        inner.only(frozenset(LANGUAGES))
        return Title(uk=inner.text("uk"), en=inner.text("en"))


MATERIAL_FIELDS = frozenset(
    {"id", "version", "access", "image", "courses", "order", "title", "summary", "notebooks"},
)


def _toml(path: Path, content: bytes | None = None) -> dict[str, object]:
    try:
        content = _content(path) if content is None else content
        if len(content) > LARGEST_FILE:
            raise CatalogError(
                f"{path}: is larger than {LARGEST_FILE} bytes; keep only the description in it"
            )
        return tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        raise CatalogError(
            f"{path}: cannot be read ({error.strerror}); check that it is there and readable"
        ) from error
    except (ValueError, RecursionError) as error:
        raise CatalogError(f"{path}: is not TOML ({error}); mend the line named") from error


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def _access(fields: _Fields) -> Access:
    value = fields.table.get("access")
    try:
        return Access(value)  # type: ignore[arg-type]  # whatever it is, a stranger raises ValueError
    except ValueError:
        raise fields.wrong("access", f"write one of {', '.join(Access)}, not {value!r}") from None


def _courses(fields: _Fields) -> tuple[str, ...]:
    value = fields.table.get("courses")
    good = (
        isinstance(value, list)
        and value
        and all(isinstance(one, str) and NAME.fullmatch(one) for one in value)
    )
    if not good or not isinstance(value, list) or len(set(value)) != len(value):
        raise fields.wrong("courses", f"write a list of different course ids of the form {NAME.pattern}")
    return tuple(value)


def _notebooks(fields: _Fields) -> dict[str, str]:
    inner = fields.inner("notebooks")
    inner.only(frozenset(LANGUAGES))
    if not inner.table:
        raise fields.wrong("notebooks", "name at least one notebook, by language")
    return {language: inner.matching(language, NOTEBOOK) for language in LANGUAGES if language in inner.table}


def read_material(path: Path, content: bytes | None = None) -> Material:
    """Read one `material.toml` (or the catalogue's `<id>.toml`); `content` is what is in it, where that is known.

    Raises `CatalogError` for whatever is not exactly right.
    """
    fields = _Fields(path, _toml(path, content))
    fields.only(MATERIAL_FIELDS)
    if fields.table.get("id") == RESERVED:
        raise fields.wrong("id", f"{RESERVED!r} is the name of the list of courses; choose another")
    return Material(
        id=fields.matching("id", NAME),
        version=fields.number("version", least=1),
        access=_access(fields),
        image=fields.matching("image", IMAGE),
        courses=_courses(fields),
        order=fields.number("order", least=0) if "order" in fields.table else 0,
        title=fields.title("title"),
        summary=fields.title("summary"),
        notebooks=_notebooks(fields),
    )


def read_courses(path: Path) -> tuple[Course, ...]:
    """Read `courses.toml`: `[[course]]` tables with `id` and `[course.title]`, in the order of the file.

    Raises `CatalogError` for whatever is not exactly right.
    """
    fields = _Fields(path, _toml(path))
    fields.only(frozenset({"course"}))
    tables = fields.table.get("course", [])
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise fields.wrong("course", "write each course as a table [[course]]")
    found = [_course(_Fields(path, table, within=f"course[{place}].")) for place, table in enumerate(tables)]
    ids = [course.id for course in found]
    for twice in {one for one in ids if ids.count(one) > 1}:
        raise fields.wrong("course", f"the id {twice!r} stands there twice; keep one")
    return tuple(found)


def _course(fields: _Fields) -> Course:
    fields.only(frozenset({"id", "title"}))
    return Course(id=fields.matching("id", NAME), title=fields.title("title"))
