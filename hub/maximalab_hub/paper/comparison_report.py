"""A comparison, ready for the press: tests with words, drawings, groups and materials. Pure.

All of it comes of the report that the page shows, in which small cells are hidden already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_hub.comparison.families import families
from maximalab_hub.drawings.svg import as_picture
from maximalab_hub.paper.document import Heading, Picture, Points, Section, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from maximalab_hub.comparison.families import Family
    from maximalab_hub.comparison.report import Report, Row
    from maximalab_hub.comparison.words import Words
    from maximalab_hub.drawings.shapes import Drawing
    from maximalab_hub.paper.document import Block, Document
    from maximalab_hub.paper.printer import Printer


def comparison_report(
    by: Printer, words: Words, made: Report, drawn: Iterable[Drawing], asked: Sequence[tuple[str, str]]
) -> Document:
    """Print a comparison; `drawn` are its drawings, `asked` says which events it is of."""
    _ = by.tr
    sections = [
        *(Section(one.title, tuple(_family(words, one))) for one in families(made, words)),
        Section(_("What this says"), (Points(tuple(words.says())),)),
        Section(_("What this does not say"), (Points(tuple(words.says_not())),)),
        *_drawings(by, drawn),
        *_rows(by, words, made),
    ]
    left_out = tuple(words.left_out(made.in_several_groups, made.in_both_terms))
    if left_out:
        sections.append(Section(_("Who is left out"), (Points(left_out),)))
    rule = _("Rule and timetable: %(version)s.") % {"version": made.version}
    sections.append(Section(_("Method"), (Text(rule),)))
    return by.document(_("Comparison"), sections, more=asked)


def _family(words: Words, family: Family) -> Iterator[Block]:
    lines = [words.line(one) for one in family.findings]
    rows = tuple(
        (
            one.measure,
            f"{one.first} / {one.second}",
            *(one.people, one.medians, one.p, one.adjusted, one.effect, one.shift, one.interval),
        )
        for one in lines
    )
    if rows:
        yield Table(tuple(words.heads()), rows, names=2)
        yield Points(tuple(one.sentence for one in lines))
    for note in family.notes:
        yield Text(note)


def _drawings(by: Printer, drawn: Iterable[Drawing]) -> Iterator[Section]:
    """Give each drawing that there is, with the page's words about it."""
    _ = by.tr
    blocks: list[Block] = []
    for one in drawn:
        picture = Picture(as_picture(one).decode(), f"{one.title}. {one.caption}", one.caption)
        blocks += [Heading(one.title), picture]
    if blocks:
        yield Section(_("Drawings"), tuple(blocks))


def _rows(by: Printer, words: Words, made: Report) -> Iterator[Section]:
    _ = by.tr
    for title, head, rows, called in (
        (_("Groups"), _("Group"), made.groups, str),
        (_("Materials"), _("Material"), made.materials, by.said.material),
    ):
        if rows:
            heads = (head, _("People"), *map(words.measure, words.measures()))
            note = Text(_("The figures are those of the median person."), soft=True)
            yield Section(
                title, (Table(heads, tuple((called(one.name), *_row(by, words, one)) for one in rows)), note)
            )


def _row(by: Printer, words: Words, row: Row) -> tuple[str, ...]:
    """Say a row's figures; one that may not be shown has a mark in place of its figures."""
    if row.people is None or row.medians is None:
        return tuple("…" for _ in range(len(words.measures()) + 1))
    medians = (row.medians[one] for one in words.measures())
    told = (
        "–" if one is None else words.value(m, one) for m, one in zip(words.measures(), medians, strict=True)
    )
    return (by.said.number(row.people), *told)
