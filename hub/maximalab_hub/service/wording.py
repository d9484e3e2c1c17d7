"""Words, numbers and moments of the usage pages, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent

from maximalab_hub.events import Kind, Outcome, Source
from maximalab_hub.export.formats import Format, TableName
from maximalab_hub.export_log import LogKind
from maximalab_hub.language import cut, translations
from maximalab_hub.service.errors import N_
from maximalab_hub.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from maximalab_spawner.catalog import Catalog, Course, Material

    from maximalab_hub.settings_sections import Language

KINDS: Final[Mapping[str, str]] = {
    Kind.LOGIN: N_("signed in"),
    Kind.SERVER_START: N_("server started"),
    Kind.SERVER_STOP: N_("server stopped"),
    Kind.SERVER_USE: N_("server's use of the machine"),
    Kind.SPAWN_REFUSED: N_("opening refused"),
    Kind.KERNEL_START: N_("kernel started"),
    Kind.KERNEL_RESTART: N_("kernel restarted"),
    Kind.KERNEL_DEAD: N_("kernel died"),
    Kind.NOTEBOOK_OPEN: N_("notebook opened"),
    Kind.NOTEBOOK_SAVE: N_("notebook saved"),
    Kind.RUN: N_("cell run"),
    Kind.LOOK: N_("usage page looked at"),
    Kind.EXPORT: N_("usage data exported"),
    Kind.RECORDING_END: N_("recording ended"),
    Kind.EVENTS_DROPPED: N_("records lost for want of space"),
}
LOG_KINDS: Final[Mapping[str, str]] = {
    LogKind.LOOK: N_("looked at"),
    LogKind.EXPORT: N_("export asked for"),
    LogKind.EXPORTED: N_("export given out whole"),
    LogKind.ERASURE: N_("a person's records erased"),
    LogKind.RETENTION: N_("old records removed"),
}
OUTCOMES: Final[Mapping[str, str]] = {
    Outcome.OK: N_("ok"),
    Outcome.ERROR: N_("error"),
    Outcome.ABORTED: N_("not run"),
    Outcome.INTERRUPTED: N_("interrupted"),
    Outcome.DEAD: N_("kernel died"),
    Outcome.UNKNOWN: N_("unknown"),
}
SETTINGS: Final[Mapping[str, str]] = {
    Setting.IN_CLASS: N_("in class"),
    Setting.OUT_OF_CLASS: N_("out of class"),
    Setting.UNKNOWN: N_("no timetable"),
}
SOURCES: Final[Mapping[str, str]] = {
    Source.HUB: N_("hub"),
    Source.SERVER: N_("server"),
    Source.CLIENT: N_("the person's own program"),
}
TABLES: Final[Mapping[str, str]] = {
    TableName.EVENTS: N_("events, one by one"),
    TableName.SESSIONS: N_("sessions"),
    TableName.WEEKS: N_("each person's weeks"),
}
STORED: Final[Mapping[str, str]] = {
    "event": N_("events"),
    "server": N_("starts and stops of servers"),
    "enrolment": N_("groups that I am or was in"),
    "consent": N_("decisions about the study"),
    "cell_code": N_("code of cells, kept for a study that asks for it"),
    "erasure_request": N_("a request for erasure"),
    "rating_panel": N_("panels of experts that I made"),
    "competence": N_("tables of levels that I made"),
    "start_count": N_("how complete the records of my servers' starts are, as it follows from the events"),
    "derivation": N_("by which rules my sessions were reckoned"),
    "setting_span": N_("when I am in class by the timetable"),
    "work_session": N_("my sessions, as they follow from the events"),
    "timetable_version": N_("versions of timetables that I made"),
    "timetable_source": N_("addresses of calendars that I gave"),
    "timetable_draft": N_("imports of timetables that I looked at last"),
    "study": N_("studies that I set up"),
    "export_log": N_("entries of the export log about me, under a pseudonym"),
    "erased": N_("a note that records were erased, under a pseudonym"),
}
"""Tables of the store that know a person, as the person is told of them."""
FORMATS: Final[Mapping[str, str]] = {
    Format.CSV: N_("CSV, for spreadsheets"),
    Format.PARQUET: N_("Parquet, for R and Python"),
    Format.JSONL: N_("JSON Lines"),
    Format.PROGSNAP2: N_("ProgSnap2, for research on programming"),
    Format.XAPI: N_("xAPI statements, for a learning record store"),
}
_LOCALES: Final[Mapping[Language, str]] = {"uk": "uk_UA", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Wording:
    """How values are said to one reader; what is missing is a dash."""

    language: Language
    time_zone: str
    catalogue: Catalog | None = None
    """Says what courses and materials are called; without, they are told by their ids."""

    def course(self, name: str | None) -> str:
        """Say a course by its title; one that is in no catalogue any more by its id."""
        return self._called(name, self.catalogue.courses if self.catalogue else ())

    def material(self, name: str | None) -> str:
        """Say a material by its title, as `course` a course."""
        return self._called(name, self.catalogue.materials if self.catalogue else ())

    def short_material(self, name: str, most: int) -> str:
        """Say it in so many letters; of a title that is cut its id says which one it is."""
        title = self.material(name)
        if len(title) <= most:
            return title
        ending = f"… ({name})"
        return f"{title[: most - len(ending)]}{ending}" if 2 * len(ending) < most else cut(name, most)

    def kind(self, word: str) -> str:
        """Say a kind of event in plain words."""
        return self._said(KINDS, word)

    def log_kind(self, word: str) -> str:
        """Say what an entry of the export log is about."""
        return self._said(LOG_KINDS, word)

    def outcome(self, word: str | None) -> str:
        """Say how a run ended."""
        return self._said(OUTCOMES, word)

    def setting(self, word: str) -> str:
        """Say a setting."""
        return self._said(SETTINGS, word)

    def source(self, word: str) -> str:
        """Say who reported an event."""
        return self._said(SOURCES, word)

    def table(self, word: str) -> str:
        """Say a table of an export."""
        return self._said(TABLES, word)

    def format(self, word: str) -> str:
        """Say a format of an export, and what it is for."""
        return self._said(FORMATS, word)

    def stored(self, word: str) -> str:
        """Say a table of the store to whom its rows are about."""
        return self._said(STORED, word)

    def moment(self, at: datetime) -> str:
        """Say a moment in the lab's time zone, to the second."""
        shape = "d MMM y, HH:mm:ss"
        return format_datetime(at, shape, tzinfo=ZoneInfo(self.time_zone), locale=self._locale)

    def day(self, at: datetime) -> str:
        """Say the day of a moment in the lab's time zone."""
        return self.calendar_day(at.astimezone(ZoneInfo(self.time_zone)).date())

    def calendar_day(self, day: date) -> str:
        """Say a day of the lab."""
        return format_date(day, "d MMMM y", locale=self._locale)

    def number(self, value: float | None, digits: int = 0) -> str:
        """Say a number with so many digits after the point."""
        if value is None:
            return "–"
        shape = "#,##0" if digits == 0 else f"#,##0.{'0' * digits}"
        return format_decimal(value, shape, locale=self._locale)

    def shown(self, count: int | None) -> str:
        """Say a count of a drawing or its table; one of a few people, which may not be shown, is three dots."""
        return "…" if count is None else self.number(count)

    def percent(self, share: float | None) -> str:
        """Say a share (0 to 1) as a percentage with one digit after the point."""
        return "–" if share is None else format_percent(share, "#,##0.0 %", locale=self._locale)

    def duration(self, milliseconds: float | None) -> str:
        """Say how long something took: milliseconds below a second, seconds above."""
        if milliseconds is None:
            return "–"
        words = translations(self.language).gettext
        if milliseconds < 1000:  # noqa: PLR2004  a second
            return words("{n} ms").format(n=self.number(milliseconds))
        return words("{n} s").format(n=self.number(milliseconds / 1000, 1))

    def _called(self, name: str | None, known: Iterable[Course | Material]) -> str:
        """Give the title; its id follows where others have the same."""
        titles = {one.id: one.title.of(self.language) for one in known}
        if not name or name not in titles:
            return name or "–"
        alike = list(titles.values()).count(titles[name]) > 1
        return f"{titles[name]} ({name})" if alike else titles[name]

    @property
    def _locale(self) -> str:
        return _LOCALES[self.language]

    def _said(self, words: Mapping[str, str], word: str | None) -> str:
        """Translate a known word; an unknown one is shown as it is, for it may come from a newer version."""
        if not word:
            return "–"
        return translations(self.language).gettext(words[word]) if word in words else word
