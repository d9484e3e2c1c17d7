"""Every relative link in README and docs leads to a file, and every anchor to a heading."""

from __future__ import annotations

import itertools
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
PARSER = MarkdownIt("commonmark").enable("table")


def pages() -> list[Path]:
    """List the Markdown files that git knows, or would know."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / name for name in sorted(set(names)) if (ROOT / name).is_file()]


def tokens(text: str) -> list[Token]:
    """Flatten a page into tokens, inline ones included."""
    found: list[Token] = []
    for token in PARSER.parse(text):
        found += [token, *(token.children or [])]
    return found


def anchor(heading: str) -> str:
    """Make a heading's anchor as the usual viewers do."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def anchors(page: Path) -> set[str]:
    """Collect the anchors of a page."""
    flat = tokens(page.read_text(encoding="utf-8"))
    headings = [after for token, after in itertools.pairwise(flat) if token.type == "heading_open"]
    return {
        anchor("".join(child.content for child in one.children or [] if not child.type.startswith("link")))
        for one in headings
    }


def dead_links(page: Path) -> list[str]:
    """List the links of a page that lead nowhere within this repository."""
    dead = []
    for token in tokens(page.read_text(encoding="utf-8")):
        target = token.attrs.get("href") or token.attrs.get("src")
        if target and (why := fault(page, str(target))):
            dead.append(f"{target}: {why}")
    return dead


def fault(page: Path, target: str) -> str | None:
    """Say what is wrong with one link, if anything."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return None
    file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not file.is_relative_to(ROOT):
        return "leads out of the repository"
    if not file.exists():
        return "no such file"
    if parts.fragment and file.suffix == ".md" and unquote(parts.fragment) not in anchors(file):
        return "no such heading"
    return None


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path):
    assert dead_links(page) == []


@pytest.mark.parametrize(
    ("target", "found"),
    [
        pytest.param("no-such-page.md", "no such file", id="a file that is not there is found"),
        pytest.param(
            "README.md#no-such-heading", "no such heading", id="a heading that is not there is found"
        ),
        pytest.param("../../outside.md", "leads out of the repository", id="a way out is found"),
        pytest.param("https://example.org/x", None, id="an address elsewhere is not asked"),
        pytest.param("LICENSE", None, id="a file that is there is fine"),
    ],
)
def test_dead_links_are_found(target: str, found: str | None):
    assert fault(ROOT / "README.md", target) == found
