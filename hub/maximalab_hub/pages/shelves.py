"""What My lab shows to whom: courses as shelves, materials as cards. Values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from maximalab_spawner.tiers import Granted, Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from maximalab_spawner.catalog import Catalog, Material
    from maximalab_spawner.tiers import Decision, Person

    from maximalab_hub.settings_sections import Language


@dataclass(frozen=True, slots=True)
class Card:
    """One material as this person sees it."""

    id: str
    title: str
    summary: str
    access: str
    refused: Reason | None = None
    """Why it cannot be opened from here; nothing where it can."""

    @property
    def opens(self) -> bool:
        """Whether the material can be opened from here."""
        return self.refused is None

    @property
    def needs_vpn(self) -> bool:
        """Whether only the entrance is wrong."""
        return self.refused is Reason.NEEDS_VPN


@dataclass(frozen=True, slots=True)
class Shelf:
    """One course, or the open materials of courses that are not the person's."""

    id: str
    title: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class MyLab:
    """All that My lab lists."""

    courses: tuple[Shelf, ...]
    """The person's own courses, empty ones included."""
    elsewhere: tuple[Card, ...]
    """What else the person may open: open materials of other courses."""
    faults: tuple[str, ...]
    """What is wrong with the catalogue, for those who can mend it."""


def my_lab(
    catalog: Catalog, person: Person, decide: Callable[[Material], Decision], language: Language
) -> MyLab:
    """Sort the catalogue for one person; `decide` says whether a material opens for the person here."""
    ids = person.studies | person.teaches
    own = [course for course in catalog.courses if person.admin or course.id in ids]
    shelves = tuple(
        Shelf(course.id, course.title.of(language), cards)
        for course in own
        for cards in [_cards(catalog.of_course(course.id), decide, language)]
    )
    shown = {card.id for shelf in shelves for card in shelf.cards}
    others = _cards((one for one in catalog.materials if one.id not in shown), decide, language)
    mends = person.admin or bool(person.teaches)
    return MyLab(shelves, tuple(card for card in others if card.opens), catalog.faults if mends else ())


def _cards(
    materials: Iterable[Material], decide: Callable[[Material], Decision], language: Language
) -> tuple[Card, ...]:
    return tuple(_card(material, decide(material), language) for material in materials)


def _card(material: Material, decision: Decision, language: Language) -> Card:
    match decision:
        case Granted():
            refused = None
        case Refused(reason=reason):
            refused = reason
    return Card(
        id=material.id,
        title=material.title.of(language),
        summary=material.summary.of(language),
        access=material.access.value,
        refused=refused,
    )
