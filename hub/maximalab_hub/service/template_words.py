"""Levels and ratings in words: what a test says, how far experts agree, what a printed average cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from babel.numbers import format_decimal

from maximalab_hub.language import quoted, signed, translations
from maximalab_hub.ratings import rounded
from maximalab_hub.service.errors import N_
from maximalab_hub.stats import MarginalHomogeneity
from maximalab_hub.typed import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from fractions import Fraction

    from maximalab_hub.ratings import Agreement, Checked, Printed
    from maximalab_hub.settings_sections import Language
    from maximalab_hub.stats import ChiSquare
    from maximalab_hub.typed import TypedError

SURE: Final = 0.05
SMALL: Final = 0.001
FAULTS: Final[Mapping[str, str]] = {
    Fault.LINES: N_("Write 1 to 20 lines."),
    Fault.TITLE: N_("Say in the first field what it is about."),
    Fault.ROWS: N_("Write the levels in the first line, and 2 to 20 lines of counts below it."),
    Fault.TWICE: N_("A name is there twice, and nobody could tell which is which. Give each its own."),
    Fault.CRITERION: N_("A criterion is written as: Ukrainian | English | weight."),
    Fault.AVERAGE: N_("An average is written as: name | average | weight."),
    Fault.NUMBER: N_("An average is a number, such as 1.86."),
    Fault.WEIGHT: N_("A weight is a number above 0, such as 1 or 0.5."),
    Fault.SCORES: N_("The lowest score has to be below the highest, and both from 0 to 10."),
    Fault.LEVELS: N_("The first line names 2 to 10 levels, after an empty field."),
    Fault.COUNTS: N_("A line is a name and a count for each level."),
    Fault.WHOLE: N_("Counts of people are whole numbers, not shares."),
    Fault.MANY: N_("These are too many people: at most 100 000 are compared one by one."),
    Fault.NOBODY: N_("Every line and every level needs at least one person; leave the empty one out."),
}
_LOCALES: Final[Mapping[Language, str]] = {"uk": "uk_UA", "en": "en_GB"}
_USUAL: Final = (0, 3)


@dataclass(frozen=True, slots=True)
class TemplateWords:
    """How levels and ratings are said to one reader."""

    language: Language

    def score(self, score: int, least: int, most: int) -> str:
        """Say a score; those of the usual scale have names."""
        if (least, most) != _USUAL:
            return str(score)
        _ = self._words
        names = (_("no"), _("low"), _("good"), _("excellent"))
        return f"{score} · {names[score]}"

    def fault(self, error: TypedError) -> str:
        """Say what is wrong with what was typed, and which part of it."""
        said = self._words(FAULTS[error.fault])
        return f"{said} {quoted(error.part, self.language)}" if error.part else said

    def mean(self, value: Fraction) -> str:
        """Say an average with two decimals."""
        return self._number(float(value), 2)

    def tested(self, found: ChiSquare | MarginalHomogeneity) -> str:
        """Say a test's figures on one line."""
        _ = self._words
        said = {
            "dof": found.dof,
            "n": self._number(found.n, 0),
            "statistic": self._number(found.statistic, 2),
            "p": self._p(found.p_value),
        }
        if isinstance(found, MarginalHomogeneity):
            words = _("Stuart and Maxwell's χ²(%(dof)s, n = %(n)s) = %(statistic)s, p %(p)s")
            return words % said
        words = _("χ²(%(dof)s, n = %(n)s) = %(statistic)s, p %(p)s, Cramér's V = %(v)s")
        return words % {**said, "v": self._number(found.cramers_v, 2)}

    def sentences(
        self, found: ChiSquare | MarginalHomogeneity, *, same_people: bool, square: bool = False
    ) -> list[str]:
        """Say what a test of levels says, and what has to be known beside it."""
        if isinstance(found, MarginalHomogeneity):
            return self._of_each(found)
        _ = self._words
        lines = [
            _("The levels differ between the rows.")
            if found.p_value < SURE
            else _("No difference of the levels was found; that is no proof that there is none.")
        ]
        if not found.suits:
            lines.append(
                _(
                    "The expected counts are too small for this test (80 % of them should be at least 5, none below"
                    " 1): take levels together, or ask more people."
                )
            )
        if square and not same_people:
            lines.append(
                _(
                    "The lines are named like the levels. If they are the same people's levels before, enter the table"
                    " again, and tick that they are the same people: this test takes them for different people."
                )
            )
        if same_people:
            lines.append(
                _(
                    "The rows are the same people at several moments, and the test takes them for different people."
                    " What each person changed would say more."
                )
            )
        return lines

    def _of_each(self, found: MarginalHomogeneity) -> list[str]:
        _ = self._words
        said = {
            "rose": self._number(found.rose, 0),
            "fell": self._number(found.fell, 0),
            "same": self._number(found.n - found.rose - found.fell, 0),
        }
        lines = [
            _("The shares of the levels differ between before and after.")
            if found.p_value < SURE
            else _("No difference of the levels was found; that is no proof that there is none."),
            _("Rose: %(rose)s people; fell: %(fell)s; stayed: %(same)s.") % said,
        ]
        if found.shift.n_nonzero:
            words = _(
                "Wilcoxon's signed-rank test of each person's level: p %(p)s, rank-biserial effect %(effect)s."
            )
            effect = self._number(found.shift.effect, 2)
            lines.append(words % {"p": self._p(found.shift.p_value), "effect": effect})
        if not found.suits:
            lines.append(_("Fewer than 25 people changed their level: the χ² is a rough guide only."))
        return lines

    def agreement(self, found: Agreement) -> list[str]:
        """Say how far the experts agree, measure by measure; those without a value are named as such."""
        _ = self._words
        none = _("not defined for these scores")
        return [
            "ICC(2,k): " + (self._number(found.icc.value, 2) if found.icc else none),
            _("Fleiss's kappa") + ": " + (self._number(found.kappa.kappa, 2) if found.kappa else none),
            _("Kendall's W") + ": " + self._kendall(found, none),
        ]

    def total(self, found: Checked) -> str:
        """Say a total of printed averages, exactly and rounded as they are."""
        _ = self._words
        return _("The total is %(total)s (%(exact)s before rounding).") % {
            "total": self.decimal(found.printed_total),
            "exact": self.decimal(rounded(found.total, 5)),
        }

    def printed(self, one: Printed, experts: int) -> str:
        """Say whether a printed average can be the mean of so many whole scores."""
        _ = self._words
        said = {"mean": self.decimal(one.text), "n": experts}
        if not one.check:
            low, high = (self._number(value, one.check.decimals + 1) for value in one.check.nearest)
            return _(
                "%(mean)s cannot be the mean of %(n)s whole scores; the nearest are %(low)s and %(high)s. A missing"
                " score, halves or a mean of means would explain it."
            ) % {**said, "low": low, "high": high}
        if not one.check.tells:
            return _("Any average with these decimals can be the mean of %(n)s whole scores.") % said
        return _("%(mean)s can be the mean of %(n)s whole scores.") % said

    def _kendall(self, found: Agreement, none: str) -> str:
        if found.kendall is None:
            return none
        return f"{self._number(found.kendall.w, 2)} (p {self._p(found.kendall.p_value)})"

    def _p(self, value: float) -> str:
        return f"< {self._number(SMALL, 3)}" if value < SMALL else f"= {self._number(value, 3)}"

    def decimal(self, text: str) -> str:
        """Say a decimal as it is written, with the reader's decimal sign."""
        return text.replace(".", ",") if self.language == "uk" else text

    def _number(self, value: float, digits: int) -> str:
        shape = signed("#,##0" if digits == 0 else f"#,##0.{'0' * digits}")
        return format_decimal(value, shape, locale=_LOCALES[self.language])

    @property
    def _words(self) -> Callable[[str], str]:
        return translations(self.language).gettext
