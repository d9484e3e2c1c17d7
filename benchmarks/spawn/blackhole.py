"""Starts on the public tier while the private engine answers nothing at all, beside a lab that has no private engine.

What is started is a small web server, so that the spawner and the engine are measured and not JupyterLab. While the
private engine is black-holed, students press Open for its materials as well, and each of them waits for it in vain.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import serverimage
from dockerlab import DockerLab
from maximalab_spawner.engine import Engines
from maximalab_spawner.tiers import Tier

from benchmarks.table import Figure, Goal
from benchmarks.turns import medians

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Students who wait for the private engine meanwhile, for each four on the public one.
IN_VAIN = 0.25


@contextmanager
def lab_of(folder: Path, *, with_private: bool) -> Iterator[DockerLab]:
    """A lab; its private engine takes connections and never answers, or it has none."""
    folder.mkdir()
    lab = DockerLab(folder)
    try:
        if with_private:
            lab.behind_a_line(Tier.PRIVATE).break_off()
            lab.engines = Engines()  # as patient as they are in a real lab
        else:
            text = (folder / "backends.toml").read_text()
            first, second = text.split("[[backend]]")[1:]
            public = first if 'tier="public"' in first else second
            (folder / "backends.toml").write_text(f"[[backend]]{public}")
        yield lab
    finally:
        lab.clean()


async def _started(lab: DockerLab, count: int, *, with_private: bool) -> float:
    """Seconds until `count` students' servers answer, who all press Open at a time."""
    people = [lab.spawner(Tier.PUBLIC, f"student{number}") for number in range(count)]
    in_vain = [lab.spawner(Tier.PRIVATE, f"student{number}") for number in range(round(count * IN_VAIN))]
    waiting = [asyncio.create_task(one.start()) for one in in_vain] if with_private else []
    begin = time.perf_counter()
    await asyncio.gather(*(one.start() for one in people))
    took = time.perf_counter() - begin
    refused = await asyncio.gather(*waiting, return_exceptions=True)
    if not all(isinstance(one, Exception) for one in refused):
        raise RuntimeError("a private server started at an engine that does not answer")
    await asyncio.gather(*(one.stop() for one in people))
    return took


def black_hole(turns: int, count: int) -> list[Figure]:
    """Measure in turns."""
    serverimage.build()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with (
            lab_of(place / "with", with_private=True) as hanging,
            lab_of(place / "without", with_private=False) as alone,
            asyncio.Runner() as runner,  # one loop for all turns, as in a hub
        ):
            ours, peer = medians(
                turns,
                lambda: runner.run(_started(hanging, count, with_private=True)),
                lambda: runner.run(_started(alone, count, with_private=False)),
            )
    name = f"{count} public starts at once, private engine black-holed (peer: no private engine)"
    return [Figure(name, "s", ours, peer, Goal(ratio=1.1))]
