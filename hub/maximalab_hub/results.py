"""What became of the events of a post, as its sender is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, overload

from pydantic_core import to_json


class Result(NamedTuple):
    """What became of one event of a post; `status` is stored, known or refused."""

    event_id: str | None
    status: str
    field: str | None = None
    message: str | None = None


class AllStored(Sequence[Result]):
    """The results of a post of which every event was new, as nearly all are: told without making one for each."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = ids

    def __len__(self) -> int:
        """Say how many there are."""
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> Result: ...
    @overload
    def __getitem__(self, place: slice) -> list[Result]: ...
    def __getitem__(self, place: int | slice) -> Result | list[Result]:
        """Give what became of an event."""
        found = self.ids[place]
        return Result(found, "stored") if isinstance(found, str) else [Result(one, "stored") for one in found]


class CodeAsked(Sequence[Result]):
    """The results of a post whose sender may send the code of cells with its next events."""

    def __init__(self, told: Sequence[Result]) -> None:
        self.told = told

    def __len__(self) -> int:
        """Say how many there are."""
        return len(self.told)

    @overload
    def __getitem__(self, place: int) -> Result: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Result]: ...
    def __getitem__(self, place: int | slice) -> Result | Sequence[Result]:
        """Give what became of an event."""
        return self.told[place]


_BEGIN: Final = '{"results":[{"event_id":"'
_BETWEEN: Final = '","status":"stored","field":null,"message":null},{"event_id":"'
_END: Final = '","status":"stored","field":null,"message":null}]}'


def answer_of(results: Sequence[Result]) -> bytes:
    """Write the answer to a post, as JSON."""
    if isinstance(results, CodeAsked):
        return answer_of(results.told)[:-1] + b',"code":true}'
    if isinstance(results, AllStored) and results:
        return f"{_BEGIN}{_BETWEEN.join(results.ids)}{_END}".encode()
    return f'{{"results":[{",".join(map(_written, results))}]}}'.encode()


def _written(result: Result) -> str:
    """Write as JSON; the id of what is stored or known was checked, and needs no quoting."""
    if result.status == "refused":
        return to_json(result._asdict()).decode()
    return f'{{"event_id":"{result.event_id}","status":"{result.status}","field":null,"message":null}}'
