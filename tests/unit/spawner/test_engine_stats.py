"""What an engine tells of a container's use, by both of the kernel's ways to count."""

from __future__ import annotations

import pytest
from maximalab_spawner.enginestats import use_of

CPU = {"cpu_usage": {"total_usage": 1_234_567_890}}


@pytest.mark.parametrize(
    ("stats", "expected"),
    [
        pytest.param(
            {"cpu_stats": CPU, "memory_stats": {"usage": 300, "stats": {"inactive_file": 100}}},
            (1234, 200),
            id="cgroup v2: without the file cache",
        ),
        pytest.param(
            {"cpu_stats": CPU, "memory_stats": {"usage": 300, "stats": {"total_inactive_file": 50}}},
            (1234, 250),
            id="cgroup v1",
        ),
        pytest.param(
            {"cpu_stats": CPU, "memory_stats": {"usage": 300}}, (1234, 300), id="no word of a cache"
        ),
        pytest.param(
            {"cpu_stats": CPU, "memory_stats": {"usage": 1, "stats": {"inactive_file": 5}}},
            (1234, 0),
            id="torn",
        ),
        pytest.param({"cpu_stats": CPU, "memory_stats": {}}, None, id="a container that does not run"),
        pytest.param(
            {"cpu_stats": {"cpu_usage": None}, "memory_stats": None}, None, id="an engine that does not count"
        ),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_use_is_read(stats, expected):
    assert use_of(stats) == expected
