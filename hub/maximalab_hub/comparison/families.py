"""The families of tests of a report, as a page and a terminal show them: titles, findings, and notes to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from maximalab_hub.comparison.findings import MOST_SHOWN, foremost
from maximalab_hub.language import translations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maximalab_hub.comparison.findings import Finding
    from maximalab_hub.comparison.places import Places
    from maximalab_hub.comparison.report import Report
    from maximalab_hub.comparison.words import Words


@dataclass(frozen=True, slots=True)
class Family:
    """Tests that are adjusted together, and what to say of them all."""

    title: str
    findings: tuple[Finding, ...]
    """Those to show."""
    notes: tuple[str, ...] = ()


def families(made: Report, words: Words) -> tuple[Family, ...]:
    """Give the families about which there is something to say, in order."""
    _, where = translations(words.language).gettext, made.places
    every = (
        _family(_("In class and out of class, by person"), made.paired, words),
        _family(_("Group against group"), made.unpaired, words),
        _family(_("Period against period"), made.terms, words),
        _family(
            _("In the cloud and on one's own computer, by person"), where.paired, words, _about(where, words)
        ),
        _family(_("In the cloud only against on one's own computer only"), where.unpaired, words),
    )
    return tuple(one for one in every if one.findings or one.notes)


def _family(title: str, every: Sequence[Finding], words: Words, notes: Sequence[str] = ()) -> Family:
    shown = foremost(every, MOST_SHOWN)
    left = [words.not_all(len(shown), len(every))] if len(shown) < len(every) else []
    return Family(title, shown, (*left, *notes))


def _about(where: Places, words: Words) -> tuple[str, ...]:
    """Say what a comparison by place says, and what not; of no work of one's own computer, that there is none."""
    _ = translations(words.language).gettext
    if not where.reported:
        return (
            _("Nobody's own computer reported any work here, so there is nothing to compare the cloud with."),
        )
    notes = []
    if not (where.paired or where.unpaired):
        notes.append(_("Too few people's own computers reported any work to compare the cloud with it."))
    if where.paired and where.in_one_only != 0:
        few = _("a few") if where.in_one_only is None else words.number(where.in_one_only, 0)
        text = _("Left out of these pairs, having worked in one of both places only: %(people)s people.")
        notes.append(text % {"people": few})
    return (
        *notes,
        _(
            "In the cloud is what the lab's servers reported; on their own computer, what a person's own program"
            " did, by the person's own token. The latter is the person's word."
        ),
        _(
            "This does not say that a place makes people work more or better: they choose it themselves, perhaps"
            " for other exercises, and a recorder of one's own may be off or missing, so no record is no proof of"
            " no work."
        ),
    )
