"""What will happen in a walk, drawn before it begins: the seed alone decides, whatever the lab does meanwhile.

So a walk that failed at step 3812 is walked again from a little before, or with fewer kinds of steps, and each step
is the same as it was.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bed.asking import PRIVATE, PUBLIC
from bed.figure import HUB, HUB_INSIDE, NODES, POOL

if TYPE_CHECKING:
    from random import Random

SOLVER = "private-solver"
SERVERS = {"simplex": PUBLIC, "game": PRIVATE, "solver": SOLVER}
"""The server of each of the tests' materials."""
NAMES = ("ada", "bob", "cai", "dan", "eve")
DOORS = ("public", "vpn")
CABLES = (("prv1", "inner"), ("gateway", "internet"), ("pub1", "internet"))
"""The private node's, the whole VPN's and a public node's."""
FORGED: tuple[Mapping[str, str], ...] = (
    {},
    {"X-MaximaLab-Entrance": "vpn"},
    {"X-Forwarded-For": f"{POOL}.2", "X-Real-IP": f"{POOL}.2"},
    {"Forwarded": f"for={POOL}.2;host={HUB_INSIDE}"},
    {"Host": HUB_INSIDE, "X-Forwarded-Host": HUB_INSIDE},
)
SPELLINGS = (
    "/user/{0}/{1}/",
    "//user/{0}/{1}/",
    "/user/{0}/public-maxima/../{1}/",
    "/user/{0}/x/%2e%2e/{1}/",
    "/user/{0}%2f{1}/",
    "/USER/{0}/{1}/",
    "/user/{0}/{1};x/",
    "/hub/user/{0}/{1}/",
    "http://172.28.91.2/user/{0}/{1}/",
    "/user/{0}/{1}%00/",
)
HOSTS = (HUB, HUB_INSIDE, f"{HUB}.", "172.21.1.2:8888")


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a walk."""

    number: int
    """From 1, in the whole walk."""
    kind: str
    what: Mapping[str, str]
    """What the operation is told, by the names of its parameters."""

    def __str__(self) -> str:
        return " ".join(
            (f"{self.number}. {self.kind}", *(f"{name}={its}" for name, its in self.what.items()))
        )


def _server(rng: Random) -> dict[str, str]:
    return {"name": rng.choice(NAMES), "server": rng.choice(list(SERVERS.values()))}


def _forge(rng: Random) -> dict[str, str]:
    """Somebody's server, with headers that lie, by somebody signed in (`by`) or by nobody."""
    how = {
        "method": rng.choice(("GET", "POST", "HEAD", "UPGRADE")),
        "rest": rng.choice(("", "api", "lab/tree/a", "ws")),
        "forged": str(rng.randrange(len(FORGED))),
        "by": rng.choice(("", *NAMES)),
    }
    return _server(rng) | how


def _path(rng: Random) -> dict[str, str]:
    return _server(rng) | {"spelling": rng.choice(SPELLINGS), "host": rng.choice(HOSTS)}


def _open(rng: Random) -> dict[str, str]:
    return {"name": rng.choice(NAMES), "material": rng.choice(list(SERVERS)), "door": rng.choice(DOORS)}


def _stop(rng: Random) -> dict[str, str]:
    return _server(rng) | {"door": rng.choice(DOORS)}


def _killed(rng: Random) -> dict[str, str]:
    return _server(rng) | {"how": rng.choice(("kill", "remove"))}


def _material(rng: Random) -> dict[str, str]:
    return {"material": rng.choice(list(SERVERS))}


def _cable(rng: Random) -> dict[str, str]:
    machine, segment = rng.choice(CABLES)
    return {"machine": machine, "segment": segment}


def _end(rng: Random) -> dict[str, str]:
    return {"how": rng.choice(("kill", "stop"))}


def _door(rng: Random) -> dict[str, str]:
    return _end(rng) | {"door": rng.choice(DOORS)}


def _node(rng: Random) -> dict[str, str]:
    return {"node": rng.choice(list(NODES))}


def _nothing(_: Random) -> dict[str, str]:
    return {}


KINDS: Mapping[str, tuple[float, Callable[[Random], dict[str, str]]]] = {
    "forge": (34, _forge), "path": (22, _path), "open": (18, _open), "stop": (10, _stop),
    "kill_container": (2, _killed), "publish": (3, _material), "revoke": (1, _nothing), "enrol": (3, _nothing),
    "cut": (1.5, _cable), "heal": (5, _cable), "restart_entrance": (0.8, _door), "restart_hub": (0.4, _end),
    "restart_engine": (0.2, _node),
}  # fmt: skip
"""Each kind of operation: how often it comes, in parts of about a hundred, and what it draws."""


def plan(seed: int, operations: int) -> Iterator[Step]:
    """Draw the first so many steps of a walk."""
    rng = random.Random(seed)  # noqa: S311  # a walk, no secret
    names, weights = list(KINDS), [weight for weight, _ in KINDS.values()]
    for number in range(1, operations + 1):
        kind = rng.choices(names, weights)[0]
        yield Step(number, kind, KINDS[kind][1](rng))


def part(steps: Iterator[Step], first: int = 1, kinds: Collection[str] = ()) -> list[Step]:
    """Keep what is walked again: from step `first` on, and of these kinds alone; of none: of all."""
    return [step for step in steps if step.number >= first and (not kinds or step.kind in kinds)]
