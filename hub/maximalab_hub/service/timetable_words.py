"""The timetable in words: when a lesson is, what is wrong with a file, what a version changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from maximalab_hub.language import quoted, translations
from maximalab_hub.service.errors import N_
from maximalab_hub.setting import Setting
from maximalab_hub.store.timetables import How
from maximalab_hub.timetable.csvfile import heading
from maximalab_hub.timetable.lesson import CellTrouble, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

    from maximalab_hub.settings_sections import Language
    from maximalab_hub.store.timetables import Made
    from maximalab_hub.timetable.impact import Impact
    from maximalab_hub.timetable.lesson import Cell, Holiday, Lesson, TimetableError
    from maximalab_hub.timetable.state import Enrolled

TROUBLES: Final[Mapping[str, str]] = {
    Trouble.NO_CALENDAR: N_(
        "This is no iCalendar file. Export the calendar again as .ics, and choose that file."
    ),
    Trouble.NO_UTF8: N_(
        "This calendar is not in UTF-8, so the names in it cannot be read. Export it again in UTF-8."
    ),
    Trouble.NO_LESSONS: N_(
        "No lesson of this course was found. Name the course and the group in each event, or fill in the group below"
        " for events that name none."
    ),
    Trouble.TOO_BIG: N_("The file is larger than 4 MB. Export a shorter time or one course alone."),
    Trouble.TOO_MANY: N_(
        "There are too many lines or lessons. Split the file, or let its repetitions end with the term."
    ),
    Trouble.NO_START: N_("An event has no start. Give it a date, a time and a time zone in your calendar."),
    Trouble.NO_TIME: N_("A value is no date and time. Open the event in your calendar and save it again."),
    Trouble.NO_ZONE: N_(
        "An event's time has no time zone, so nobody can say when it is. Set the calendar's time zone (for example"
        " Europe/Kyiv) and export it again."
    ),
    Trouble.NO_GROUP: N_("A lesson needs its group. Give it one."),
    Trouble.NO_COURSE: N_("An event names a group and no course. Name both, or neither."),
    Trouble.LONG_NAME: N_("Names of courses and groups have at most 64 characters."),
    Trouble.UNSEEN: N_("A name has a sign in it that nobody sees. Type the name anew."),
    Trouble.LENGTH: N_("A lesson ends after it begins, and within 12 hours. Check the times."),
    Trouble.TOO_OFTEN: N_("An event repeats within the day. A lesson repeats daily at most."),
    Trouble.TOO_DENSE: N_(
        "A repetition makes more than 8 lessons of one day. In your calendar, choose fewer times of day for the event,"
        " or make an event of each time."
    ),
    Trouble.NO_RULE: N_(
        "A repetition cannot be read. Open the event in your calendar and choose its repetition again."
    ),
    Trouble.NEVER: N_(
        "A repetition names days that never come. Open the event in your calendar and choose its days again."
    ),
    Trouble.NO_TABLE: N_("This is no table in UTF-8. Save it in your spreadsheet as “CSV UTF-8”."),
    Trouble.NOT_CLOSED: N_(
        "A cell of the table does not end. Look at the quotation marks from this line on, and choose the file again."
    ),
    Trouble.COLUMNS: N_(
        "Columns in the first line are missing, unknown or there twice. Compare them with the list below."
    ),
    Trouble.ROWS: N_(
        "Some cells cannot be read. Mend them and choose the file again; nothing was taken over."
    ),
    Trouble.NO_ROWS: N_(
        "The table has no line below its headings. Write a line for each lesson, or for each person of a group, and"
        " choose the file again."
    ),
    Trouble.TAKEN: N_("The group has a lesson at just that time already."),
    Trouble.STALE: N_(
        "Somebody changed the timetable since you opened the page, so nothing was changed now. What you typed is still"
        " here: look at what is there, then send it again."
    ),
    Trouble.OVERTAKEN: N_(
        "Somebody took this lesson away since you opened the page, so nothing was changed now. If it is to be held"
        " after all, add it below."
    ),
    Trouble.GONE: N_("This lesson is not in the timetable any more: it was moved or removed meanwhile."),
    Trouble.NO_DAYS: N_("The last day has to come after the first one, and within 400 days."),
    Trouble.FAR: N_("A day lies between the years 2000 and 2200."),
    Trouble.BEFORE: N_(
        "This last day comes before the person's first one in the group, so nothing was changed. Choose a later one, or"
        " “Never was here”."
    ),
    Trouble.NO_SUCH_TIME: N_("On that night the clocks are put forward over this time. Choose another."),
    Trouble.NOBODY: N_("Nobody was named. Write at least one account name."),
    Trouble.NO_NAME: N_("This cannot be an account's name."),
    Trouble.BLANK: N_(
        "An account's name has no blank in it, and nobody was put into the group. Write account names, not people's"
        " names, each on a line of its own or with commas between."
    ),
    Trouble.ADDRESS: N_(
        "This is no address of a calendar. Copy the address that your calendar gives for sharing (iCal)."
    ),
    Trouble.PLAIN: N_(
        "The address begins with http. Only https is fetched, because http can be changed on its way."
    ),
    Trouble.NO_HOST: N_("There is no computer of this name. Check the address."),
    Trouble.INSIDE: N_(
        "The address leads into an internal network, and is not fetched. If it is right, ask the lab's administrator to"
        " allow the host."
    ),
    Trouble.UNREACHABLE: N_("The calendar cannot be reached. Check the address, or try again later."),
    Trouble.SLOW: N_("The calendar did not answer in time. Try again later."),
    Trouble.REFUSED: N_("The calendar's server refuses. Check whether the address is still shared."),
    Trouble.REDIRECTS: N_("The address leads on and on. Copy the calendar's own address."),
}
CELLS: Final[Mapping[str, str]] = {
    CellTrouble.EMPTY: N_("is empty"),
    CellTrouble.NO_DAY: N_("is no day; write 2026-09-07 or 07.09.2026"),
    CellTrouble.NO_CLOCK: N_("is no time of day; write 8:30"),
    CellTrouble.ENDS: N_("is not after the start, or more than 12 hours later"),
    CellTrouble.BEFORE: N_("comes before the first day, or more than 400 days later"),
    CellTrouble.NO_WEEKS: N_("is no number from 1 to 4"),
    CellTrouble.NO_ANSWER: N_("is neither yes nor no"),
    CellTrouble.TOO_LONG: N_("is too long"),
    CellTrouble.NO_ACCOUNT: N_("cannot be an account's name"),
    CellTrouble.TWICE: N_("was said in a line above already"),
    CellTrouble.UNSEEN: N_("has a sign in it that nobody sees; type it anew"),
    CellTrouble.MISSING: N_("is missing"),
    CellTrouble.UNKNOWN: N_("is none of those below"),
    CellTrouble.AGAIN: N_("is there twice"),
}
HOWS: Final[Mapping[str, str]] = {
    How.START: N_("set up by the lab"),
    How.FILE: N_("calendar file"),
    How.TABLE: N_("table"),
    How.ADDRESS: N_("calendar at an address"),
    How.HAND: N_("by hand"),
    How.PEOPLE: N_("groups"),
    How.BACK: N_("back to version"),
}
CHANGES: Final[Mapping[tuple[Setting, Setting], str]] = {
    (Setting.OUT_OF_CLASS, Setting.IN_CLASS): N_("from out of class to in class"),
    (Setting.IN_CLASS, Setting.OUT_OF_CLASS): N_("from in class to out of class"),
    (Setting.UNKNOWN, Setting.IN_CLASS): N_("from unknown to in class"),
    (Setting.UNKNOWN, Setting.OUT_OF_CLASS): N_("from unknown to out of class"),
    (Setting.IN_CLASS, Setting.UNKNOWN): N_("from in class to unknown"),
    (Setting.OUT_OF_CLASS, Setting.UNKNOWN): N_("from out of class to unknown"),
}
DONE: Final[Mapping[str, str]] = {
    "moved": N_("The lesson was changed."),
    "cancelled": N_("The lesson was cancelled."),
    "restored": N_("The lesson takes place again."),
    "replaced": N_("The lesson was replaced by another."),
    "removed": N_("The lesson was taken away."),
    "added": N_("It is in the timetable."),
    "imported": N_("The import is in the timetable."),
    "nothing": N_("Nothing had to be changed."),
    "back": N_("The earlier version holds again; those in between stay to be seen."),
    "enrolled": N_("The people are in the group."),
    "left": N_("Who is in the group was changed."),
    "fetched": N_("The calendar was fetched."),
    "kept": N_("The calendar was not fetched; what was fetched before stays."),
    "forgotten": N_("The address is forgotten; its lessons stay."),
}
_LOCALES: Final[Mapping[Language, str]] = {"uk": "uk_UA", "en": "en_GB"}
_MOMENT: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class TimetableWords:
    """How the timetable is said to one reader, by the clock of the lab's time zone."""

    language: Language
    time_zone: str

    def when(self, lesson: Lesson) -> str:
        """Say the day and the hours of a lesson."""
        return f"{self.moment(lesson.starts_at, 'EEE d MMM y, HH:mm')}–{self.clock(lesson.ends_at)}"

    def hours(self, lesson: Lesson) -> str:
        """Say from when to when on its day."""
        return f"{self.clock(lesson.starts_at)}–{self.clock(lesson.ends_at)}"

    def clock(self, at: datetime) -> str:
        """Say the time of day."""
        return self.moment(at, "HH:mm")

    def on(self, at: datetime) -> str:
        """Say a moment, to the minute."""
        return self.moment(at, "d MMM y, HH:mm")

    def moment(self, at: datetime, shape: str) -> str:
        """Say a moment in this shape."""
        return format_datetime(at, shape, tzinfo=ZoneInfo(self.time_zone), locale=self._locale)

    def day(self, day: date, shape: str = "d MMMM y") -> str:
        """Say a day."""
        return format_date(day, shape, locale=self._locale)

    def days(self, first: date, last: date) -> str:
        """Say from which to which day of a week, the month once where it is the same."""
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day}–{self.day(last)}"
        return f"{self.day(first, 'd MMMM')} – {self.day(last)}"

    def field_day(self, at: datetime) -> str:
        """Write the day as a form's field has it."""
        return at.astimezone(ZoneInfo(self.time_zone)).date().isoformat()

    def field_clock(self, at: datetime) -> str:
        """Write the time as a form's field has it."""
        return at.astimezone(ZoneInfo(self.time_zone)).strftime("%H:%M")

    def days_of(self, holiday: Holiday) -> str:
        """Say from which to which day a holiday is."""
        first, last = self.moment(holiday.starts_at, "d MMM y"), self.last_day(holiday.ends_at)
        return first if first == last else f"{first} – {last}"

    def last_day(self, until: datetime) -> str:
        """Say the last day before a day's beginning."""
        return self.moment(until - _MOMENT, "d MMM y")

    def term(self, one: Enrolled) -> str:
        """Say from when to when somebody is in a group."""
        first = self.moment(one.since, "d MMM y")
        return f"{first} –" if one.until is None else f"{first} – {self.last_day(one.until)}"

    def lessons(self, found: Iterable[Lesson], *, marked: bool = False) -> list[str]:
        """Say lessons, each with its group, and of those that do not take place that they do not, if `marked`."""
        no = f" · {self._words('cancelled')}" if marked else ""
        return [f"{self.when(one)} · {one.group}{no if one.cancelled else ''}" for one in found]

    def moves(self, found: Iterable[tuple[Lesson, Lesson]]) -> list[str]:
        """Say from where to where lessons were moved."""
        return [f"{self.when(then)} → {self.when(now)} · {now.group}" for then, now in found]

    def holidays(self, found: Iterable[Holiday]) -> list[str]:
        """Say holidays."""
        return [f"{self.days_of(one)}: {one.name}" for one in found]

    def people(self, found: Iterable[Enrolled]) -> list[str]:
        """Say who is in which group, and from when to when."""
        return [f"{one.user} · {one.group} · {self.term(one)}" for one in found]

    def trouble(self, error: TimetableError) -> str:
        """Say what is wrong, where, and what to do."""
        return self.trouble_of(error.trouble, error.where)

    def trouble_of(self, trouble: str, where: str) -> str:
        """Say a trouble that was kept."""
        said = self._words(TROUBLES[trouble]) if trouble in TROUBLES else trouble
        if trouble == Trouble.TAKEN and where:
            where = self.on(datetime.fromisoformat(where))
        return f"{said} ({where})" if where else said

    def cell(self, cell: Cell) -> str:
        """Say which cell of a table cannot be read, and why."""
        words = self._words("Line %(line)s, column “%(column)s”: %(value)s %(why)s.")
        missing = cell.trouble is CellTrouble.MISSING
        value = quoted(cell.value, self.language) if cell.value else ""
        said = words % {
            "line": cell.line,
            "column": heading(cell.column, self.language) if missing else cell.column,
            "value": value,
            "why": self._words(CELLS[cell.trouble]),
        }
        return " ".join(said.split()).replace(" .", ".")

    def how(self, made: Made) -> str:
        """Say how a version came about."""
        said = self._words(HOWS[made.how])
        return f"{said}: {made.words}" if made.words else said

    def by(self, made: Made) -> str:
        """Say who made a version."""
        return made.by or self._words("the lab itself")

    def impact(self, found: Impact) -> list[str]:
        """Say what a change does to the past, a line for each kind of it."""
        words = self._words("%(runs)s runs %(change)s")
        return [
            words % {"runs": count, "change": self._words(CHANGES[change])}
            for change, count in found.runs.items()
        ]

    def done(self, word: str) -> str:
        """Say what was done; nothing for a word that is none of ours."""
        return self._words(DONE[word]) if word in DONE else ""

    @property
    def _locale(self) -> str:
        return _LOCALES[self.language]

    @property
    def _words(self) -> Callable[[str], str]:
        return translations(self.language).gettext
