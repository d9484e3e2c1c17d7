"""Makes gnuplot's SVG small, readable on any background, and lets it tell in words what it shows."""

from __future__ import annotations

import re
from html import escape

LARGE = 60_000
"""Characters from which on it is worth the time to write a picture shorter."""

HEAD = re.compile(r"<title>Gnuplot</title>\s*<desc>[^<]*</desc>")
CANVAS = '<g id="gnuplot_canvas">'
DEFINITIONS = re.compile(r"<defs>.*?</defs>\s*", re.DOTALL)
USES = re.compile(r"xlink:href='#gp|url\(#(?:grey|text)box\)")
TOOLTIP = re.compile(r"<title>gnuplot_plot_[^<]*</title>")
EMPTY_GROUP = re.compile(r"\t?<g [^>]*>\s*</g>\n?")
COLOR = re.compile(r"rgb\(\s*(\d+),\s*(\d+),\s*(\d+)\)")
LONE_POLYGON = re.compile(
    r"\t<g stroke='none' shape-rendering='crispEdges'>\n\t\t<polygon ([^\n]*)\n\t</g>\n"
)
CURVE_GROUP = re.compile(r'\t<g id="gnuplot_plot_[^>]*>\n?')
CURVE_END = "</g>\n\t</g>\n"
GROUP_EDGE = re.compile(r'</g>\n(?=<g fill="none" color)|(<g fill="none" color[^>]*>)|\t</g>')
BORDERED = re.compile(
    r"<polygon stroke='none' fill='([^']*)' points='([^']*)'/>\s*<path stroke='([^']*)' d='M([^']*)'/>"
)
COORDINATE = re.compile(r"(\.\d)\d\b")


def on_one_page(svg: str) -> str:
    """The pages that gnuplot has put one behind the other, of one size each, as one picture."""
    first, *others = [page for page in svg.split("</svg>") if CANVAS in page] or [""]
    above = (DEFINITIONS.sub("", page.partition(CANVAS)[2], count=1) for page in others)
    return first + "".join(f"<g>{page}" for page in above) + "</svg>" if first else ""


def hexadecimal(match: re.Match[str]) -> str:
    """A colour such as `rgb(255, 0, 0)` as `#ff0000`."""
    return f"#{int(match[1]):02x}{int(match[2]):02x}{int(match[3]):02x}"


def merged(svg: str) -> str:
    """One group where gnuplot has closed and opened the same one again and again: once for each small line."""
    pieces, place, current, pending = [], 0, "", False
    for match in GROUP_EDGE.finditer(svg):
        pieces.append(svg[place : match.start()])
        place = match.end()
        if match[1] is None:
            pending = match[0].startswith("<")
            current = current if pending else ""
            pieces.append("" if pending else match[0])
        elif not (pending and match[1] == current):
            pieces.append(("</g>\n" if pending else "") + match[1])
            current, pending = match[1], False
        else:
            pending = False
    return "".join([*pieces, svg[place:]])


def bordered(match: re.Match[str]) -> str:
    """A polygon and the path along its border as one."""
    fill, points, stroke, path = match.groups()
    if set(points.split()) != set(path.replace("L", "").split()):
        return match[0]
    return f"<polygon stroke='{stroke}' fill='{fill}' points='{points}'/>"


def without_definitions(svg: str) -> str:
    """Without gnuplot's point symbols where the picture uses none."""
    block = DEFINITIONS.search(svg)
    if block is None or USES.search(svg, block.end()):
        return svg
    return svg[: block.start()] + svg[block.end() :]


def ungrouped(svg: str) -> str:
    """Without the group around each curve, of which an arrow is one, too."""
    if len(CURVE_GROUP.findall(svg)) != svg.count(CURVE_END):
        return svg
    return CURVE_GROUP.sub("", svg).replace(CURVE_END, "</g>\n")


def shorter(svg: str) -> str:
    """The same picture with less text: what surfaces and fields of arrows repeat is said once."""
    svg = EMPTY_GROUP.sub("", ungrouped(svg))
    svg = merged(LONE_POLYGON.sub(r"<polygon stroke='none' \1\n", svg))
    for long, short in (("\t", ""), ("  d=", " d="), (" = '", "='"), ("  '/>", "'/>"), (" '/>", "'/>")):
        svg = svg.replace(long, short)
    return BORDERED.sub(bordered, svg)


def tidy(svg: str, description: str) -> str:
    """The picture that a reader gets: white behind it, `description` for who cannot see it, nothing unused.

    Coordinates of large pictures are cut to a tenth of a pixel.
    """
    told = escape(description)
    svg = HEAD.sub(lambda _: f"<title>{told}</title>", svg, count=1)
    svg = svg.replace("<svg ", '<svg role="img" ', 1).replace('fill="none"/>', 'fill="white"/>', 1)
    svg = svg.replace('font-family="Arial"', 'font-family="Arial, sans-serif"')
    svg = EMPTY_GROUP.sub("", TOOLTIP.sub("", without_definitions(svg)))
    svg = COLOR.sub(hexadecimal, svg)
    return COORDINATE.sub(r"\1", shorter(svg)) if len(svg) > LARGE else svg
