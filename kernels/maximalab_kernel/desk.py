"""Answers what a reader asks while writing, from the manual and from what the reader has defined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maximalab_kernel import completion, manualpage, ownpages
from maximalab_kernel.cursor import cursor_in
from maximalab_kernel.lookup import ask
from maximalab_kernel.manual import open_manual
from maximalab_kernel.ownnames import OwnNames
from maximalab_kernel.transport import MaximaDiedError
from maximalab_kernel.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maximalab_kernel.completion import Match
    from maximalab_kernel.finder import Installation
    from maximalab_kernel.transport import Transport


class Desk:
    """What a reader may ask while writing. `transport` is `None` in a question while Maxima works."""

    def __init__(self, installation: Installation) -> None:
        """The manual is that of `installation`."""
        self._manual = open_manual(installation)
        self._own = OwnNames()
        self._stale = False

    def learn(self, code: str) -> None:
        """A cell is about to run: what it defines can be asked for at once."""
        self._own.spelt(code)
        self._stale = True

    def complete(self, transport: Transport | None, code: str, cursor: int) -> dict[str, Any]:
        """The content of a `complete_reply`."""
        self._refresh(transport)
        found, replaces = completion.matches(code, cursor, self._manual, self._users())
        start = cursor - replaces
        types = [
            {"text": each.text, "type": each.kind, "signature": each.signature, "start": start, "end": cursor}
            for each in found
        ]
        return {
            "status": "ok", "matches": [each.text for each in found], "cursor_start": start, "cursor_end": cursor,
            "metadata": {"_jupyter_types_experimental": types},
        }  # fmt: skip

    def inspect(self, transport: Transport | None, code: str, cursor: int) -> dict[str, Any]:
        """The content of an `inspect_reply`: of the name at the cursor, else of the call that it is in."""
        self._refresh(transport)
        for name in self._names_at(code, cursor):
            data = self._own_page(transport, name) or self._manual_page(name) or ownpages.data_of(name)
            if data:
                return {"status": "ok", "found": True, "data": data, "metadata": {}}
        return {"status": "ok", "found": False, "data": {}, "metadata": {}}

    def _names_at(self, code: str, cursor: int) -> Iterator[str]:
        where = cursor_in(code, cursor)
        if where.in_comment:
            return
        drawing = bool(where.calls) and where.calls[0].name in completion.DRAWINGS | completion.PLOTS
        # `x` is an option of plot2d; in sin(x) it is not meant, and a letter hardly ever is.
        if where.name and (
            not completion.is_option(where.name, self._manual) or (drawing and len(where.name) > 1)
        ):
            yield where.name
        yield from (call.name for call in where.calls)

    def _own_page(self, transport: Transport | None, name: str) -> dict[str, str]:
        known = self._users().get(name)
        if known is None:
            return {}
        frame = ask(transport, "describe", name, "text") if transport else None
        definition = (frame.text("text") if frame else "") or self._own.source(name)
        if not definition:
            return {}
        heading = say("own_function" if known.kind == "function" else "own_variable")
        return {"text/plain": definition, "text/markdown": manualpage.markdown(heading, [definition], "")}

    def _manual_page(self, name: str) -> dict[str, str]:
        kind, signatures = self._manual.kind(name), self._manual.signatures(name)
        if not kind:
            return {}
        text = self._manual.text(name)
        return {
            "text/plain": manualpage.plain(kind, signatures, text),
            "text/markdown": manualpage.markdown(kind, signatures, text),
        }

    def _users(self) -> dict[str, Match]:
        """The user's own names; what the manual describes comes from a package, unless a cell has defined it."""
        return {
            name: each
            for name, each in sorted(self._own.by_name.items())
            if self._own.source(name) or not self._manual.kind(name)
        }

    def _refresh(self, transport: Transport | None) -> None:
        """Ask Maxima for the user's names, where it has time and a cell has run since."""
        if transport is None or not self._stale:
            return
        try:
            frame = ask(transport, "names", "", "names")
        except MaximaDiedError:
            return  # the next cell says so; what the cells spelt is still known
        if frame is not None:
            self._own.told(frame.fields.get("names") or [])
            self._stale = False
