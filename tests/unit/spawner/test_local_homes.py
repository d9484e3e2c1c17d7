"""Where a person's work lies: written down, found again, and never replaced by an empty home."""

from __future__ import annotations

import pytest
from jupyterhub.spawner import SpawnException
from labsettings import mark_homes

TWO = (
    '[[backend]]\nname="{name}"\ntier="private"\nkind="local"\ncapacity={capacity}\n'
    'materials="materials/private"\nhomes="homes/{name}"\n'
)


def two_backends(lab, first=1, second=9):
    """Write down two places of one tier; the emptier one is `second`."""
    for name in ("first", "second"):
        mark_homes(lab.root / "homes" / name)
    (lab.root / "backends.toml").write_text(
        TWO.format(name="first", capacity=first) + TWO.format(name="second", capacity=second)
    )


async def test_a_home_is_written_down_and_found_again(lab):
    two_backends(lab)
    spawner = lab.spawner("private-maxima", "game")
    await spawner.start()
    assert (lab.root / "placed/private/ada").read_text() == "first\n"
    await spawner.stop()
    lab.spawner("private-maxima", "game")  # both are empty: only the record speaks for the first
    again = lab.spawner("private-maxima", "game")
    await again.start()
    assert again.backend == "first"


@pytest.mark.parametrize(
    "lose",
    [
        pytest.param(lambda root: (root / "homes/first").rename(root / "x"), id="the disk is not mounted"),
        pytest.param(
            lambda root: (
                (root / "homes/first").rename(root / "x"),
                (root / "homes/first").write_text("no folder"),
            ),
            id="the disk cannot be looked at",
        ),
        pytest.param(
            lambda root: (root / "backends.toml").write_text(TWO.format(name="second", capacity=9)),
            id="its backend is no longer named",
        ),
        pytest.param(
            lambda root: (root / "placed/private/ada").write_text("?"), id="the record is unreadable"
        ),
    ],
)
async def test_promise_3_nobody_meets_an_empty_home_while_their_own_is_away(lab, lose):
    two_backends(lab)
    spawner = lab.spawner("private-maxima", "game")
    await spawner.start()
    await spawner.stop()
    lose(lab.root)
    with pytest.raises(SpawnException, match="tier_unavailable"):
        await lab.spawner("private-maxima", "game").start()
    assert not (lab.root / "homes/second/ada").exists()
