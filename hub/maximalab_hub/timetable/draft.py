"""Lessons and holidays as JSON, for a draft that waits in the store. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from maximalab_hub.timetable.lesson import Holiday, Lesson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_hub.timetable.state import State


def as_json(state: State) -> dict[str, Any]:
    """Write the lessons and holidays of a state."""
    return {
        "lessons": [
            [
                one.starts_at.isoformat(),
                one.ends_at.isoformat(),
                one.group,
                one.cancelled,
                one.series,
                one.moved_from.isoformat() if one.moved_from else None,
                one.note,
            ]
            for one in state.lessons
        ],
        "holidays": [
            [one.starts_at.isoformat(), one.ends_at.isoformat(), one.name] for one in state.holidays
        ],
    }


def from_json(content: Mapping[str, Any], course: str) -> tuple[tuple[Lesson, ...], tuple[Holiday, ...]]:
    """Read what `as_json` wrote."""
    moment = datetime.fromisoformat
    lessons = tuple(
        Lesson(
            moment(starts),
            moment(ends),
            course,
            group,
            cancelled,
            series=series,
            moved_from=moment(planned) if planned else None,
            note=note,
        )
        for starts, ends, group, cancelled, series, planned, note in content["lessons"]
    )
    holidays = tuple(Holiday(moment(a), moment(b), name) for a, b, name in content["holidays"])
    return lessons, holidays
