"""Each template of the hub, rendered in both languages with everything that it is ever given."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from jinja2 import Environment
from jinja2.meta import find_referenced_templates
from maximalab_hub.pages.frame import Visitor
from openercases import OPENER
from pagecases import CASES, render
from pagewords import foreign_words, read
from usagepages import USAGE_CASES


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    "person", [None, Visitor("student", shows_usage=True, shows_admin=True)], ids=["", "signed in"]
)
def test_a_ukrainian_page_is_ukrainian(tmp_path: Path, case: str, person: Visitor | None):
    page = render(tmp_path, case, "uk", person)
    assert read(page)[0] == "uk"
    assert foreign_words(page, {"boss", "public", "material", "icc"}) == set()


@pytest.mark.parametrize("case", CASES)
def test_an_english_page_has_a_title_a_heading_and_no_inline_script(tmp_path: Path, case: str):
    page = render(tmp_path, case, "en", Visitor("student"))
    assert read(page)[0] == "en"
    assert page.count("<h1") == 1
    assert "<title>" in page
    assert "<script>" not in page
    assert "style=" not in page
    assert " onclick" not in page


ROOT = Path(__file__).parents[3]
ENTRANCE = Path("hub/maximalab_hub/lab/error_pages/error.html")
SHOWN = {
    "hub/maximalab_hub/templates": {template for template, _ in CASES.values()}
    | {f"usage/{template}.html" for template, *_ in USAGE_CASES.values()},
    "kernels/maximalab_materials/templates": {template for template, *_ in OPENER.values()},
}
"""Which templates of each folder the browser is shown, page by page (tests/browser/test_every_page.py)."""


def with_parts(folder: Path, names: set[str]) -> set[Path]:
    """These templates and all that they extend, include or import."""
    found: set[str] = set()
    env = Environment(extensions=["jinja2.ext.i18n"])  # noqa: S701  nothing is rendered
    while names - found:
        name = min(names - found)
        found.add(name)
        source = (ROOT / folder / name).read_text(encoding="utf-8")
        names = names | set(find_referenced_templates(env.parse(source)))
    return {folder / name for name in found}


def test_every_template_of_the_project_is_photographed():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.html"]
    known = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    shown = {path for folder, names in SHOWN.items() for path in with_parts(Path(folder), names)}
    missing = {Path(name) for name in known if (ROOT / name).is_file()} - shown - {ENTRANCE}
    assert missing == set(), "a row for it is missing in tests/pagecases.py, usagepages.py or openercases.py"


@pytest.mark.parametrize("name", ['" onmouseover="alert(1)', "<script>alert(1)</script>", "' or '1'='1"])
def test_what_people_type_is_shown_as_text(tmp_path: Path, name: str):
    context = CASES["login"][1] | {"username": name}
    CASES["typed"] = ("login.html", context)
    page = render(tmp_path, "typed", "en", None)
    del CASES["typed"]
    assert name not in page
    assert "<script>alert" not in page
