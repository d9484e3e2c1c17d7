"""Reads a kernel's broadcast (iopub) and a browser's requests: as little of each message as a run needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from maximalab_recorder.signals import Began, Busy, Failed, Idle, Replied, Requested

Message = Mapping[str, Any]


def heard_on_iopub(header: Message, parent: Message, content: Message) -> Busy | Began | Failed | Idle | None:
    """Give what a broadcast message says about a run; None where it is about something else.

    Only messages that answer an `execute_request` are about runs; `content` is looked at for its state or
    error name, and for code where the caller has read it at all.
    """
    name = parent.get("msg_id")
    if parent.get("msg_type") != "execute_request" or not isinstance(name, str):
        return None
    match header.get("msg_type"), content.get("execution_state"):
        case "status", "busy":
            return Busy(name, str(parent.get("session", "")))
        case "status", "idle":
            return Idle(name)
        case "execute_input", _:
            return Began(name, _word(content.get("code")))
        case "error", _:
            return Failed(name, _word(content.get("ename")))
        case _:
            return None


TOLD_BY_CONTENT = frozenset({"status", "error"})
"""Of these message types the content has to be read, of no other."""
TELLS_CODE = "execute_input"
"""Of this one it is read where a study asks for code, and else left unread."""


def asked_of_kernel(header: Message, metadata: Message, content: Message, socket: str) -> Requested | None:
    """Give the request for a run in a message from a browser; None where it is something else."""
    name = header.get("msg_id")
    if header.get("msg_type") != "execute_request" or not isinstance(name, str):
        return None
    return Requested(name, socket, _word(metadata.get("cellId")), silent=content.get("silent") is True)


def replied_to(header: Message, parent: Message, content: Message) -> Replied | None:
    """Give the reply to a run in a message to a browser; None where it is something else."""
    name = parent.get("msg_id")
    if header.get("msg_type") != "execute_reply" or not isinstance(name, str):
        return None
    return Replied(name, str(content.get("status", "")), _word(content.get("ename")))


def read_json(part: Any) -> Message:  # noqa: ANN401  (bytes, or what ZMQ wraps them in)
    """Read one part of a message; what is no object counts as empty."""
    read = json.loads(bytes(part))
    return read if isinstance(read, dict) else {}


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
