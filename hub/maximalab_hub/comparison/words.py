"""A comparison in words, in both languages: what each finding says, and what none of them says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from babel.numbers import format_decimal, format_percent

from maximalab_hub.comparison.findings import Finding, Measure, Reason
from maximalab_hub.comparison.places import Place
from maximalab_hub.language import signed, translations
from maximalab_hub.setting import Setting
from maximalab_hub.stats import Wilcoxon

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from maximalab_hub.comparison.grid import Corner
    from maximalab_hub.settings_sections import Language

SURE: Final = 0.05
_LOCALES: Final[Mapping[Language, str]] = {"uk": "uk_UA", "en": "en_GB"}
_SHARES: Final = frozenset({Measure.ERRORS, Measure.SHARE_OUT})
_SAME_PEOPLE: Final = frozenset({Setting.IN_CLASS.value, Place.CLOUD.value})
"""The first sides of pairs, of which both sides are as many."""


@dataclass(frozen=True, slots=True)
class Line:
    """A finding as a row of a table, and as a sentence. What is missing is a dash."""

    measure: str
    first: str
    second: str
    people: str
    medians: str
    p: str
    adjusted: str
    effect: str
    shift: str
    interval: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Words:
    """How a comparison is said to one reader."""

    language: Language

    def measure(self, measure: Measure) -> str:
        """Name what is compared."""
        _ = self._words
        return {
            Measure.RUNS: _("runs"),
            Measure.MINUTES: _("time on task, minutes"),
            Measure.SESSIONS: _("sessions"),
            Measure.ERRORS: _("errors, share of runs"),
            Measure.DAYS: _("different days"),
            Measure.SHARE_OUT: _("share of the time out of class"),
        }[measure]

    def measures(self) -> tuple[Measure, ...]:
        """Give everything that is compared, in order."""
        return tuple(Measure)

    def whom(self, name: str) -> str:
        """Name one side of a comparison: a setting in the reader's words, a group or term as it is."""
        _ = self._words
        known = {
            Setting.IN_CLASS.value: _("in class"),
            Setting.OUT_OF_CLASS.value: _("out of class"),
            Place.CLOUD.value: _("in the cloud"),
            Place.LOCAL.value: _("on their own computer"),
            Place.CLOUD_ONLY.value: _("in the cloud only"),
            Place.LOCAL_ONLY.value: _("on their own computer only"),
        }
        return known.get(name, name)

    def heads(self) -> list[str]:
        """Name the columns of a table of findings."""
        _ = self._words
        return [
            _("Figure"),
            _("Of whom"),
            _("People"),
            _("Medians"),
            "p",
            _("p after Holm"),
            _("Effect"),
            _("Shift"),
            _("95 % confidence interval"),
        ]

    def line(self, finding: Finding) -> Line:
        """Say a finding."""
        result, dash = finding.result, "–"
        medians = finding.medians and " / ".join(self.value(finding.measure, one) for one in finding.medians)
        interval = result.interval if result else None
        return Line(
            measure=self.measure(finding.measure),
            first=self.whom(finding.first),
            second=self.whom(finding.second),
            people=self._people(finding),
            medians=medians or dash,
            p=self.p(result.p_value) if result else dash,
            adjusted=dash if finding.adjusted is None else self.p(finding.adjusted),
            effect=self.number(result.effect, 2) if result else dash,
            shift=self.value(finding.measure, result.shift) if result else dash,
            interval=f"{self._bound(finding, interval.low)} … {self._bound(finding, interval.high)}"
            if interval
            else dash,
            sentence=self.sentence(finding),
        )

    def sentence(self, finding: Finding) -> str:
        """Say in words what a finding means, and how carefully to read it."""
        _, result = self._words, finding.result
        names = {
            "measure": self.measure(finding.measure),
            "first": self.whom(finding.first),
            "second": self.whom(finding.second),
        }
        if result is None:
            return self._why_not(finding) % names
        if finding.adjusted is None or finding.adjusted >= SURE:
            said = _("%(measure)s: no difference was found; that is no proof that there is none.")
        elif isinstance(result, Wilcoxon):
            said = (
                _("%(measure)s: the same people have more %(first)s than %(second)s.")
                if result.effect > 0
                else _("%(measure)s: the same people have less %(first)s than %(second)s.")
            )
        else:
            said = self._of_others(finding.first, more=result.effect > 0)
        more = _(
            "The differences are lopsided: read it as how many people differ which way, not as how much."
        )
        return said % names + (f" {more}" if finding.skewed else "")

    def left_out(self, in_several_groups: int | None, in_both_periods: int | None) -> list[str]:
        """Say who is in no comparison of groups or periods; `None` stands for a few, who are not counted aloud."""
        _ = self._words
        said = []
        if in_several_groups != 0:
            text = _("Left out of the comparison of groups, being in several: %(people)s people.")
            said.append(text % {"people": self._few(in_several_groups)})
        if in_both_periods != 0:
            text = _("Left out of the comparison of periods, being in both: %(people)s people.")
            said.append(text % {"people": self._few(in_both_periods)})
        return said

    def not_all(self, shown: int, every: int) -> str:
        """Say that a family has more tests than are shown, and where the others are."""
        _ = self._words
        return _(
            "Shown are the %(shown)s of %(every)s tests with the smallest p after Holm, which counts all of them."
            " The files hold every one. Fewer groups make fewer: choose a course."
        ) % {"shown": self.number(shown, 0), "every": self.number(every, 0)}

    def corner_heads(self) -> list[str]:
        """Name the columns of the grid."""
        _ = self._words
        return [
            _("Gap, min"),
            _("Idle, min"),
            _("Grace, min"),
            _("People"),
            _("Out of class, median"),
            _("Time: effect"),
            "p",
            _("Sessions: effect"),
            "p",
        ]

    def corner(self, corner: Corner) -> list[str]:
        """Say one corner of the grid."""
        figures = (corner.minutes_effect, corner.minutes_p, corner.sessions_effect, corner.sessions_p)
        said = [self.number, self._p, self.number, self._p]
        return [
            *map(str, (corner.gap, corner.idle_after, corner.grace)),
            "–" if corner.people is None else str(corner.people),
            "–" if corner.share_out is None else self.value(Measure.SHARE_OUT, corner.share_out),
            *("–" if one is None else say(one, 2) for one, say in zip(figures, said, strict=True)),
        ]

    def about_corners(self) -> str:
        """Say how to read the grid."""
        _ = self._words
        return _(
            "None of the choices is right. A result that holds in one corner only says something about the choice."
        )

    def corner_title(self) -> str:
        """Name the grid."""
        _ = self._words
        return _("How the result moves with the choices")

    def says(self) -> list[str]:
        """Say what a comparison says."""
        _ = self._words
        return [
            _(
                "How much each person worked in their own lessons and at other times, compared with themselves."
            ),
            _("Effect, −1 to 1: in pairs the rank-biserial correlation, between groups Cliff's delta."),
            _(
                "Shift: the typical difference. The interval is of the shift in pairs, of Cliff's delta between groups."
            ),
            _("p after Holm is what counts: with several tests one is small by chance."),
        ]

    def says_not(self) -> list[str]:
        """Say what a comparison does not say."""
        _ = self._words
        return [
            _(
                "Not why: lessons have other exercises, a teacher and neighbours, and fewer hours than the week."
            ),
            _("Not who learned more: runs and minutes are no knowledge, and an error may be a good try."),
            _("Nothing about those who have not agreed, or who worked elsewhere."),
            _(
                "Groups were not drawn by lot: what differs between them may be the teacher, the hour or the people."
            ),
        ]

    def p(self, value: float) -> str:
        """Say a p-value."""
        return "< " + self.number(0.001, 3) if value < 0.001 else self.number(value, 3)  # noqa: PLR2004

    def value(self, measure: Measure, value: float) -> str:
        """Say a figure in its unit."""
        if measure in _SHARES:
            return format_percent(value, signed("#,##0.0 %"), locale=_LOCALES[self.language])
        return self.number(value, 1)

    def number(self, value: float, digits: int) -> str:
        """Say a number with so many digits after the point; nothing is less than nothing."""
        shape = signed(f"#,##0.{'0' * digits}" if digits else "#,##0")
        return format_decimal(round(value, digits) + 0.0, shape, locale=_LOCALES[self.language])

    def _p(self, value: float, _digits: int) -> str:
        return self.p(value)

    def _few(self, people: int | None) -> str:
        _ = self._words
        return _("a few") if people is None else str(people)

    def _bound(self, finding: Finding, value: float) -> str:
        paired = isinstance(finding.result, Wilcoxon)
        return self.value(finding.measure, value) if paired else self.number(value, 2)

    def _people(self, finding: Finding) -> str:
        if finding.n_first is None or finding.n_second is None:
            return "–"
        paired = finding.first in _SAME_PEOPLE
        return str(finding.n_first) if paired else " / ".join(map(str, (finding.n_first, finding.n_second)))

    def _of_others(self, first: str, *, more: bool) -> str:
        """Say that some people have more, or less, than others; those of one place are no people "of" a group."""
        _ = self._words
        if first == Place.CLOUD_ONLY:
            return (
                _("%(measure)s: who works %(first)s mostly has more than who works %(second)s.")
                if more
                else _("%(measure)s: who works %(first)s mostly has less than who works %(second)s.")
            )
        if more:
            return _("%(measure)s: people of %(first)s mostly have more than people of %(second)s.")
        return _("%(measure)s: people of %(first)s mostly have less than people of %(second)s.")

    def _why_not(self, finding: Finding) -> str:
        _ = self._words
        if finding.reason is Reason.FEW_DIFFER:
            return _("%(measure)s: no test; fewer than 6 people differ, and no test could tell.")
        return _("%(measure)s: not shown; too few people have this figure on both sides.")

    @property
    def _words(self) -> Callable[[str], str]:
        return translations(self.language).gettext
