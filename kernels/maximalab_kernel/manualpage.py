"""A page of help, as text and as Markdown: the signature first, then what the manual says, with its examples."""

from __future__ import annotations

import re

FENCE = "```"
EXAMPLE = 4
"""An indent from which on a paragraph of the manual is an example, drawn in characters."""
ESCAPED = re.compile(r"([\\*_\[\]<>#|])")
ARGUMENT = re.compile(r"<([^<>]+)>")
MARKED = re.compile(r"'([^'\n]+)'|<([^<>\n]+)>|\*[Nn]ote +([^:]+?)(?:::|: *[^.,]+[.,]?)")


def plain(heading: str, signatures: list[str], text: str) -> str:
    """The page in characters."""
    return "\n".join(
        part for part in (heading, *signatures, "" if text else None, text) if part is not None
    ).strip()


def markdown(heading: str, signatures: list[str], text: str) -> str:
    """The page in Markdown."""
    head = "\n".join([f"{FENCE}maxima", *signatures, FENCE]) if signatures else ""
    return "\n\n".join(
        part for part in (head, f"*{escaped(heading)}*" if heading else "", body(text)) if part
    )


def body(text: str) -> str:
    """The manual's text in Markdown: examples in fences, names as code, arguments in italics."""
    blocks: list[str] = []
    example: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = paragraph.split("\n")
        if (
            all(len(line) - len(line.lstrip()) >= EXAMPLE for line in lines if line.strip())
            and paragraph.strip()
        ):
            example.append(paragraph)
            continue
        blocks += fenced(example)
        example = []
        blocks.append(prose(lines))
    return "\n\n".join([*blocks, *fenced(example)])


def fenced(paragraphs: list[str]) -> list[str]:
    """Examples that follow each other, in one fence."""
    if not paragraphs:
        return []
    lines = "\n\n".join(paragraphs).split("\n")
    shift = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return ["\n".join([f"{FENCE}maxima", *(line[shift:] for line in lines), FENCE])]


def prose(lines: list[str]) -> str:
    """A paragraph, or the items of a list."""
    joined = re.sub(r"'(\S[^']*)\n\s*([^']*)'", r"'\1 \2'", "\n".join(line.strip() for line in lines))
    return "\n".join(item(line) for line in joined.split("\n"))


def item(line: str) -> str:
    """One line, its marks changed to those of Markdown."""
    bullet, rest = ("- ", line[2:]) if line.startswith("* ") else ("", line)
    found, at = [], 0
    for match in MARKED.finditer(rest):
        found += [escaped(rest[at : match.start()]), mark(match)]
        at = match.end()
    return bullet + "".join([*found, escaped(rest[at:])])


def mark(match: re.Match[str]) -> str:
    """A name as code, an argument in italics, a note as the name that it points to."""
    code, argument, note = match.groups()
    if code is not None:
        bare = ARGUMENT.sub(r"\1", code)
        return f"`{bare}`" if "`" not in code else escaped(match[0])
    return f"*{escaped(argument)}*" if argument is not None else f"`{note.strip()}`"


def escaped(text: str) -> str:
    """`text` with nothing in it that Markdown would take for its own."""
    return ESCAPED.sub(r"\\\1", text)
