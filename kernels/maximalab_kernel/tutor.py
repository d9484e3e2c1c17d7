"""Gives the hints of one cell: asks Maxima for what only it knows, and says each hint once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_kernel import hints, hints_plots, hints_programs, hints_values, lookup
from maximalab_kernel.foreign_names import FOREIGN
from maximalab_kernel.hints_errors import of_error
from maximalab_kernel.hints_names import formal, may_be_misspelt, misspelt
from maximalab_kernel.hints_results import called, of_result
from maximalab_kernel.words import say

if TYPE_CHECKING:
    from maximalab_kernel.hints import Hint
    from maximalab_kernel.statements import Statement
    from maximalab_kernel.transport import Frame, Transport


VARIABLES = frozenset(
    {"beta", "gamma", "lambda", "psi", "zeta", "time", "mean", "num", "denom", "rest", "box", "part"}
)
"""Functions of Maxima's whose names may well be a variable's: `gamma x` is a product."""


def sentence(hint: Hint | None) -> str:
    """The hint in the reader's language; empty for none."""
    return say("hint", text=say(hint.key, **hint.values)) if hint else ""


def short(*texts: str) -> bool:
    """Whether hints may look at the texts: their patterns go over one again and again, and no interrupt ends that."""
    return all(len(text) <= hints.LONGEST for text in texts)


class Tutor:
    """Looks over the reader's shoulder during one cell."""

    def __init__(self, transport: Transport) -> None:
        """`transport` is asked for names, between statements only."""
        self._transport = transport
        self._on = hints.wanted()
        self._said: set[str] = set()

    def at_error(self, statement: Statement, trouble: Frame) -> str:
        """The hint for a statement that failed; empty for none."""
        message = trouble.text("message")
        if not self._on or not trouble.fields.get("hints") or not short(statement.text, message):
            return ""
        position = trouble.fields.get("position")
        hint = of_error(statement.text, trouble.text("name"), message, position)
        if hint is None and trouble.text("name") == "MaximaError":
            hint = hints_values.of_refusal(
                statement.text, message, self._value
            ) or hints_plots.of_failed_plot(statement.text, message, self._functions, self._known)
        return sentence(self._call(hint) if hint and hint.key == "hint_star" else hint)

    def _call(self, product: Hint) -> Hint:
        """The hint at a `product` of two names, or at a call where the first is a function: `f 2`."""
        left, right = product.values["left"], product.values["right"]
        if not left.isidentifier() or left in VARIABLES or left not in self._functions():
            return product
        argument = "…" if product.values.get("rest") else right
        return hints.Hint("hint_parentheses", {"call": f"{left}({argument})"})

    def at_help(self, notice: Frame) -> str:
        """The name that a topic without a page is almost spelt like; empty for none."""
        topic = notice.text("topic")
        on = self._on and notice.fields.get("hints") and short(topic)
        if not on or not may_be_misspelt(topic):
            return ""
        return sentence(misspelt(topic, self._functions(), alone=False))

    def at_plot(self, statement: Statement) -> str:
        """The hint for a statement that drew a picture and has no other result; empty for none."""
        hint = hints_plots.of_plot(statement.text, self._functions, self._known) if self._on else None
        told = sentence(hint) if hint and self._switched("maximalab_hints") else ""
        if told in self._said:
            return ""
        self._said.add(told)
        return told

    def at_result(self, statement: Statement, result: Frame) -> str:
        """The hint for a statement that gave `result`; empty for none, and for one that this cell has had."""
        if not self._on or not result.fields.get("hints") or not short(statement.text):
            return ""
        said = result.text("text") if short(result.text("text")) else ""
        unknown = list(result.fields.get("unknown") or [])
        hint = of_result(statement.text, said, unknown)
        hint = hint or self._of_program(statement.text, said)
        if hint is None:
            hint = self._misspelt(hints.bare(statement.text), unknown)
        told = sentence(hint)
        if told in self._said:
            return ""
        self._said.add(told)
        return told

    def _of_program(self, text: str, result: str) -> hints.Hint | None:
        """The hint at a linear program that is not the one that was meant."""
        return (
            hints_values.of_program(text, self._value)
            or hints_programs.of_constraints(text, self._value)
            or hints_programs.of_goal(text)
            or hints_programs.of_signs(text, result, self._value, self._switched)
        )

    def _misspelt(self, code: str, unknown: list[str]) -> hints.Hint | None:
        """The hint at the first of the unknown functions that is almost spelt like one."""
        names = [name for name in called(code, unknown) if may_be_misspelt(name) and name not in FOREIGN]
        known = self._functions() if names else frozenset()
        found = (misspelt(name, known, alone=formal(code, name)) for name in names)
        return next(filter(None, found), None)

    def _functions(self) -> frozenset[str]:
        frame = lookup.ask(self._transport, "functions", "", "names")
        return frozenset(frame.fields.get("names") or []) if frame else frozenset()

    def _switched(self, option: str) -> bool:
        """Whether an option of Maxima's is on."""
        frame = lookup.ask(self._transport, "value", option, "result")
        return frame is not None and frame.text("text") == "true"

    def _known(self, name: str) -> str:
        """What Maxima says `name` is, of whatever length: a value, a function; empty for a name that is free."""
        frame = lookup.ask(self._transport, "describe", name, "text")
        return frame.text("text") if frame else ""

    def _value(self, name: str) -> str:
        """The value that Maxima has for `name`; empty for none. Nothing is evaluated for that."""
        said = self._known(name)
        return said.removeprefix(f"{name}: ") if said.startswith(f"{name}: ") and short(said) else ""
