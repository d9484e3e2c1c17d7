"""What every test may lean on: a skip is named, and with REQUIRE=all it is a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from typing import Any

import pytest
from composelab import has_compose
from hypothesis import settings
from sharing import LongestFirst, ends_of_each, in_order
from wireguardbed import has_wireguard

# A busy machine is no defect: examples are counted, not timed.
settings.register_profile("lab", deadline=None)
settings.register_profile("fewer", deadline=None, max_examples=10)
settings.load_profile("lab")

REQUIRE_ALL = os.environ.get("REQUIRE") == "all"
ENDS_ALONE = os.environ.get("MAXIMALAB_CASES") == "ends"
"""Of a test with many cases the first and the last: for a second run of the suite, on another machine."""


def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "version"], capture_output=True, timeout=20, check=False).returncode == 0


def _may_mount() -> bool:
    """Whether this process may mount a file system: a root without that right is common in containers."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(
            ["mount", "-t", "tmpfs", "maximalab", folder], capture_output=True, check=False
        ).returncode:
            return False
        subprocess.run(["umount", folder], check=True)
    return True


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def _makes_beds() -> bool:
    return has_wireguard() and shutil.which("dockerd") is not None and _docker_answers()


NEEDS = {
    "bed": (
        _makes_beds,
        "needs root, a Docker engine, and Debian's wireguard-go, wireguard-tools, iproute2, iptables, util-linux",
    ),
    "docker": (_docker_answers, "needs a Docker engine that answers `docker version`"),
    "compose": (has_compose, "needs Docker Compose v2 (Debian 13: docker-compose)"),
    "chromium": (lambda: _chromium() is not None, "needs Chromium (Debian's package `chromium`)"),
    "small_disk": (_may_mount, "needs root that may mount a small file system, to fill it"),
    "wireguard": (
        has_wireguard,
        "needs root and Debian's packages wireguard-go, wireguard-tools, iproute2, iptables, util-linux",
    ),
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LongestFirst | None:
    """Share the whole suite out by files, as `./lab test` does, with the long ones in front."""
    return LongestFirst(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip by name what this machine cannot run; in a worker, put first what takes longest."""
    if ENDS_ALONE:
        items[:] = ends_of_each(items)
    if hasattr(config, "workerinput"):
        items[:] = in_order(items)
    for marker, (present, why) in NEEDS.items():
        wanted = [item for item in items if item.get_closest_marker(marker)]
        if wanted and not present():
            for item in wanted:
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Turn each skip into a failure where everything is required."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"REQUIRE=all, yet {item.nodeid} was skipped: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser that the tests drive."""
    path = _chromium()
    assert path, "no Chromium on this machine"
    return path
