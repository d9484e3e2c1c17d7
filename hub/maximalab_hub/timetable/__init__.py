"""The timetable of a course: lessons, holidays and who is in which group, read, edited, compared and drawn.

`lesson` the words · `state` what a course's timetable holds, and differences · `calendarfile`, `csvfile`, `peoplefile`
what is read · `edits` what people do by hand · `impact` what a change does to the past · `address` calendars fetched
again · `week` the drawing. All but `address` is pure.
"""

from __future__ import annotations

from maximalab_hub.timetable.calendarfile import Timetable, read_timetable
from maximalab_hub.timetable.lesson import Holiday, Lesson, TimetableError, Trouble, version_of

__all__ = ["Holiday", "Lesson", "Timetable", "TimetableError", "Trouble", "read_timetable", "version_of"]
