"""What is replied to requests that run no cell: about the kernel, names, help, history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maximalab_kernel import __version__
from maximalab_kernel.wire import PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_kernel.history import History
    from maximalab_kernel.lookup import Help
    from maximalab_kernel.transport import Transport
    from maximalab_kernel.wire import Message

LANGUAGE = {
    "name": "maxima",
    "version": "5",
    "mimetype": "text/x-maxima",
    "file_extension": ".mac",
    "pygments_lexer": "maxima",
    "codemirror_mode": "maxima",
}


def kernel_info() -> dict[str, Any]:
    """The content of a `kernel_info_reply`."""
    return {
        "status": "ok", "protocol_version": PROTOCOL, "implementation": "maximalab",
        "implementation_version": __version__, "language_info": LANGUAGE,
        "banner": "Maxima, a computer algebra system. End each command with ; or $. Help: ? topic",
        "debugger": False, "supported_features": [],
        "help_links": [{"text": "Maxima", "url": "https://maxima.sourceforge.io/documentation.html"}],
    }  # fmt: skip


def describe(request: Message) -> dict[str, Any] | None:
    """The reply to a request that needs no Maxima; any other gets none."""
    if request.kind == "kernel_info_request":
        return kernel_info()
    if request.kind == "comm_info_request":
        return {"status": "ok", "comms": {}}
    return None


def place(content: Mapping[str, Any]) -> tuple[str, int]:
    """The code of a request and the cursor in it; raises `ValueError` where `cursor_pos` is no number."""
    code, cursor = str(content.get("code", "")), content.get("cursor_pos", 0)
    if not isinstance(cursor, int):
        raise ValueError("cursor_pos: a whole number is wanted")  # noqa: TRY004  it is a value from outside
    return code, max(0, min(cursor, len(code)))


ASIDE = frozenset({
    "complete_request", "inspect_request", "is_complete_request", "history_request", "kernel_info_request",
    "comm_info_request",
})  # fmt: skip
"""What is replied to at once, even while a cell runs."""


def reply_to(
    request: Message, transport: Transport | None, history: History, help_: Help
) -> dict[str, Any] | None:
    """The reply to any request that runs no cell, `None` for kinds that get none. No `transport` while Maxima works.

    Raises `MaximaDiedError`, and whatever comes of a content of the wrong shape.
    """
    match request.kind:
        case "complete_request":
            return help_.complete(transport, *place(request.content))
        case "inspect_request":
            return help_.inspect(transport, *place(request.content))
        case "is_complete_request":
            return is_complete(str(request.content.get("code", "")))
        case "history_request":
            return {"status": "ok", "history": history.answer(request.content)}
        case _:
            return describe(request)


def is_complete(code: str) -> dict[str, Any]:
    """The content of an `is_complete_reply`: an unfinished statement goes on, indented."""
    from maximalab_kernel.statements import Completeness, completeness  # noqa: PLC0415  no start waits for it

    state = completeness(code)
    return (
        {"status": str(state), "indent": "  "} if state is Completeness.INCOMPLETE else {"status": str(state)}
    )
