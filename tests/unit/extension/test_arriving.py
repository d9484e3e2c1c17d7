"""Which cells wait for their notebook's kernel, as the extension decides it."""

from __future__ import annotations

import pytest

INSTALLED = {"kernelspecs": {"maxima": {}}}
STARTS = {
    "isDisposed": False,
    "isReady": False,
    "kernelPreference": {"name": "maxima"},
    "session": None,
    "specsManager": {"specs": INSTALLED},
}
CASES = [
    pytest.param({}, True, id="the notebook's kernel is being started"),
    pytest.param({"session": {"kernel": None}}, True, id="its session is there, its kernel is not"),
    pytest.param({"session": {"kernel": {}}}, False, id="its kernel is there"),
    pytest.param({"isReady": True}, False, id="its start is over"),
    pytest.param({"isDisposed": True}, False, id="the notebook is closed"),
    pytest.param({"kernelPreference": {}}, False, id="it names no kernel: the reader is asked"),
    pytest.param({"kernelPreference": {"name": "julia"}}, False, id="its kernel is not installed"),
    pytest.param({"kernelPreference": {"name": "maxima", "shouldStart": False}}, False, id="none is wanted"),
    pytest.param(
        {"kernelPreference": {"name": "maxima", "canStart": False}}, False, id="none can be started"
    ),
    pytest.param({"specsManager": {"specs": None}}, True, id="nothing is known of kernels yet"),
]


@pytest.mark.parametrize(("changes", "waits"), CASES)
def test_a_cell_waits_only_for_a_kernel_that_comes_by_itself(call, changes, waits):
    assert call("arriving.ts", "underWay", [STARTS | changes]) == [waits]
