"""What a researcher types about a study, read by the rules of the settings. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, Field, ValidationError

from maximalab_hub.settings_sections import StudySection

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME: Final = "study"
CODE: Final = "asks_code"
_FIELDS: Final[Mapping[tuple[str, ...], str]] = {
    ("id",): NAME,
    ("title", "uk"): "title_uk",
    ("consent", "uk"): "consent_uk",
    ("title", "en"): "title_en",
    ("consent", "en"): "consent_en",
}
"""Where a value stands in the settings, and in which field it was typed; in the order of the page."""


class StudyForm(BaseModel):
    """What the form about the study holds."""

    study: str = Field(default="", max_length=41)
    title_uk: str = Field(default="", max_length=300)
    title_en: str = Field(default="", max_length=300)
    consent_uk: str = Field(default="", max_length=10_000)
    consent_en: str = Field(default="", max_length=10_000)
    asks_code: bool = False
    anew: bool = False
    """Whoever agreed to the text as it was may be asked again."""


class StudyFormError(ValueError):
    """The form is no study yet: these fields have to be mended, in the order of the page."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


def form_of(study: StudySection) -> StudyForm:
    """Give the form as it stands before anybody types."""
    return StudyForm(
        study=study.id,
        title_uk=study.title.uk,
        title_en=study.title.en,
        consent_uk=study.consent.uk,
        consent_en=study.consent.en,
        asks_code=study.asks_code,
    )


def read_study(typed: StudyForm, usual: StudySection) -> StudySection:
    """Read the form; what it does not ask is as `usual`. Raises `StudyFormError`.

    Who asks for code writes a text for it: the one that a lab begins with says that there is none.
    """
    said = {name: getattr(typed, name).strip() for name in _FIELDS.values()}
    told = {
        "id": said[NAME],
        "title": {"uk": said["title_uk"], "en": said["title_en"]},
        "consent": {"uk": said["consent_uk"], "en": said["consent_en"]},
    }
    try:
        study = StudySection.model_validate({**usual.model_dump(), **told})
    except ValidationError as error:
        wrong = {one["loc"] for one in error.errors()}
        raise StudyFormError(tuple(name for place, name in _FIELDS.items() if place in wrong)) from error
    first = StudySection().consent
    says_none = [f"consent_{one}" for one in ("uk", "en") if study.consent.text(one) == first.text(one)]
    if typed.asks_code and says_none:
        raise StudyFormError(tuple(says_none))
    return study.asking_for_code(typed.asks_code)
