"""What stands where a front end has no controls: the first picture with a word on what moves it."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING, Any

from maximalab_kernel.words import WORDS, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PICTURES = ("image/svg+xml", "image/png", "text/latex")
"""What exports take of it; an export to LaTeX knows no HTML."""


def standing_in(outputs: Sequence[Mapping[str, Any]], told: str) -> dict[str, Any]:
    """Display data beside the controls: `told` is what can be moved. HTML, for a picture alone says nothing of that."""
    shown: Mapping[str, Any] = next((output for output in outputs if "data" in output), {"data": {}})
    words = "".join(f"<p>{escape(line)}</p>" for line in (told, say("no_slider")))
    pictures = {kind: shown["data"][kind] for kind in PICTURES if kind in shown["data"]}
    return {**pictures, "text/html": first(shown) + words}


def without_remedy(html: str) -> str:
    """The same without what to do for controls, in whichever language it was said: on paper nobody can do it."""
    for sentence in WORDS["no_slider"].values():
        html = html.replace(f"<p>{escape(sentence)}</p>", "")
    return html


def first(output: Mapping[str, Any]) -> str:
    """One output as HTML."""
    data: Mapping[str, str] = output["data"]
    if "image/svg+xml" in data:
        return image("image/svg+xml", b64encode(data["image/svg+xml"].encode()).decode(), output)
    if "image/png" in data:
        return image("image/png", data["image/png"], output)
    if "text/latex" in data:
        return escape(data["text/latex"])
    return f"<pre>{escape(data['text/plain'])}</pre>" if "text/plain" in data else ""


def image(kind: str, encoded: str, output: Mapping[str, Any]) -> str:
    """A picture that the page itself holds, with its words."""
    alt = output.get("metadata", {}).get(kind, {}).get("alt", "")
    return f'<img alt="{escape(alt)}" src="data:{kind};base64,{encoded}">'
