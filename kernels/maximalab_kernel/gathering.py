"""Has Maxima compute for a set of sliders, and gathers what comes of it as a notebook keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maximalab_kernel.outputs import result_bundle
from maximalab_kernel.pictures import picture
from maximalab_kernel.transport import Frame, MaximaDiedError, Printed, Transport
from maximalab_kernel.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

Output = dict[str, Any]

PRINTED_LIMIT = 100_000
"""Characters printed for one set of values that are shown: all of it goes to the front end at each move."""


def shown(data: Mapping[str, Any], metadata: Mapping[str, Any]) -> Output:
    """Display data as an output."""
    return {"output_type": "display_data", "data": dict(data), "metadata": dict(metadata)}


def failed(name: str, message: str) -> Output:
    """An error as an output."""
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}


def printed(stream: str, text: str) -> list[Output]:
    """Text as an output; nothing for no text."""
    return [{"output_type": "stream", "name": stream, "text": text}] if text else []


def error(frame: Frame) -> Output:
    """What went wrong with an expression."""
    name, message = frame.text("name"), frame.text("message")
    if name == "KeyboardInterrupt":
        message = say("interrupted")
    return failed(name, message)


def outputs_of(frame: Frame) -> list[Output]:
    """What one frame brings."""
    match frame.kind:
        case "result":
            return [shown(*result_bundle(frame))]
        case "plot":
            drawn = picture(frame.text("path"), frame.text("script"))
            return printed("stderr", drawn.remarks) + (
                [shown(drawn.data, drawn.metadata)] if drawn.data else []
            )
        case "error":
            return [error(frame)]
        case _:
            return []


def gather(transport: Transport, request: str) -> list[Output]:
    """Everything that comes of the expression for these values; a failure is an output, too. Questions are refused."""
    outputs: list[Output] = []
    room = PRINTED_LIMIT
    try:
        for event in transport.request("slide", request):
            if isinstance(event, Printed):
                outputs += printed(event.stream, event.text[: max(0, room)])
                room -= len(event.text)
            elif event.kind == "input":
                transport.answer(None)
            else:
                outputs += outputs_of(event)
    except MaximaDiedError as trouble:
        outputs.append(failed("MaximaDied", say("died", how=trouble)))
    return outputs if room >= 0 else [*outputs, *printed("stderr", say("output_cut"))]
