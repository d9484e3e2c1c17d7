"""Reads a page as a person does: its language, and the words that are not in it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

KNOWN = {
    "vpn",
    "jupyterhub",
    "maxima",
    "utc",
    "wireguard",
    "maximalab",
    "windows",
    "macos",
    "linux",
    "qr",
    "privatekey",
    "student",
    "teacher",
    "researcher",
    "boss",
    "zip",
    "pdf",
    "svg",
    "png",
    "toml",
    "javascript",
}
"""Names, which are the same in both languages."""
SPOKEN = ("alt", "aria-label", "placeholder", "title", "data-ready", "data-failed")
SILENT = {"script", "style", "code"}
EMPTY = {"meta", "link", "img", "input", "br", "hr", "path", "circle", "rect"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.lang: str | None = None
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "html":
            self.lang = given.get("lang")
        other = tag in SILENT or given.get("lang", self.lang) != self.lang
        hidden = other or any(flag for _, flag in self._open)
        if not hidden:
            self.texts += [given[name] or "" for name in SPOKEN if name in given]
            self.texts += json.loads(given.get("data-words") or "{}").values()
        if tag not in EMPTY:
            self._open.append((tag, other))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not any(flag for _, flag in self._open):
            self.texts.append(data)


def read(html: str) -> tuple[str | None, str]:
    """Give the page's language and all that it says in that language."""
    reader = _Reader()
    reader.feed(html)
    return reader.lang, " ".join(" ".join(reader.texts).split())


def foreign_words(html: str, names: set[str] = frozenset()) -> set[str]:
    """Give the words of a Ukrainian page that are in Latin letters and no names."""
    _, text = read(re.sub(r"https?://[^\s<\"]+", "", html))
    return {word for word in re.findall(r"[A-Za-z]{2,}", text) if word.lower() not in KNOWN | names}


def menu(html: str) -> list[str]:
    """Give where the main menu's links lead, in their order."""
    shown = re.search(r'<nav class="places".*?</nav>', html, re.DOTALL)
    return re.findall(r'href="([^"]+)"', shown[0]) if shown else []


def words_of(html: str) -> str:
    """What a reader reads, without code, attributes and drawings' names."""
    shown = re.sub(r"<(head|code|svg|option|time|blockquote)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", shown))
