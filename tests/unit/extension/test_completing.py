"""In which order the editor shows what may be meant."""

from __future__ import annotations

import pytest


def label(text):
    return {"label": text}


@pytest.mark.parametrize(
    ("shown", "kernel", "typed", "expected"),
    [
        pytest.param(["%phi", "%pi"], ["%pi", "%phi"], "%p", ["%pi", "%phi"], id="as the kernel has it"),
        pytest.param(
            ["aim", "main"], ["main", "aim"], "ai", ["aim", "main"], id="what begins so is before the rest"
        ),
        pytest.param(["b", "a", "c"], ["c"], "", ["c", "b", "a"], id="what others propose stays behind"),
    ],
)
def test_the_kernels_order_is_kept(call, shown, kernel, typed, expected):
    told = call("order.ts", "inOrder", [[label(text) for text in shown], kernel, typed])[0]
    assert [each["label"] for each in told] == expected


def test_what_is_inserted_counts(call):
    items = [
        {"label": "<mark>a</mark>2", "insertText": "a2"},
        {"label": "<mark>a</mark>1", "insertText": "a1"},
    ]
    told = call("order.ts", "inOrder", [items, ["a1", "a2"], "a"])[0]
    assert [each["insertText"] for each in told] == ["a1", "a2"]
