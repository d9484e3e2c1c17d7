"""Completion and help: which name the cursor is in or behind, and what Maxima knows of it."""

from __future__ import annotations

import re
from typing import Any

from maximalab_kernel.transport import Frame, Transport

NAME_BEFORE = re.compile(r"[^\W\d]?(?:[\w%])*$")
NAME_AFTER = re.compile(r"[\w%]*")


def name_before(code: str, cursor: int) -> str:
    """The part of a name that ends at the cursor."""
    match = NAME_BEFORE.search(code[:cursor])
    return match[0] if match else ""


def name_at(code: str, cursor: int) -> str:
    """The name that the cursor is in, or the one of the call whose arguments it is in."""
    after = NAME_AFTER.match(code, cursor)
    name = name_before(code, cursor) + (after[0] if after else "")
    if name:
        return name
    opened = code.rfind("(", 0, cursor)
    return name_before(code, opened) if opened > 0 else ""


def ask(transport: Transport, operation: str, text: str, wanted: str) -> Frame | None:
    """The frame of kind `wanted` that the server answers with."""
    found = None
    for event in transport.request(operation, text):
        if isinstance(event, Frame) and event.kind == wanted:
            found = event
    return found


def complete(transport: Transport, code: str, cursor: int) -> dict[str, Any]:
    """The content of a `complete_reply`."""
    prefix = name_before(code, cursor)
    frame = ask(transport, "complete", prefix, "names") if prefix else None
    names = (frame.fields.get("names") or []) if frame else []
    return {
        "status": "ok", "matches": list(names), "metadata": {},
        "cursor_start": cursor - len(prefix), "cursor_end": cursor,
    }  # fmt: skip


def inspect(transport: Transport, code: str, cursor: int) -> dict[str, Any]:
    """The content of an `inspect_reply`: the user's own definition, or Maxima's manual."""
    name = name_at(code, cursor)
    frame = ask(transport, "describe", name, "text") if name else None
    text = frame.text("text") if frame else ""
    return {"status": "ok", "found": bool(text), "data": {"text/plain": text} if text else {}, "metadata": {}}
