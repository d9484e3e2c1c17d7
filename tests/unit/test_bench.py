"""`./lab bench`: what a goal means, and that every figure of the kernel can be measured."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks.table import Figure, Goal  # noqa: E402  a folder of the repository, in no distribution


@pytest.mark.parametrize(
    ("goal", "ours", "peer", "met"),
    [
        pytest.param(Goal(ratio=0.5), 4.0, 8.0, True, id="half of the peer's is half of it"),
        pytest.param(Goal(ratio=0.5), 4.1, 8.0, False, id="more than half is too much"),
        pytest.param(Goal(ratio=0.5), 4.0, None, None, id="without the peer nobody knows"),
        pytest.param(Goal(ratio=0.5, most=2), 2.1, 8.0, False, id="all parts must hold"),
        pytest.param(Goal(ratio=0.5, most=2), 2.1, None, False, id="one part that fails needs no peer"),
        pytest.param(Goal(most=2), 2.0, None, True, id="a limit of its own needs no peer"),
        pytest.param(Goal(above=50), 70.0, 20.0, True, id="50 more than the peer"),
        pytest.param(Goal(above=50), 70.1, 20.0, False, id="more than 50 more"),
        pytest.param(Goal(), 4.0, 8.0, None, id="no goal is neither met nor missed"),
        pytest.param(Goal(least=1000), 999.0, 1000.0, False, id="one of a thousand is missing"),
    ],
)
def test_a_goal_is_met_or_not_or_cannot_be_told(goal, ours, peer, met):
    assert Figure("f", "ms", ours, peer, goal).met is met


def quickly(group: str) -> list[dict]:
    """What a quick run of the group has written."""
    command = [sys.executable, "-m", "benchmarks", group, "--quick"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads((ROOT / "benchmarks" / "out" / f"{group}-quick.json").read_text())


@pytest.fixture(scope="module")
def rows():
    return quickly("kernel")


@pytest.mark.parametrize(
    "figure",
    [
        "Maxima start to first result",
        "kernel start to first result",
        "the kernel's own process ready",
        "does nothing, through jupyter_client",
        "ours above that kernel, through jupyter_client",
        "ours above its process",
        "round trip of a trivial cell, with TeX",
        "kernels with their Maxima, sum of PSS",
        "a day's exercises",
        "memory that the last nine tenths",
        "plot to SVG",
        "plots (peer: all)",
        "exact LP",
        "rational inverse",
    ],
)
def test_every_promised_figure_is_measured(rows, figure):
    assert sum(figure in row["figure"] for row in rows) == 1


def test_every_figure_is_a_finite_number_beside_its_peer(rows):
    """A peer may be missing only where its row, or the one that it goes on from, says what is not here."""
    named = ""
    for row in rows:
        named = named if row["figure"].startswith("…") else row["figure"]
        assert {"figure", "unit", "ours", "peer", "ratio", "goal"} <= row.keys()
        assert math.isfinite(row["ours"]), row
        if "not here" not in named:
            assert math.isfinite(row["peer"]), row
            assert row["peer"] == 0 or math.isclose(row["ratio"], row["ours"] / row["peer"]), row


def test_every_plot_of_the_run_was_whole(rows):
    [row] = [row for row in rows if row["unit"] == "plots"]
    assert row["met"] is True


def test_events_are_taken_in_beside_bare_sql_on_both_databases():
    rows = quickly("usage")
    figures = [row["figure"].split(",")[0] for row in rows]
    for database in ("SQLite", "PostgreSQL"):
        at = figures.index(f"ingest through HTTP into {database}")
        assert figures[at + 1] == "the same by 8 servers at once"
    # By the clock and of a processor, on each database.
    assert figures.count("rhythm of a course of 240 students over 17 weeks") == 4
    for way in ("the first view", "a view of what is kept"):
        both = [row["figure"] for row in rows if f"students over 17 weeks, {way}, " in row["figure"]]
        names = [name.partition(" of ")[0] for name in both]
        assert names == 2 * [
            one for page in ("exercises", "comparison", "study page") for one in (page, page)
        ], way
    assert all(math.isclose(row["ratio"], row["ours"] / row["peer"]) for row in rows if row["peer"])


def test_the_large_figures_of_usage_can_be_measured():
    from benchmarks.usage.exporting import exports  # noqa: PLC0415  it reads the databases' fixtures
    from benchmarks.usage.large import comparisons  # noqa: PLC0415

    figures = [*exports(2_000, 1, databases=False), *comparisons(2_000, 1)]
    assert [figure.unit for figure in figures] == ["s"] * 5
    assert all(figure.ours > 0 and figure.peer for figure in figures)
