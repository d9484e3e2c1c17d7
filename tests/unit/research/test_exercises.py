"""Exercises reckoned with arrays are what comes of looking at each run, and tell of nobody's few."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from comparedclass import LESSONS, NINE, OR, START
from hypothesis import given, settings
from hypothesis import strategies as st
from maximalab_hub.compare import Timetables
from maximalab_hub.comparison.cells import READ_OF_CELLS, cells_in
from maximalab_hub.comparison.exercises import NAMES, Exercise, Tally, exercises
from maximalab_hub.comparison.suppression import covered, hidden, hidden_across
from maximalab_hub.comparison.writing import exercises_csv
from maximalab_hub.setting import Enrolment, Setting
from maximalab_hub.store.arrow import TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

PEOPLE = tuple(f"p-{number:02}" for number in range(14))
STRANGER = "stranger"
TIMETABLES = Timetables(
    LESSONS, {user: (Enrolment(OR, f"OR-{1 + n % 2}", START),) for n, user in enumerate(PEOPLE[:11])}
)
KNOWN = {"simplex": ("model", "answer", "nobody-ran-it")}
RUNS = st.fixed_dictionaries(
    {
        "user": st.sampled_from([*PEOPLE, STRANGER]),
        "kind": st.sampled_from(["run", "run", "run", "notebook_open", "login"]),
        "at": st.integers(0, 12 * 60).map(lambda n: NINE + timedelta(minutes=n // 2)),
        "course": st.sampled_from([OR, OR, None]),
        "outcome": st.sampled_from(["ok", "ok", "error", "error", "aborted", "dead", None]),
        "material": st.sampled_from(["simplex", "simplex", "transport", None]),
        "cell_id": st.sampled_from(["model", "answer", "a1", "a2", "a3", "", None]),
        "error_name": st.sampled_from(["MaximaError", "SyntaxError", "Х", None]),
    }
)


def table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    columns = {name: [row[name] for row in rows] for name in READ_OF_CELLS}
    return pa.table(
        {name: pa.array(values, TIME if name == "at" else pa.string()) for name, values in columns.items()}
    )


def one_by_one(rows: Sequence[Mapping[str, Any]], least: int) -> dict[tuple[str, str | None], Any]:
    """Whole, stuck, error names and sides of each exercise, before anything of it hides."""
    mine = [row for row in rows if row["user"] in PEOPLE and row["material"]]
    there = defaultdict(set)
    for row in mine:
        if row["kind"] != "login":
            there[row["material"]].add(row["user"])
    unseen = hidden(there, least)
    ran = [row for row in mine if row["kind"] == "run" and row["outcome"] != "aborted" and row["cell_id"]]
    found: dict[tuple[str, str | None], Any] = {}
    for material in there.keys() - unseen:
        who = defaultdict(set)
        for row in ran:
            if row["material"] == material:
                who[row["cell_id"]].add(row["user"])
        listed = {*KNOWN.get(material, ()), *(cell for cell, people in who.items() if len(people) >= least)}
        for cell in [*sorted(listed), *([None] if who.keys() - listed else [])]:
            of_it = [
                row for row in ran if row["material"] == material
                and (row["cell_id"] == cell if cell else row["cell_id"] not in listed)
            ]  # fmt: skip
            found[material, cell] = looked_at(of_it, least)
    return found


def looked_at(rows: Sequence[Mapping[str, Any]], least: int) -> Any:
    last: dict[str, tuple[datetime, bool]] = {}
    met, counted, sides = defaultdict(set), Counter(), {one: [] for one in Setting}
    for row in rows:
        failed = row["outcome"] in {"error", "dead"}
        last[row["user"]] = max(last.get(row["user"], (START, False)), (row["at"], failed))
        sides[TIMETABLES.setting_of(row["user"], row["course"], row["at"])].append(row)
        if failed and row["error_name"]:
            met[row["error_name"]].add(row["user"])
            counted[row["error_name"]] += 1
    names = sorted((name for name in met if len(met[name]) >= least), key=lambda name: (-counted[name], name))
    stuck = {user for user, (_, failed) in last.items() if failed}
    return (
        tally(rows),
        stuck,
        last.keys() - stuck,
        tuple(names[:NAMES]),
        {k: tally(v) for k, v in sides.items()},
    )


def tally(rows: Sequence[Mapping[str, Any]]) -> Tally:
    failed = sum(row["outcome"] in {"error", "dead"} for row in rows)
    return Tally(len({row["user"] for row in rows}), len(rows), failed)


def made(rows: Sequence[Mapping[str, Any]], least: int, *, parts: int = 1) -> tuple[Exercise, ...]:
    tables = [table(rows[part::parts]) for part in range(parts)]
    return exercises(cells_in(tables, PEOPLE), TIMETABLES, KNOWN, least)


@settings(deadline=None, max_examples=150)
@given(st.lists(RUNS, max_size=80), st.integers(1, 5), st.integers(1, 3))
def test_arrays_say_what_looking_at_each_run_says(rows, least, parts):
    found, expected = made(rows, least, parts=parts), one_by_one(rows, least)
    assert {(one.material, one.cell) for one in found} == expected.keys()
    for one in found:
        whole, stuck, others, names, sides = expected[one.material, one.cell]
        if one.whole is None:
            assert (one.stuck, one.error_names, set(one.by_setting.values())) == (None, (), {None})
            continue
        assert (one.whole, one.error_names) == (whole, names)
        assert one.stuck == (None if hidden({"s": stuck, "o": others}, least) else len(stuck))
        assert all(told in {None, sides[setting]} for setting, told in one.by_setting.items())
    if least == 1:
        assert all(one.by_setting == expected[one.material, one.cell][4] for one in found)


@settings(deadline=None)
@given(st.lists(RUNS, max_size=80), st.integers(2, 6))
def test_nothing_that_is_told_is_of_a_few_and_order_does_not_matter(rows, least):
    found = made(rows, least)
    assert found == made(rows[::-1], least)
    for one in found:
        for told in (one.whole, *one.by_setting.values()):
            assert told is None or told.people == 0 or told.people >= least
        if one.whole and one.stuck:
            assert one.stuck >= least
            assert one.whole.people - one.stuck == 0 or one.whole.people - one.stuck >= least
    for material in {one.material for one in found}:
        hiding = [one for one in found if one.material == material and one.whole is None]
        shown = [one for one in found if one.material == material and one.whole and one.whole.people]
        assert len(hiding) != 1 or not shown, "one alone would be the rest"


def test_exercises_stand_in_the_notebooks_order_then_by_first_run_and_own_cells_are_one_row():
    rows = [
        run(user, minute + place, cell)
        for place, user in enumerate(PEOPLE)
        for minute, cell in ((90, "b-later"), (60, "a-earlier"), (30, "model"), (0, f"own-{user}"))
    ]
    told = [(one.cell, one.whole and one.whole.people) for one in made(rows, 10)]
    assert told == [
        ("model", 14), ("answer", 0), ("nobody-ran-it", 0), ("a-earlier", 14), ("b-later", 14), (None, 14),
    ]  # fmt: skip


def test_a_cell_that_a_few_ran_hides_takes_another_along_and_its_errors_are_not_named():
    rows = [run(user, 0, "answer", "error", "MaximaError") for user in PEOPLE]
    rows += [run(user, 1, "model", "error", "SyntaxError") for user in PEOPLE[:3]]
    rows += [run(user, 2, "a1") for user in PEOPLE[:11]]
    found = {one.cell: one for one in made(rows, 10)}
    assert {cell for cell, one in found.items() if one.whole is None} == {"model", "a1"}
    assert found["model"].error_names == ()
    assert (found["answer"].stuck, found["answer"].error_names) == (14, ("MaximaError",))


def test_where_a_few_worked_at_home_neither_side_is_told_though_all_others_did_one_thing_only():
    inside = [run(user, 0, cell) for user in PEOPLE[:11] for cell in ("answer", "model")]
    at_home = [run(user, 600, "model") for user in PEOPLE[:3]]
    alone = {one.cell: one for one in made(inside, 10)}
    assert alone["answer"].by_setting[Setting.IN_CLASS] == Tally(11, 11, 0)
    both = {one.cell: one for one in made([*inside, *at_home], 10)}
    assert {told for one in both.values() for told in one.by_setting.values()} == {None}
    assert both["model"].whole == Tally(11, 14, 0)


def test_a_material_of_a_few_has_no_exercises_nor_has_the_one_that_hides_with_it():
    rows = [run(user, 0, "answer", material=name) for user in PEOPLE for name in ("simplex", "transport")]
    rows += [run(user, 0, "answer", material="rare") for user in PEOPLE[:2]]
    assert {one.material for one in made(rows, 10)} == {"transport"}


def test_the_table_as_csv_leaves_empty_what_hides():
    rows = [run(user, 0, "answer", "error", "MaximaError") for user in PEOPLE]
    named = [(f"=the {one.cell}", one) for one in made(rows, 10)]
    [model, answer, _] = csv.DictReader(io.StringIO(exercises_csv(named).decode()))
    assert (answer["cell"], answer["exercise"]) == ("answer", "'=the answer"), "no formula of a spreadsheet"
    assert (model["all_people"], model["all_error_share"]) == ("0", "")
    assert (answer["in_class_people"], answer["unknown_runs"], answer["out_of_class_runs"]) == ("", "", "0")
    assert (answer["stuck"], answer["error_names"], answer["all_error_share"]) == ("14", "MaximaError", "1.0")


def run(
    user: str,
    minute: int,
    cell: str,
    outcome: str = "ok",
    error: str | None = None,
    material: str = "simplex",
) -> dict[str, Any]:
    return {
        "user": user, "kind": "run", "at": NINE + timedelta(minutes=minute), "course": OR, "outcome": outcome,
        "material": material, "cell_id": cell, "error_name": error,
    }  # fmt: skip


NAMED = st.frozensets(st.sampled_from([f"p{n}" for n in range(30)]), max_size=25)
GRIDS = st.dictionaries(st.tuples(st.integers(0, 4), st.sampled_from("abc")), NAMED, max_size=15)


@given(GRIDS, st.integers(2, 12))
def test_in_a_table_no_line_gives_a_hidden_cell_away(
    cells: dict[tuple[int, str], AbstractSet[str]], least: int
):
    unseen = hidden_across(cells, least)
    assert {key for key, who in cells.items() if 0 < len(who) < least} <= unseen
    for side in (0, 1):
        for line in {key[side] for key in cells}:
            assert covered({key: who for key, who in cells.items() if key[side] == line}, unseen, least)


@pytest.mark.parametrize(
    ("hide", "expected"),
    [
        pytest.param(set(), True, id="nothing hides"),
        pytest.param({"a"}, False, id="one alone is the rest"),
        pytest.param({"a", "b"}, True, id="two of enough people"),
        pytest.param({"a", "c"}, False, id="two of a few people"),
        pytest.param({"a", "b", "c"}, True, id="nothing is shown"),
    ],
)
def test_what_hides_is_covered_by_others_of_enough_people(hide, expected):
    people = {"a": {"p1"}, "b": {f"p{n}" for n in range(10)}, "c": {"p1", "p2"}, "d": set()}
    assert covered(people, hide, 10) is expected
