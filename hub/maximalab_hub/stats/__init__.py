"""The statistics of the lab: functions that others can rely on, each with its source.

Every function takes plain numbers and gives a frozen result; none knows a course, a person or a page. Sums are
exactly rounded (`math.fsum`), so that neither the order of people nor the machine moves a figure. They are tested
against published worked examples and against libraries that share no code with them (docs/researchers.md).
"""

from __future__ import annotations

from maximalab_hub.stats.concordance import KendallW, kendall_w
from maximalab_hub.stats.families import holm
from maximalab_hub.stats.frequencies import ChiSquare, chi_square
from maximalab_hub.stats.granularity import Grim, grim
from maximalab_hub.stats.homogeneity import MarginalHomogeneity, stuart_maxwell
from maximalab_hub.stats.independent import MannWhitney, mann_whitney
from maximalab_hub.stats.interval import Interval
from maximalab_hub.stats.intraclass import Icc, IccKind, icc
from maximalab_hub.stats.kappa import FleissKappa, fleiss_kappa
from maximalab_hub.stats.paired import Method, Wilcoxon, wilcoxon_paired

__all__ = [
    "ChiSquare",
    "FleissKappa",
    "Grim",
    "Icc",
    "IccKind",
    "Interval",
    "KendallW",
    "MannWhitney",
    "MarginalHomogeneity",
    "Method",
    "Wilcoxon",
    "chi_square",
    "fleiss_kappa",
    "grim",
    "holm",
    "icc",
    "kendall_w",
    "mann_whitney",
    "stuart_maxwell",
    "wilcoxon_paired",
]
