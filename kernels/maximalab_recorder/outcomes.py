"""How a run ended, from what was heard about it: one pure decision."""

from __future__ import annotations

from dataclasses import dataclass

INTERRUPT_NAMES = frozenset({"KeyboardInterrupt", "Interrupted", "Interrupt"})
_AGREES = {"ok": {"ok"}, "error": {"error", "interrupted"}, "aborted": {"aborted"}, "abort": {"aborted"}}


@dataclass(frozen=True)
class Heard:
    """What the witnesses said about one run by the time it is told.

    `asked`: a websocket carried the request. `busy`, `began`, `idle`: what the kernel broadcast. `failed`: it
    broadcast an error. `reply`: the reply's status. `interrupted`: an interrupt was asked for while it ran.
    `gone`: the kernel's process ended. `after_failure`: the same client's run failed just before.
    """

    asked: bool = False
    busy: bool = False
    began: bool = False
    failed: bool = False
    error_name: str | None = None
    idle: bool = False
    reply: str | None = None
    interrupted: bool = False
    gone: bool = False
    after_failure: bool = False


def outcome_of(heard: Heard) -> str | None:
    """Give `ok`, `error`, `interrupted`, `aborted`, `dead` or `unknown`; None where it was a silent request.

    The kernel's broadcast decides; the reply where the broadcast was not heard whole.
    """
    if heard.gone and not heard.idle and heard.reply is None:
        return "dead" if heard.busy or heard.began else "aborted"
    if heard.failed:
        return _failure(heard)
    if heard.began:
        return _finish(heard)
    if heard.reply is not None or not heard.busy:
        return _by_reply(heard)
    return "aborted" if heard.asked or heard.after_failure else None


def disagreement(outcome: str, reply: str | None) -> str | None:
    """Give the reply's status where it says something else than `outcome`."""
    if reply is None or outcome in _AGREES.get(reply, set()):
        return None
    return reply[:32]


def _finish(heard: Heard) -> str:
    if heard.reply in ("aborted", "abort"):
        return "interrupted" if heard.interrupted else "aborted"
    if heard.reply == "error" and not heard.idle:  # the kernel's own word of the error is still on its way
        return _failure(heard)
    return "ok"


def _by_reply(heard: Heard) -> str:
    match heard.reply:
        case "ok":
            return "ok"
        case "error":
            return _failure(heard)
        case "aborted" | "abort":
            return "aborted"
        case _:
            return "unknown"


def _failure(heard: Heard) -> str:
    return "interrupted" if heard.interrupted or heard.error_name in INTERRUPT_NAMES else "error"
