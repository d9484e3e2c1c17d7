"""Several things at once, on as many processors as there are: for arrays, whose reckoning lets other threads run."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
Made = TypeVar("Made")


def at_once(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """Give what is made of each item, in their order; `items` are taken here, a few before they are needed."""
    threads = pa.cpu_count()  # those that Arrow itself takes, whoever limits them
    with ThreadPoolExecutor(threads, "at_once") as pool:
        waiting: deque[Future[Made]] = deque()
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
