"""Reads the lines on the pipe of answers: a frame of the shape that our server sends, or noise."""

from __future__ import annotations

import json
from typing import Any

from maximalab_kernel.journal import Journal
from maximalab_kernel.transport import Frame

log = Journal(__name__)

QUOTED_BYTES = 80
"""How much of a stray line the log quotes."""

SHAPES: dict[str, dict[str, type]] = {
    "ready": {"version": str, "lisp": str},
    "result": {
        "label": str, "text": str, "latex": str, "size": int, "path": str, "whole": bool,
        "columns": int, "cells": list, "hints": bool, "unknown": list,
    },
    "plot": {"path": str, "script": str},
    "sliders": {"key": int, "controls": list},
    "input": {"prompt": str, "asker": str},
    "error": {
        "name": str, "message": str, "trace": str, "position": int, "hints": bool,
        "file": str, "start": int, "at": int,
    },
    "notice": {"key": str, "topic": str, "hints": bool},
    "names": {"names": list},
    "text": {"text": str},
    "done": {},
}  # fmt: skip
"""What the server inside Maxima sends: each kind with the types of its fields. Any field may be null."""


def fits(value: object, kind: type) -> bool:
    """Whether a field's `value` is null or of the type `kind`; a list is one of texts."""
    if value is None:
        return True
    if isinstance(value, list):
        return kind is list and all(isinstance(each, str) for each in value)
    return type(value) is kind  # true and false are no numbers here


def frame_of(line: bytes) -> Frame | None:
    """The frame in `line`, or `None` where somebody else's code has written to our pipe."""
    try:
        told: Any = json.loads(line.decode(errors="replace"))  # GCL's texts are bytes, and cut as such
    except (ValueError, RecursionError):
        return None
    kind = told.get("kind") if isinstance(told, dict) else None
    shape = SHAPES.get(kind) if isinstance(kind, str) else None
    if shape is None or not isinstance(kind, str) or type(told.get("id")) is not int:
        return None
    if not all(fits(told.get(name), wanted) for name, wanted in shape.items()):
        return None
    return Frame(kind, {name: told[name] for name in ("id", *shape) if name in told})


class Sieve:
    """Lets frames through, and says once in a Maxima's life that something else was there."""

    def __init__(self) -> None:
        """Nothing has been seen yet."""
        self._told = False

    def sift(self, lines: list[bytes]) -> list[Frame]:
        """The frames among `lines`."""
        found = [(line, frame_of(line)) for line in lines]
        stray = next((line for line, frame in found if frame is None), None)
        if stray is not None and not self._told:
            self._told = True
            log.warning("Maxima's pipe of answers carried a stray line: %r", stray[:QUOTED_BYTES])
        return [frame for _, frame in found if frame is not None]
