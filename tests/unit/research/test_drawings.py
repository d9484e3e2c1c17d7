"""Drawings are decided once: a page and a file hold the same shapes, each in its own dress."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import pytest
from comparedclass import CHOICES, EVERYBODY, PSEUDONYMS, TIMETABLES
from maximalab_hub.comparison.findings import Measure
from maximalab_hub.comparison.progress import Begun
from maximalab_hub.comparison.report import Row, report
from maximalab_hub.drawings.bars import FULL, WIDEST, Bar, errors_chart, errors_drawing, shares_drawing
from maximalab_hub.drawings.compared import DRAWINGS, charts_of, drawings
from maximalab_hub.drawings.grids import LONGEST, progress_chart, progress_drawing
from maximalab_hub.drawings.shapes import (
    HIGHEST,
    LETTERS,
    WIDE_LETTER,
    Box,
    Drawing,
    Kind,
    Label,
    Look,
    on_paper,
)
from maximalab_hub.drawings.svg import COLOURS, as_file, as_picture, on_page
from maximalab_hub.pages.frame import STATIC
from maximalab_hub.service.wording import Wording
from maximalab_spawner.catalog import Catalog, Title
from pagecases import MATERIAL

ENGLISH, UKRAINIAN = (Wording(language, "Europe/Kyiv") for language in ("en", "uk"))
MADE = report(EVERYBODY, TIMETABLES, CHOICES)


def drawn(name: str, said: Wording = ENGLISH) -> Drawing:
    return drawings(charts_of(MADE, said), said)[name]


def read(svg: str | bytes) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  our own


def places(svg: str | bytes) -> list[tuple[str | None, ...]]:
    """Where the words and boxes of an SVG are, whatever its dress."""
    shapes = [one for tag in ("text", "rect") for one in read(svg).iterfind(f"{{*}}{tag}")]
    return [tuple(map(one.get, ("x", "y", "width", "height", "rx", "fill-opacity"))) for one in shapes]


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_page_and_a_report_hold_the_same_shapes(name: str):
    one = replace(drawn(name), key=())
    assert places(on_page(one, name)) == places(as_picture(one)) != []


@pytest.mark.parametrize("said", [ENGLISH, UKRAINIAN], ids=lambda one: one.language)
@pytest.mark.parametrize("name", DRAWINGS)
def test_a_file_says_above_what_it_is_and_below_what_it_shows(name: str, said: Wording):
    one = drawn(name, said)
    file, picture = (read(made) for made in (as_file(one), as_picture(one)))
    words = [("".join(text.itertext()), float(text.get("y"))) for text in file.iterfind("{*}text")]
    inside = len(picture.findall("{*}text"))
    heads = words[: next(n for n in range(1, 9) if " ".join(text for text, _ in words[:n]) == one.title)]
    tails = words[len(heads) + inside :]
    assert " ".join(text for text, _ in tails) == one.caption
    boxes = [float(box.get("y")) + float(box.get("height")) for box in file.iterfind("{*}rect")]
    heights = [y for _, y in words]
    assert heads[-1][1] < min(y for y in heights[len(heads) :])
    assert max(boxes) < tails[0][1] <= tails[-1][1] < float(file.get("height"))
    assert float(file.get("width")) == float(picture.get("width"))


@pytest.mark.parametrize("said", [ENGLISH, UKRAINIAN], ids=lambda one: one.language)
@pytest.mark.parametrize("name", DRAWINGS)
def test_a_pages_drawing_has_a_name_and_a_figure_for_each_box_that_can_be_chosen(name: str, said: Wording):
    one = drawn(name, said)
    page = read(on_page(one, name))
    title = page.find("title")
    assert (title.get("id"), title.text) == (page.get("aria-labelledby"), one.said)
    told = [box.findtext("title") for box in page.iterfind("rect") if box.find("title") is not None]
    assert told == [box.told for box in one.shapes if isinstance(box, Box) and box.told]
    assert len(told) == {"week": 7 * 15, "shares": 23, "errors": 1, "progress": 1}[name]
    cyrillic = bool(re.search("[а-яіїєґ]", f"{one.title} {one.said} {one.caption}", re.IGNORECASE))
    assert cyrillic is (said.language == "uk")


def test_a_file_takes_no_pseudonym_away():
    shares = drawn("shares")
    pseudonym = PSEUDONYMS.of("a-00")[:8]
    assert pseudonym in on_page(shares, "shares")
    assert pseudonym not in as_file(shares).decode()


def test_a_file_has_the_light_pages_colours():
    light = (STATIC / "maximalab.css").read_text().split("@media")[0]
    assert dict(re.findall(r"--(\w+): (#\w+);", light)).items() >= COLOURS.items()


def test_style_sheet_and_script_know_every_look_and_kind():
    style, script = ((STATIC / name).read_text() for name in ("usage.css", "charts.js"))
    looks = {look for look in Look if re.search(rf"\.{look}\b", style)}
    assert looks | {Look.BAR} == set(Look), "a bar alone has no colour"
    assert [kind for kind in Kind if f"figure svg.{kind}" not in script] == []


def test_long_titles_leave_room_for_figures_and_tell_rows_apart():
    names = [f"lp-{n}" for n in range(1, 4)]
    title = Title("Лінійне програмування: графічний метод", "Linear programmes, solved by drawing them")
    known = Catalog(tuple(replace(MATERIAL, id=name, title=title) for name in names), ())
    said = replace(UKRAINIAN, catalogue=known)
    rows = tuple(Row(name, 12, dict.fromkeys(Measure, 0.125)) for name in names)
    bars = errors_chart(rows, said)
    begun = [Begun(name, date(2026, 9, 7), 12) for name in names]
    steps = progress_drawing(progress_chart(begun, said), said)
    labels = [one.text for one in steps.shapes if isinstance(one, Label)][-3:]
    for told, most in (([bar.name for bar in bars], WIDEST), (labels, LONGEST)):
        assert len(set(told)) == 3
        assert max(map(len, told)) <= most
    assert (WIDEST + len(" 100,0 %")) * LETTERS[Kind.BARS] * WIDE_LETTER <= FULL


def test_names_that_people_typed_are_no_markup():
    one = errors_drawing([Bar('<b>&"x"', "1 %", 400)], ENGLISH)
    for svg in (on_page(one, "errors"), as_picture(one), as_file(replace(one, title="<i>"))):
        said = ["".join(text.itertext()) for text in read(svg).iterfind("{*}text")]
        assert '<b>&"x" 1 %' in said
        assert ("<i>" in said) == (svg == as_file(replace(one, title="<i>")))


@pytest.mark.parametrize(
    ("people", "height"),
    [
        pytest.param(23, 23 * 14, id="a group is as roomy as on its page"),
        pytest.param(240, HIGHEST, id="a year's students fit a sheet"),
        pytest.param(1000, 1000 * 2, id="but a bar stays a bar"),
    ],
)
def test_in_a_file_many_bars_are_thinner_and_the_key_stands_below(people: int, height: int):
    whole = shares_drawing([Bar(f"{n:08}", "50 %", 200) for n in range(people)], ENGLISH)
    paper = on_paper(whole)
    *bars, first, _, second, _ = paper.shapes
    assert (whole.height, paper.height) == (people * 14, height + 28)
    assert max(one.y + one.height for one in bars) <= height < first.y == second.y < paper.height
    assert len({one.y for one in bars}) == people
