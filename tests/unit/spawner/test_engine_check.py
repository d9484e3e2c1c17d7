"""What is told of an engine by what it says of itself."""

from __future__ import annotations

import pytest
from maximalab_spawner.shortcomings import numbers, shortcomings

WELL = {
    "LiveRestoreEnabled": True,
    "SecurityOptions": ["name=apparmor", "name=seccomp,profile=builtin", "name=cgroupns"],
    "MemoryLimit": True,
    "SwapLimit": True,
    "CpuCfsQuota": True,
    "PidsLimit": True,
}
NEW = {"Version": "28.5.1", "Components": [{"Name": "runc", "Version": "1.3.3"}]}


def test_of_a_good_engine_there_is_nothing_to_tell():
    assert list(shortcomings(WELL, NEW)) == []


@pytest.mark.parametrize(
    ("info", "version", "what", "remedy"),
    [
        pytest.param({}, {"Version": "20.10.24+dfsg1"}, "engine 20.10.24", "25.0.5", id="an old engine"),
        pytest.param({}, {"Version": ""}, "engine", "25.0.5", id="an engine of no version"),
        pytest.param(
            {},
            {"Components": [{"Name": "runc", "Version": "1.1.5+ds1"}]},
            "runc 1.1.5",
            "1.2.8",
            id="old runc",
        ),
        pytest.param(
            {"LiveRestoreEnabled": False}, {}, "ends all servers", "live-restore", id="no live-restore"
        ),
        pytest.param(
            {"SecurityOptions": ["name=apparmor"]}, {}, "not filtered", "seccomp-profile", id="no seccomp"
        ),
        pytest.param(
            {"SecurityOptions": ["name=apparmor", "name=seccomp,profile=unconfined"]},
            {},
            "not filtered",
            "seccomp-profile",
            id="seccomp that lets everything through",
        ),
        pytest.param(
            {"SecurityOptions": ["name=seccomp,profile=default"]},
            {},
            "AppArmor",
            "install apparmor",
            id="no AppArmor",
        ),
        pytest.param({"MemoryLimit": False}, {}, "memory is not", "cgroup", id="no bound of memory"),
        pytest.param({"SwapLimit": False}, {}, "swap is not", "swapaccount", id="no bound of swap"),
        pytest.param({"CpuCfsQuota": False}, {}, "processors are not", "cgroup", id="no bound of processors"),
        pytest.param({"PidsLimit": False}, {}, "processes is not", "cgroup", id="no bound of processes"),
    ],
)
def test_what_it_cannot_do_is_told_with_a_remedy(info, version, what, remedy):
    ((told, how),) = shortcomings({**WELL, **info}, {**NEW, **version})
    assert what in told
    assert remedy in how


@pytest.mark.parametrize(
    ("version", "read"),
    [("20.10.24+dfsg1", (20, 10, 24)), ("1.3.0-rc.2", (1, 3, 0)), ("dev", ()), (None, ())],
)
def test_a_version_is_read_as_far_as_it_has_numbers(version, read):
    assert numbers(version) == read
