"""Each run is told exactly once and rightly, in whatever order its witnesses speak, whichever falls silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_recorder.recorder import bounded
from maximalab_recorder.runs import GRACE_SECONDS, Run, RunJoin
from maximalab_recorder.signals import (
    Began,
    Busy,
    Failed,
    Idle,
    Interrupted,
    KernelGone,
    Replied,
    Requested,
    Signal,
    SocketClosed,
    TimePassed,
)

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
STEP = 0.01
ZERO = "ZeroDivisionError"
RAN, SKIP = ("ok", None, "c1"), ("aborted", None, "c1")
TICK = object()
"""In a table: the grace passes."""


def told(*signals: object) -> list[Run]:
    """Let a join hear `signals`, ten milliseconds apart."""
    join, runs, now = RunJoin(), [], 0.0
    for signal in signals:
        now += GRACE_SECONDS if signal is TICK else STEP
        heard = TimePassed() if signal is TICK else signal
        runs += join.hear(heard, now, START + timedelta(seconds=now))
    return runs


ASKED, BUSY, BEGAN, IDLE = Requested("m", "s", "c1", "a.ipynb"), Busy("m", "me"), Began("m"), Idle("m")
OK, WRONG, SKIPPED = Replied("m", "ok"), Replied("m", "error", "ZeroDivisionError"), Replied("m", "aborted")
FAILED, STOPPED = Failed("m", "ZeroDivisionError"), Failed("m", "KeyboardInterrupt")


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        pytest.param([ASKED, BUSY, BEGAN, IDLE, OK], RAN, id="a cell that runs"),
        pytest.param([ASKED, BUSY, BEGAN, OK, IDLE], RAN, id="the reply before the idle"),
        pytest.param([ASKED, OK, BUSY, BEGAN, IDLE], RAN, id="the reply before everything"),
        pytest.param([BUSY, BEGAN, IDLE], ("ok", None, None), id="a client without a browser"),
        pytest.param([BUSY, BEGAN, FAILED, IDLE], ("error", ZERO, None), id="its error"),
        pytest.param([ASKED, BUSY, BEGAN, FAILED, IDLE, WRONG], ("error", ZERO, "c1"), id="an error"),
        pytest.param([ASKED, BUSY, BEGAN, STOPPED, IDLE, OK], ("interrupted", "KeyboardInterrupt", "c1"), id="stop"),
        pytest.param(
            [ASKED, BUSY, BEGAN, Interrupted(), FAILED, IDLE, WRONG], ("interrupted", ZERO, "c1"),
            id="a kernel that calls an interrupt by another name",
        ),
        pytest.param([ASKED, BUSY, IDLE, SKIPPED], SKIP, id="queued behind an error"),
        pytest.param([ASKED, BUSY, IDLE, TICK], SKIP, id="queued, its reply lost"),
        pytest.param([ASKED, BUSY, BEGAN, SocketClosed("s"), IDLE], RAN, id="the tab closes mid-run"),
        pytest.param([ASKED, BUSY, BEGAN, IDLE, SocketClosed("s")], RAN, id="it closes at the end"),
        pytest.param([ASKED, SocketClosed("s"), BUSY, BEGAN, IDLE], RAN, id="it closes before"),
        pytest.param([ASKED, BUSY, BEGAN, SocketClosed("t"), IDLE, TICK], RAN, id="another tab"),
        pytest.param([ASKED, BUSY, BEGAN, IDLE, TICK, OK], RAN, id="the reply comes too late"),
        pytest.param([ASKED, WRONG, TICK], ("error", ZERO, "c1"), id="the broadcast is lost"),
        pytest.param([ASKED, BUSY, BEGAN, KernelGone(), IDLE], ("dead", None, "c1"), id="the kernel dies"),
        pytest.param([BUSY, BEGAN, KernelGone()], ("dead", None, None), id="it dies with nobody watching"),
        pytest.param([ASKED, KernelGone(), BUSY, IDLE], SKIP, id="it dies before taking it up"),
        pytest.param([ASKED, BUSY, BEGAN, IDLE, KernelGone()], RAN, id="it dies when all is done"),
        pytest.param([IDLE], ("unknown", None, None), id="only the end was heard"),
    ],
)  # fmt: skip
def test_a_run_is_told_once_with_its_outcome(
    signals: list[object], expected: tuple[str, str | None, str | None]
):
    (run,) = told(*signals, TICK, KernelGone())
    assert (run.outcome, run.error_name, run.cell_id) == expected
    assert run.reply is None or run.outcome == "interrupted"


@pytest.mark.parametrize(
    "signals",
    [
        pytest.param([Requested("m", "s", silent=True), BUSY, IDLE, OK], id="a silent request of a browser"),
        pytest.param([BUSY, IDLE], id="a silent request of another client"),
        pytest.param([OK], id="a reply to nobody knows what"),
        pytest.param([ASKED, BUSY, BEGAN, IDLE], id="a run whose reply is still awaited"),
    ],
)
def test_what_is_no_run_or_not_over_is_not_told(signals: list[object]):
    assert told(*signals) == []


def test_without_a_browser_a_request_unrun_right_after_a_failure_was_aborted():
    first = [Busy("1", "me"), Began("1"), Failed("1", "E"), Idle("1")]
    runs = told(
        *first, Busy("2", "me"), Idle("2"), Busy("3", "another"), Idle("3"), TICK, Busy("4", "me"), Idle("4")
    )
    assert [(run.msg_id, run.outcome) for run in runs] == [("1", "error"), ("2", "aborted")]


def test_time_is_counted_from_the_taking_up_to_the_end():
    (run,) = told(ASKED, BUSY, BEGAN, IDLE, OK)
    assert run.at == START + timedelta(seconds=2 * STEP)
    assert run.duration_ms == 20


def test_a_reply_that_disagrees_is_kept_as_a_second_opinion():
    (run,) = told(ASKED, BUSY, BEGAN, IDLE, WRONG)
    assert (run.outcome, run.reply) == ("ok", "error")


@dataclass(frozen=True)
class Story:
    """What really happens to one request."""

    end: str
    browser: bool


STORIES = st.lists(
    st.builds(Story, st.sampled_from(["ok", "error", "aborted", "silent"]), st.booleans()),
    min_size=1,
    max_size=8,
)


def broadcasts(name: str, story: Story) -> list[Signal]:
    begun: list[Signal] = [Began(name)] if story.end in ("ok", "error") else []
    failed: list[Signal] = [Failed(name, "E")] if story.end == "error" else []
    return [Busy(name, "me"), *begun, *failed, Idle(name)]


@st.composite
def interleavings(draw: st.DrawFn) -> tuple[dict[str, Story], list[Signal]]:
    """Kernel, socket and server speak each in its own order, woven together at will; replies may be lost."""
    stories = {str(number): story for number, story in enumerate(draw(STORIES))}
    queues: list[list[Signal]] = []
    for name, story in stories.items():
        spoken = broadcasts(name, story)
        if story.browser:
            asked = Requested(name, draw(st.sampled_from("st")), f"cell-{name}", silent=story.end == "silent")
            status = {"silent": "ok"}.get(story.end, story.end)
            replied = [Replied(name, status)] if draw(st.booleans()) else []
            queues.append([asked, *_woven(draw, [spoken, replied])])
        else:
            queues.append(spoken)
    noise = draw(st.lists(st.sampled_from([TimePassed(), SocketClosed("s"), SocketClosed("t")]), max_size=4))
    return stories, _woven(draw, [*queues, noise])


def _woven(draw: st.DrawFn, queues: list[list[Signal]]) -> list[Signal]:
    left, woven = [list(queue) for queue in queues if queue], []
    while left:
        queue = draw(st.sampled_from(left))
        woven.append(queue.pop(0))
        left = [each for each in left if each]
    return woven


@given(interleavings(), st.floats(0.001, 3))
def test_any_interleaving_tells_each_run_exactly_once(
    woven: tuple[dict[str, Story], list[Signal]], pace: float
):
    stories, signals = woven
    join, runs = RunJoin(), []
    for number, signal in enumerate([*signals, TimePassed(), KernelGone()]):
        now = number * pace + (GRACE_SECONDS if number >= len(signals) else 0)
        runs += join.hear(signal, now, START)
    outcomes = {run.msg_id: run.outcome for run in runs}
    assert len(outcomes) == len(runs), "a run was told twice"
    for name, story in stories.items():
        match story:
            case Story("ok" | "error", _) | Story("aborted", True):
                assert outcomes.pop(name) == story.end
            case Story("silent", True):
                assert name not in outcomes
            case _:  # unrun and without a browser: told as aborted or, with no failure near, not at all
                assert outcomes.pop(name, "aborted") == "aborted"
    assert outcomes == {}
    assert not join.waiting


@given(interleavings(), st.integers(0, 60))
def test_a_kernel_that_dies_at_any_moment_ends_each_run_once(
    woven: tuple[dict[str, Story], list[Signal]], death: int
):
    stories, signals = woven
    join, runs = RunJoin(), []
    for number, signal in enumerate([*signals[:death], KernelGone()]):
        runs += join.hear(signal, number * STEP, START)
    after = [signal for signal in signals[death:] if isinstance(signal, (Replied, SocketClosed))]
    for signal in [*after, TimePassed(), KernelGone()]:
        runs += join.hear(signal, 1000.0, START)
    names = [run.msg_id for run in runs]
    assert len(names) == len(set(names))
    heard = {signal.msg_id for signal in signals[:death] if isinstance(signal, (Began, Requested))}
    loud = {name for name in heard if stories[name].end != "silent"}
    assert loud <= set(names)


@given(st.text(st.characters(exclude_categories=())), st.integers(1, 20))
def test_any_name_becomes_text_that_can_be_kept(name: str, most: int):
    kept = bounded(name, most)
    assert (kept is None) is (name == "")
    assert len(kept or "") <= most
    assert b"\0" not in (kept or "").encode()


@pytest.mark.parametrize(
    ("signals", "under_way"),
    [
        pytest.param([ASKED], False, id="asked for only"),
        pytest.param([ASKED, BUSY], False, id="taken up, perhaps to be aborted"),
        pytest.param([ASKED, BUSY, BEGAN], True, id="it runs"),
        pytest.param([BUSY, BEGAN], True, id="it runs for a client without a browser"),
        pytest.param([ASKED, BUSY, BEGAN, IDLE, OK], False, id="it has ended"),
        pytest.param([ASKED, BUSY, KernelGone(), BEGAN], False, id="it was told before it was seen to begin"),
    ],
)
def test_what_is_under_way_would_be_told_as_dead(signals: list[Signal], under_way: bool):
    join = RunJoin()
    for signal in signals:
        join.hear(signal, 1.0, START)
    run = join.under_way("m", 2.0)
    assert (run is not None) == under_way
    if run is not None:
        assert (run.outcome, run.duration_ms, run.at) == ("dead", None, START)


def test_an_error_told_by_the_reply_alone_is_an_error_though_the_broadcast_is_late():
    join = RunJoin()
    heard = [
        Requested("0", "s", "cell-0", silent=False), Replied("0", "error"), Busy("0", "me"), Began("0"), TimePassed(),
    ]  # fmt: skip
    runs = [
        run for second, signal in enumerate(heard) for run in join.hear(signal, second * GRACE_SECONDS, START)
    ]
    runs += join.hear(TimePassed(), 100.0, START)
    assert [run.outcome for run in runs] == ["error"]
