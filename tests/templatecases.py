"""The pages of the study's template (levels of competence, experts' ratings) with everything that they are given."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from maximalab_hub.competence import compared, read_levels
from maximalab_hub.ratings import check, read_criteria, summary
from maximalab_hub.service.template_words import TemplateWords
from maximalab_hub.service.wording import Wording
from maximalab_hub.settings_sections import StudySection
from maximalab_hub.store.template import CompetenceTable, Panel
from maximalab_hub.typed import Fault, TypedError

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CRITERIA = "Легкість доступу | Ease of access\nЗручність | Ease of use | 2\nКорисність | Usefulness"
PANEL = Panel("p", "Симплекс-метод", read_criteria(CRITERIA), 0, 3, NOW)
LEVELS = CompetenceTable("t", "Рівні", True, read_levels(";низький;високий\nдо;9;3\nпісля;2;8"), NOW)
PAIRED = read_levels(";низький;високий\nнизький;9;13\nвисокий;2;8", same_people=True)
BEFORE_AND_AFTER = CompetenceTable("u", "Рівні кожної людини", True, PAIRED, NOW)
SUMMARY = summary(PANEL.criteria, [(1, 2, 3), (2, 3, 3), (2, 2, 1)])
CHECKED = check("Легкість | 2.2\nЗручність | 1.86\nКорисність | 2.12345", 25)
TABLES = [(LEVELS, compared(LEVELS.table)), (BEFORE_AND_AFTER, compared(PAIRED, same_people=True))]
STUDY = StudySection()
TYPED = SimpleNamespace(title="", criteria="", least=0, most=3)
FAULT = TypedError(Fault.WHOLE, "1;.5")
LINKS = [(n, f"https://example.org/services/usage/rate/{'Wq3' * 10}{n}") for n in (1, 2, 3)]
RATE = {"panel": PANEL, "study_title": STUDY.title, "kept": False, "incomplete": False, "answered": False}
PANELS = {"panel": PANEL, "invited": 3, "answered": 3, "least_experts": 3, "most_invited": 200}
COMPETENCE = {"tables": [], "fault": None, "title_typed": "", "levels": "", "same": False}
REPORT = {"study": STUDY, "least_experts": 3}

TEMPLATE_CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "ratings": ("usage/ratings.html", {"panels": [], "typed": TYPED, "fault": None, "most_score": 10}),
    "ratings, a fault": (
        "usage/ratings.html", {"panels": [PANEL], "typed": TYPED, "fault": FAULT, "most_score": 10},
    ),
    "panel, invited": ("usage/panel.html", {**PANELS, "found": None, "links_made": LINKS}),
    "panel, answered": ("usage/panel.html", {**PANELS, "found": SUMMARY, "links_made": []}),
    "rate": ("usage/rate.html", {**RATE, "scores": [None, None, None]}),
    "rate, kept": ("usage/rate.html", {**RATE, "scores": [1, 3, 0], "kept": True, "answered": True}),
    "rate, in part": ("usage/rate.html", {**RATE, "scores": [1, None, 2], "incomplete": True}),
    "check": ("usage/check.html", {"averages": "a | 1", "experts": 25, "checked": CHECKED, "fault": None}),
    "competence": ("usage/competence.html", COMPETENCE),
    "competence, a table and a fault": (
        "usage/competence.html", {**COMPETENCE, "tables": TABLES, "fault": FAULT, "same": True},
    ),
    "report": ("usage/report.html", {**REPORT, "tables": TABLES, "panels": [(PANEL, SUMMARY), (PANEL, None)]}),
    "report of nothing": ("usage/report.html", {**REPORT, "tables": [], "panels": []}),
}  # fmt: skip


def words_for(language: str) -> dict[str, object]:
    """What these pages say values with."""
    return {"said": Wording(language, "Europe/Kyiv"), "words": TemplateWords(language)}
