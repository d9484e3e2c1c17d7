"""The bar chart of the study page: numbers and words for a template that draws them as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from maximalab_hub.setting import Setting

if TYPE_CHECKING:
    from maximalab_hub.compare import Comparison
    from maximalab_hub.service.wording import Wording

FULL = 400
"""Length of a bar for the largest share, in the drawing's units."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One setting: its label, what its bar is worth in words, and its length."""

    setting: str
    label: str
    value: str
    length: float

    @property
    def text(self) -> str:
        """Say it to those who do not see the drawing."""
        return f"{self.label} {self.value}"


def bars(compared: Comparison, said: Wording) -> list[Bar]:
    """Give a bar for the share of errors in each setting that has figures. The longest fills the drawing."""
    shares = {
        setting: figures.error_share
        for setting, figures in compared.by_setting.items()
        if figures is not None and figures.error_share is not None and setting is not Setting.UNKNOWN
    }
    largest = max(shares.values(), default=0) or 1
    return [
        Bar(setting.value, said.setting(setting), said.percent(share), round(FULL * share / largest, 1))
        for setting, share in shares.items()
    ]
