"""The reports of the study's template, ready for the press: levels, ratings, and averages that were checked. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_hub.paper.document import Bars, Heading, Points, Section, Table, Text
from maximalab_hub.ratings import LEAST_EXPERTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from maximalab_hub.paper.document import Block, Document
    from maximalab_hub.paper.printer import Printer
    from maximalab_hub.ratings import Checked, Summary
    from maximalab_hub.stats import ChiSquare, MarginalHomogeneity
    from maximalab_hub.store.template import CompetenceTable, Panel


def study_report(
    by: Printer,
    tables: Sequence[tuple[CompetenceTable, ChiSquare | MarginalHomogeneity]],
    panels: Sequence[tuple[Panel, Summary | None]],
    as_of: datetime | None,
) -> Document:
    """Print levels and ratings with words: what the report's page says."""
    _ = by.tr
    levels = [block for one in tables for block in _levels(by, *one)]
    ratings = [block for one in panels for block in _panel(by, *one)]
    sections = (
        Section(_("Levels of competence"), tuple(levels) or (Text(_("No table has been entered.")),)),
        Section(_("Expert ratings"), tuple(ratings) or (Text(_("No panel has been made.")),)),
        Section(_("Method"), _method(by)),
    )
    return by.document(_("Report"), sections, as_of=as_of)


def checked_report(by: Printer, checked: Checked) -> Document:
    """Print averages that were checked, their total, and which of them cannot be (GRIM)."""
    _, words, said = by.tr, by.words, by.said
    rows = tuple(
        (one.name, words.decimal(one.text), said.number(float(one.weight), 2)) for one in checked.averages
    )
    told = tuple(f"{one.name}: {words.printed(one, checked.experts)}" for one in checked.averages)
    source = _(
        "The check is GRIM (Brown and Heathers 2017). An average that cannot be is a question to the authors,"
        " no verdict."
    )
    blocks: tuple[Block, ...] = (
        Text(f"{_('Experts')}: {said.number(checked.experts)}"),
        Table((_("Criterion"), _("Average"), _("Weight")), rows),
        Text(words.total(checked)),
        Points(told),
        Text(source, soft=True),
    )
    title = _("Check printed averages")
    return by.document(_("Expert ratings"), (Section(_("Result"), blocks),), title=title)


def _levels(by: Printer, entered: CompetenceTable, found: ChiSquare | MarginalHomogeneity) -> Iterator[Block]:
    _, said, table = by.tr, by.said, entered.table
    paired = entered.same_people and table.square
    shares = table.shares()
    rows = tuple(
        (name, *(f"{said.number(n)} ({said.percent(s)})" for n, s in zip(counts, parts, strict=True)))
        for name, counts, parts in zip(table.rows, table.counts, shares, strict=True)
    )
    first = _("Before, and after in the columns") if paired else _("Group or moment")
    people = [said.number(sum(counts)) for counts in table.counts]
    yield Heading(entered.title)
    yield Table((first, *table.levels), rows)
    yield Bars(
        _("A bar for each row of the table, divided by its shares of the levels."),
        tuple((name, f"n = {n}", parts) for name, n, parts in zip(table.rows, people, shares, strict=True)),
        table.levels,
    )
    yield Text(by.words.tested(found))
    for line in by.words.sentences(found, same_people=entered.same_people, square=table.square):
        yield Text(line)


def _panel(by: Printer, panel: Panel, found: Summary | None) -> Iterator[Block]:
    _, said = by.tr, by.said
    yield Heading(panel.title)
    if found is None:
        least = {"least": said.number(LEAST_EXPERTS)}
        yield Text(
            _(
                "Not shown: fewer than %(least)s experts have answered, and an average would tell what one of them"
                " thinks."
            )
            % least
        )
        return
    scale = {"n": said.number(found.experts), "least": panel.least, "most": panel.most}
    yield Text(_("%(n)s experts, whole scores from %(least)s to %(most)s.") % scale)
    yield _standings(by, found)
    yield _means(by, panel, found)
    yield Heading(_("Do the experts agree?"))
    yield Points(tuple(by.words.agreement(found.agreement)))
    each = _(
        "Each measure is 1 where all agree. Of few criteria, with scores close together, all three say little."
    )
    yield Text(each, soft=True)


def _standings(by: Printer, found: Summary) -> Table:
    _, said, mean = by.tr, by.said, by.words.mean
    rows = tuple(
        (
            one.criterion.name(said.language),
            said.number(float(one.criterion.weight), 2),
            mean(one.mean),
            said.number(one.median, 1),
            said.number(one.deviation, 2),
        )
        for one in found.standings
    )
    head = (_("Criterion"), _("Weight"), _("Average"), _("Median"), _("Standard deviation"))
    return Table(head, rows, (_("Total, by the weights"), "", mean(found.total), "", ""))


def _means(by: Printer, panel: Panel, found: Summary) -> Bars:
    width = panel.most - panel.least
    rows = tuple(
        (
            one.criterion.name(by.said.language),
            by.words.mean(one.mean),
            (float((one.mean - panel.least) / width),),
        )
        for one in found.standings
    )
    return Bars(by.tr("A bar for each criterion: its average, on the scale of the scores."), rows)


def _method(by: Printer) -> tuple[Block, ...]:
    _ = by.tr
    return (
        Text(
            _(
                "Levels: Pearson's χ² test without Yates's correction, with Cramér's V as the effect. Ratings: means of"
                " whole scores; the total is the mean of the criteria's means by their weights; agreement as ICC(2,k),"
                " Fleiss's kappa and Kendall's W, with criteria as items and experts as raters."
            )
        ),
        Text(
            _(
                "What this does not say: whether a change comes from the course, or experts' praise from use. There may"
                " be other reasons for both, and experts were chosen, not drawn."
            )
        ),
    )
