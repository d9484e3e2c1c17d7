"""A comparison as files: one JSON with all of it, and CSV tables; the same report gives the same bytes."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from maximalab_hub.comparison.exercises import Exercise
from maximalab_hub.comparison.findings import Measure, person_value
from maximalab_hub.comparison.places import Place
from maximalab_hub.export.csv import guarded
from maximalab_hub.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from maximalab_hub.comparison.figures import Part
    from maximalab_hub.comparison.findings import Finding
    from maximalab_hub.comparison.report import Report, Row

DIGITS = 10
"""Significant digits of a written number: more than any of them deserves, fewer than machines differ in."""


def files(
    report: Report, about: Mapping[str, Any], named: Iterable[tuple[str, Exercise]] = ()
) -> dict[str, bytes]:
    """Give the files by name. `about` says which events, for whom, and goes into the JSON.

    `named` are the report's exercises with what each is called.
    """
    return {
        "comparison.json": as_json({"about": about, **plain(report)}),
        "people.csv": _csv(_people(report)),
        "groups.csv": _csv(_rows(report.groups)),
        "materials.csv": _csv(_rows(report.materials)),
        "places.csv": _csv(_in_both(report)),
        "tests.csv": _csv(map(_test, _findings(report))),
        "grid.csv": _csv(plain(one) for one in report.corners),
        "week.csv": _csv(plain(one) for one in report.week),
        "progress.csv": _csv(plain(one) for one in report.progress),
        "exercises.csv": exercises_csv(named),
    }


def exercises_csv(named: Iterable[tuple[str, Exercise]]) -> bytes:
    """Give exercises as a table, each with what the page calls it; what hides is empty.

    The row without a cell is of cells that people added.
    """
    return _csv((_exercise(name, one) for name, one in named), _exercise("", _NOTHING))


def plain(value: Any) -> Any:  # noqa: ANN401, PLR0911  whatever a report holds; one answer for each type
    """Turn a value into what JSON knows; durations become minutes."""
    match value:
        case bool() | int() | None:
            return value
        case _ if is_dataclass(value):
            return plain({field.name: getattr(value, field.name) for field in fields(value)})
        case float():
            return float(f"{value:.{DIGITS}g}")
        case timedelta():
            return plain(value / timedelta(minutes=1))
        case dict():
            return {str(key): plain(one) for key, one in value.items()}
        case tuple() | list():
            return [plain(one) for one in value]
        case _:
            return str(value)


def as_json(value: Any) -> bytes:  # noqa: ANN401  whatever `plain` gives
    """Write JSON that people can read, too."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _people(report: Report) -> Iterator[Mapping[str, Any]]:
    for one in report.people or ():
        row: dict[str, Any] = {"person": one.user, "groups": " ".join(one.groups)}
        for name, part in (
            ("all", one.whole),
            *((setting.value, one.by_setting[setting]) for setting in Setting),
        ):
            row |= _columns(name, part)
        yield row | {Measure.SHARE_OUT.value: plain(person_value(one, Measure.SHARE_OUT))}


def _in_both(report: Report) -> Iterator[Mapping[str, Any]]:
    for one in report.places.people or ():
        sides = ((Place.CLOUD, one.cloud), (Place.LOCAL, one.local))
        yield {"person": one.user} | {
            name: value for place, part in sides for name, value in _columns(place, part).items()
        }


_NOTHING: Final = Exercise("", None, None, None, (), dict.fromkeys(Setting))
"""An exercise of which nothing is known, for the headings of a table without any."""


def _exercise(name: str, one: Exercise) -> Mapping[str, Any]:
    row: dict[str, Any] = {"material": one.material, "cell": one.cell, "exercise": name}
    for side, tally in (
        ("all", one.whole),
        *((setting.value, one.by_setting[setting]) for setting in Setting),
    ):
        row |= {
            f"{side}_people": tally and tally.people,
            f"{side}_runs": tally and tally.runs,
            f"{side}_error_share": tally and plain(tally.error_share),
        }
    return row | {"stuck": one.stuck, "error_names": " ".join(one.error_names) or None}


def _findings(report: Report) -> tuple[Finding, ...]:
    places = report.places
    return (*report.paired, *report.unpaired, *report.terms, *places.paired, *places.unpaired)


def _columns(name: str, part: Part) -> Mapping[str, Any]:
    return {
        f"{name}_runs": part.runs,
        f"{name}_errors": part.errors,
        f"{name}_active_minutes": plain(part.minutes),
        f"{name}_sessions": part.sessions,
        f"{name}_days": part.days,
    }


def _rows(rows: Iterable[Row]) -> Iterator[Mapping[str, Any]]:
    for row in rows:
        medians = row.medians or dict.fromkeys(Measure)
        yield {"name": row.name, "people": row.people} | {
            f"median_{m.value}": plain(medians[m]) for m in Measure
        }


def _test(test: Finding) -> Mapping[str, Any]:
    result = plain(test.result) if test.result else {}
    interval = result.get("interval") or {}
    medians = test.medians or (None, None)
    return {
        "measure": test.measure.value,
        "first": test.first,
        "second": test.second,
        "n_first": test.n_first,
        "n_second": test.n_second,
        "median_first": plain(medians[0]),
        "median_second": plain(medians[1]),
        "test": type(test.result).__name__.lower() if test.result else None,
        "statistic": result.get("statistic"),
        "p": result.get("p_value"),
        "p_holm": plain(test.adjusted),
        "effect": result.get("effect", result.get("cliffs_delta")),
        "shift": result.get("shift"),
        "interval_of": None if not interval else "shift" if "effect" in result else "effect",
        "low": interval.get("low"),
        "high": interval.get("high"),
        "skewed": test.skewed,
        "no_test_because": test.reason and test.reason.value,
    }


def _csv(rows: Iterable[Mapping[str, Any]], heads: Iterable[str] = ()) -> bytes:
    """Write a table; its headings are those of its first row where none are given."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    if names := list(heads):
        writer.writerow(names)
    for place, row in enumerate(rows):
        if place == 0 and not names:
            writer.writerow(row)
        writer.writerow([_field(value) for value in row.values()])
    return buffer.getvalue().encode()


def _field(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return guarded(value)
        case _:
            return str(value)
