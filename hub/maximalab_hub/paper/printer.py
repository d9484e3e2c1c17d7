"""Who speaks in a report, and what each report has around its sections. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import maximalab_hub
from maximalab_hub.language import translations
from maximalab_hub.paper.document import Document
from maximalab_hub.paper.press import press_version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from maximalab_hub.paper.document import Section
    from maximalab_hub.service.template_words import TemplateWords
    from maximalab_hub.service.wording import Wording


@dataclass(frozen=True, slots=True)
class Printer:
    """Who speaks: the words of a language, the lab's name, and the study's title and short name."""

    said: Wording
    words: TemplateWords
    lab: str
    title: str
    study: str

    @property
    def tr(self) -> Callable[[str], str]:
        """Translate a text."""
        return translations(self.said.language).gettext

    def document(
        self,
        kind: str,
        sections: Sequence[Section],
        *,
        title: str = "",
        as_of: datetime | None = None,
        more: Sequence[tuple[str, str]] = (),
    ) -> Document:
        """Put sections into a report.

        Its title is the study's where none is given; `as_of` is the newest moment that its figures know of, and `more`
        are facts that stand below the title, too.
        """
        _ = self.tr
        facts = [(_("Study"), f"{self.title} ({self.study})" if title else self.study), (_("Lab"), self.lab)]
        if as_of is not None:
            facts.append((_("Data as of"), self.said.day(as_of)))
        facts += more
        year = f" ({as_of.year})" if as_of else ""
        cite = f"{self.lab}{year}. {title or self.title}: {kind} ({self.study}, %(version)s)."
        return Document(
            language=self.said.language,
            kind=kind,
            title=title or self.title,
            author=self.lab,
            facts=tuple(facts),
            sections=tuple(sections),
            cite=_("To cite: %(citation)s") % {"citation": cite},
            foot=f"MaximaLab {maximalab_hub.__version__} · {press_version()}",
        )
