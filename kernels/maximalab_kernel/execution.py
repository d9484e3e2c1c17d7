"""Runs a cell: statement by statement, with what each prints, shows, asks and gets wrong."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from maximalab_kernel.answers import taken
from maximalab_kernel.failures import Failure, as_written, caret, failure, quotation
from maximalab_kernel.keeping import PrintedText
from maximalab_kernel.outputs import result_bundle
from maximalab_kernel.questions import refusal, spoken
from maximalab_kernel.rules import Clock, rules
from maximalab_kernel.statements import Kind, Statement, split
from maximalab_kernel.transport import Frame, MaximaDiedError, Printed, Transport
from maximalab_kernel.tutor import Tutor
from maximalab_kernel.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

LINES_OF_MAXIMA = re.compile(r" \([^()\n]* line \d+\)")
"""Where Maxima thinks that a function of a file was called: a line too early, or 0."""

NOTICES = frozenset({"help_how", "help_choose", "help_no_page", "help_no_pages", "help_no_manual"})
"""What `describe` has the kernel say; the last three about a topic."""


class Stage(Protocol):
    """Where a cell's outputs go, and where its questions are answered."""

    @property
    def cancelled(self) -> bool:
        """Whether the reader has interrupted the cell."""

    def show(self, kind: str, content: Mapping[str, Any]) -> None:
        """Publish one output; printed text at the latest before anything that follows it."""

    def catch_up(self) -> None:
        """Publish what was printed up to now: something that takes time follows."""

    def present(self, sliders: Frame) -> None:
        """Show the controls of an expression, and what it brings at first."""

    def ask(self, prompt: str) -> str | None:
        """The reader's answer; `None` where there is nobody to answer."""


class Cell:
    """One execution of one cell."""

    def __init__(self, transport: Transport, stage: Stage, count: int, *, silent: bool = False) -> None:
        """`count` is the execution count that results carry; a `silent` cell shows nothing."""
        self._transport = transport
        self._stage = stage
        self._count = count
        self._silent = silent
        self._printed = PrintedText(f"printed-{count}")
        self._tutor = Tutor(transport)
        self._rules = rules()
        self._clock = Clock(transport, self._rules.seconds)
        self._cut_short = False
        self._sliders: list[Frame] = []
        self._unknown: Frame | None = None

    def run(self, code: str) -> None:
        """Run all statements in order; raises `Failure` at the first that fails. Earlier ones keep their results."""
        self._transport.allow(self._rules.megabytes)
        if self._rules.seconds:
            with suppress(MaximaDiedError):  # the first statement tries again, and says what is wrong
                self._transport.ready()  # a cell's time begins when Maxima is there
        try:
            with self._clock:
                self._run(code)
        finally:
            self._transport.allow(0)
            self._printed.close()

    def _run(self, code: str) -> None:
        for number, statement in enumerate(split(code), 1):
            if self._stage.cancelled:
                raise failure("KeyboardInterrupt", say("interrupted"), number, statement)
            try:
                self._run_statement(number, statement)
            except MaximaDiedError as error:
                name = "MaximaTimeout" if self._clock.expired else "MaximaDied"
                raise failure(name, say("died", how=error), number, statement) from None
            if self._clock.expired:  # whatever the limit has cut short: a picture, what sliders bring
                raise self._too_long(number, statement)

    def _too_long(self, number: int, statement: Statement) -> Failure:
        message = say("too_long", seconds=f"{self._rules.seconds:g}")
        return failure("MaximaTimeout", message, number, statement)

    def _refuse(self, number: int, statement: Statement) -> None:
        """Raise `Failure` where a statement is none that a notebook, or this one, takes."""
        if statement.kind is Kind.COMMAND:
            message = say("unknown_command", command=quotation(statement.text))
            raise failure("MaximaSyntaxError", message, number, statement)
        if statement.kind is Kind.LISP and self._rules.closed:
            raise failure("MaximaClosed", say("closed", what=":lisp"), number, statement)

    def _run_statement(self, number: int, statement: Statement) -> None:
        self._refuse(number, statement)
        operation = "lisp" if statement.kind is Kind.LISP else "eval"
        trouble = result = drawn = None
        for event in self._transport.request(operation, statement.source):
            if isinstance(event, Printed):
                self._print(event.stream, event.text)
            elif event.kind == "error":
                trouble = event
            elif not (event.kind == "result" and statement.kind is Kind.HELP):
                result = event if event.kind == "result" else result
                drawn = event if event.kind == "plot" else drawn
                self._take(event)
        if trouble is not None:
            raise self._failure(trouble, number, statement)
        if self._cut_short:
            raise failure("KeyboardInterrupt", say("interrupted"), number, statement)
        while self._sliders:
            self._stage.present(self._sliders.pop(0))
        unknown, self._unknown = self._unknown, None
        if unknown is not None:
            self._hint(self._tutor.at_help(unknown))
        if statement.kind is Kind.EXPRESSION:
            self._look(statement, result, drawn)

    def _look(self, statement: Statement, result: Frame | None, drawn: Frame | None) -> None:
        """Give the hint for what came of a statement, if there is one."""
        if result is not None:
            self._hint(self._tutor.at_result(statement, result))
        elif drawn is not None:
            self._hint(self._tutor.at_plot(statement))

    def _take(self, frame: Frame) -> None:
        if frame.kind == "result":
            data, metadata = result_bundle(frame)
            self._show("execute_result", {"execution_count": self._count, "data": data, "metadata": metadata})
        elif frame.kind == "plot":
            self._show_picture(frame)
        elif frame.kind == "notice" and frame.text("key") in NOTICES:
            self._explain(frame.text("key"), frame)
        elif frame.kind == "sliders" and not self._silent:
            self._sliders.append(frame)
        elif frame.kind == "input":
            self._transport.answer(None if self._rules.grading else self._answer(frame))

    def _explain(self, key: str, notice: Frame) -> None:
        """What the kernel has to say on a topic of which Maxima's manual has no page."""
        from maximalab_kernel.ownpages import data_of  # noqa: PLC0415  few cells ask

        page = data_of(notice.text("topic")) if key == "help_no_page" else {}
        self._print("stdout", f"{page['text/plain']}\n" if page else say(key, topic=notice.text("topic")))
        self._unknown = None if page else notice

    def _answer(self, frame: Frame) -> str | None:
        """What the reader answers; to a question of Maxima's, in the words that Maxima takes."""
        question, own = frame.text("prompt"), frame.text("asker") != "maxima"
        answer = self._stage.ask(spoken(question, own=own))
        return answer if own or answer is None else taken(question, answer)

    def _hint(self, text: str) -> None:
        """Show a hint as an output of its own, beside the result."""
        if text:
            self._show(
                "display_data", {"data": {"text/plain": text}, "metadata": {"maximalab": {"hint": True}}}
            )

    def _show_picture(self, frame: Frame) -> None:
        from maximalab_kernel.pictures import picture  # noqa: PLC0415  with its parts a sixth of what a start loads

        self._stage.catch_up()
        shown = picture(frame.text("path"), frame.text("script"))
        self._cut_short |= shown.data is None and self._stage.cancelled  # gnuplot was ended by the interrupt
        if shown.remarks and not self._cut_short:
            self._print("stderr", shown.remarks)
        if shown.data is not None:
            self._show("display_data", {"data": shown.data, "metadata": shown.metadata, "transient": {}})

    def _print(self, stream: str, text: str) -> None:
        admitted = self._printed.admit(text)
        if admitted:
            self._show("stream", {"name": stream, "text": admitted})

    def _show(self, kind: str, content: Mapping[str, Any]) -> None:
        if not self._silent:
            self._stage.show(kind, content)

    def _failure(self, trouble: Frame, number: int, statement: Statement) -> Failure:
        name, message = trouble.text("name"), trouble.text("message")
        if name == "KeyboardInterrupt" and self._clock.expired:
            return self._too_long(number, statement)
        if name == "MaximaClosed":
            return failure(name, message, number, statement)
        if name == "KeyboardInterrupt" or (name == "MaximaQuestion" and self._stage.cancelled):
            return failure("KeyboardInterrupt", say("interrupted"), number, statement)
        if name == "MaximaQuestion":
            message = refusal(message)
        if name == "MaximaSyntaxError":
            message = as_written(message, statement.text)
        return failure(name, message, number, statement, *self._details(trouble, statement))

    def _details(self, trouble: Frame, statement: Statement) -> list[str]:
        """Where it is: in the statement, or in a file that it reads; what was running; a hint."""
        from maximalab_kernel.whereabouts import whereabouts  # noqa: PLC0415  no start waits for it

        place = whereabouts(trouble)
        if place is None:
            lines = caret(statement, trouble.fields.get("position"), trouble.text("message"))
        else:
            lines, statement = place.told(), place.statement
            trouble = Frame("error", {**trouble.fields, "position": place.position})
        trace = LINES_OF_MAXIMA.sub("", trouble.text("trace"))
        return [*lines, trace, self._tutor.at_error(statement, trouble)]
