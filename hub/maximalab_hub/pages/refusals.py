"""What a page says when a material cannot be opened: what happened, why, and what to do now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from maximalab_spawner.tiers import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

_ = str
"""Marks a text for translation; the page translates it into the reader's language."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The page of one reason: its HTTP status and three texts in English, to be translated."""

    status: int
    title: str
    why: str
    remedy: str


REFUSALS: Final[Mapping[Reason, Refusal]] = {
    Reason.NEEDS_VPN: Refusal(
        403,
        _("This material needs the VPN"),
        _(
            "It is licensed or private, and such materials are reachable only from inside"
            " the university's VPN."
        ),
        _(
            "Connect to the VPN, then open My lab at the VPN entrance."
            " Your work in open materials is not affected."
        ),
    ),
    Reason.UNKNOWN_MATERIAL: Refusal(
        404,
        _("There is no such material"),
        _("The catalogue knows no material of this name; perhaps it has been withdrawn."),
        _("Go back to My lab and choose a material from the list, or ask your teacher."),
    ),
    Reason.NOT_ENROLLED: Refusal(
        403,
        _("This material is not open to you"),
        _("Only those who study or teach its course may open it."),
        _("If you belong to the course, ask your teacher to enrol you, then sign in again."),
    ),
    Reason.NO_PRIVATE_TIER: Refusal(
        403,
        _("This lab has only open materials"),
        _("The material is licensed or private, and this lab has no protected servers for it."),
        _("Ask your teacher where the material can be used."),
    ),
    Reason.CATALOGUE_UNREADABLE: Refusal(
        503,
        _("The list of materials cannot be read"),
        _("Without it nobody can say which material may be opened, so none is opened for now."),
        _("Try again in a few minutes. If it lasts, tell the lab's administrator."),
    ),
    Reason.TIER_UNAVAILABLE: Refusal(
        503,
        _("The servers for this material are not available now"),
        _("The computers that run this kind of material do not answer."),
        _("Try again in a few minutes. If it lasts, tell the lab's administrator."),
    ),
    Reason.NO_CAPACITY: Refusal(
        503,
        _("All places are taken at the moment"),
        _("As many servers as this lab can carry are running already."),
        _("Try again in a few minutes, or stop a server of yours that you no longer need."),
    ),
}
"""The page of each reason."""
