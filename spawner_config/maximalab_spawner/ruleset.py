"""A machine's rules as one change: either all of them stand or those of before do, and never a part.

Rules that are emptied and filled one by one are open in between, each time somebody types the command again. So the
chains of ours are given to `iptables-restore`, which makes a table's new ones in one step of the kernel's. Chains above
ours are the machine's: they are asked to ask ours once ours are full, and are not touched again.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Which of a machine's two iptables it is; whoever runs the lines may say so.
IPTABLES = '"${IPTABLES:-iptables}"'
RESTORE = '"${IPTABLES:-iptables}-restore" -w --noflush'
#: Between them stands what one call of `iptables-restore` reads.
BEGIN, END = "<<'RULES'", "RULES"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule at the end of a chain of ours."""

    chain: str
    words: str

    @property
    def names_a_host(self) -> bool:
        """Say whether a resolver is asked when the rule is put up."""
        return any(
            before in {"-s", "-d"} and not _is_network(word) for before, word in pairwise(self.words.split())
        )


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain of ours, and the one above that asks it first."""

    name: str
    above: str
    table: str = "filter"
    sure: bool = True
    """Whether the one above is always there."""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """The chains of one script, and what stands in them."""

    chains: Sequence[Chain]
    rules: Sequence[Rule]
    first: bool = False
    """Whether Docker's chain for our rules is to be asked before Docker's own (see `_first`)."""

    def __add__(self, other: Ruleset) -> Ruleset:
        """Put up both by one change; a chain of both is linked at both places."""
        return Ruleset(
            (*self.chains, *other.chains), (*self.rules, *other.rules), first=self.first or other.first
        )

    def lines(self) -> Iterator[str]:
        """Give the lines of a shell that put them up, or anew. They end in an error where a rule cannot be."""
        named = any(rule.names_a_host for rule in self.rules)
        yield f"{RESTORE} {BEGIN}" + (" || late=yes" if named else "")
        yield from self._text(self.rules)
        yield END
        if named:
            yield from self._without_names()
        for chain in self.chains:
            where = f"{chain.above} -j {chain.name}"
            asks = f"{IPTABLES} -w -t {chain.table}"
            line = f"{asks} -C {where} 2>/dev/null || {asks} -I {where}"
            there = f"{asks} -n -L {chain.above} >/dev/null 2>&1"
            yield line if chain.sure else f"if {there}; then {line}; fi"
        if self.first:
            yield from _first()
        if named:
            yield '[ -z "${late:-}" ] || { echo "a name in the rules leads nowhere: run this again" >&2; exit 1; }'

    def _text(self, rules: Sequence[Rule]) -> Iterator[str]:
        for table in dict.fromkeys(chain.table for chain in self.chains):
            names = dict.fromkeys(chain.name for chain in self.chains if chain.table == table)
            yield f"*{table}"
            yield from (f":{name} - [0:0]" for name in names)
            yield from (f"-A {rule.chain} {rule.words}" for rule in rules if rule.chain in names)
            yield "COMMIT"

    def _without_names(self) -> Iterator[str]:
        """Close a machine that starts before its resolver answers: what names a host is missing, and nothing else."""
        stands = f"{IPTABLES} -w -t {self.chains[0].table} -n -L {self.chains[0].name} >/dev/null 2>&1"
        yield f'[ -z "${{late:-}}" ] || {stands} || {RESTORE} {BEGIN}'
        yield from self._text([rule for rule in self.rules if not rule.names_a_host])
        yield END


def _first() -> Iterator[str]:
    """Have Docker's chain for our rules asked before its own, as Docker itself does it when it makes a network.

    An engine that starts with containers running (live-restore) puts its own first, and they let nothing through to a
    network without a way out. It is one change as well: at no moment is the chain not asked.
    """
    yield f"{RESTORE} {BEGIN}"
    yield from ("*filter", "-D FORWARD -j DOCKER-USER", "-I FORWARD -j DOCKER-USER", "COMMIT", END)


def _is_network(word: str) -> bool:
    try:
        IPv4Network(word)
    except ValueError:
        return False
    return True
