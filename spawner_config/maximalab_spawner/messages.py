"""What a person reads when a server starts or does not: what happened, why, what to do now."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from maximalab_spawner.materials import Title
from maximalab_spawner.tiers import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Refusals that are not the policy's but of the request itself.
UNNAMED_SERVER = "unnamed_server"
STRANGE_SERVER = "strange_server"
NO_MATERIAL = "no_material"
STRANGE_OPTION = "strange_option"
OTHER_TIER = "other_tier"
#: Not a refusal: the start failed.
ENDED_EARLY = "ended_early"

REFUSALS: Mapping[str, tuple[HTTPStatus, Title]] = {
    Reason.UNKNOWN_MATERIAL: (
        HTTPStatus.NOT_FOUND,
        Title(
            uk="Такого матеріалу в лабораторії немає. Можливо, його перейменовано або знято. "
            "Поверніться до «Моєї лабораторії» і виберіть матеріал зі списку.",
            en="There is no such material in this lab. It may have been renamed or withdrawn. "
            "Go back to My lab and choose one from the list.",
        ),
    ),
    Reason.CATALOGUE_UNREADABLE: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        Title(
            uk="Каталог матеріалів зараз не читається, тому нічого не відкривається. "
            "Спробуйте за кілька хвилин; якщо не допоможе, повідомте адміністратора.",
            en="The catalogue of materials cannot be read just now, so nothing can be opened. "
            "Try again in a few minutes; if that does not help, tell the administrator.",
        ),
    ),
    Reason.NEEDS_VPN: (
        HTTPStatus.FORBIDDEN,
        Title(
            uk="Цей матеріал захищений, тому відкривається лише через VPN. "
            "Увімкніть VPN і зайдіть до лабораторії через його вхід.",
            en="This material is protected, so it opens through the VPN only. "
            "Turn the VPN on and enter the lab through its entrance.",
        ),
    ),
    Reason.NO_PRIVATE_TIER: (
        HTTPStatus.FORBIDDEN,
        Title(
            uk="Цей матеріал захищений, а ця лабораторія має лише відкриту частину. "
            "Запитайте викладача, де його можна відкрити.",
            en="This material is protected, and this lab has only an open part. "
            "Ask your teacher where it can be opened.",
        ),
    ),
    Reason.NOT_ENROLLED: (
        HTTPStatus.FORBIDDEN,
        Title(
            uk="Цей матеріал належить до курсу, на який вас не записано. "
            "Якщо це помилка, зверніться до викладача курсу.",
            en="This material belongs to a course in which you are not enrolled. "
            "If that is a mistake, turn to the teacher of the course.",
        ),
    ),
    Reason.TIER_UNAVAILABLE: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        Title(
            uk="Частина лабораторії, де працює цей матеріал, зараз недоступна. Ваша робота збережена. "
            "Спробуйте за кілька хвилин; якщо не допоможе, повідомте адміністратора.",
            en="The part of the lab where this material runs is not available just now. Your work is safe. "
            "Try again in a few minutes; if that does not help, tell the administrator.",
        ),
    ),
    Reason.NO_CAPACITY: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        Title(
            uk="Усі місця зараз зайняті. Спробуйте за кілька хвилин.",
            en="All places are taken just now. Try again in a few minutes.",
        ),
    ),
    UNNAMED_SERVER: (
        HTTPStatus.BAD_REQUEST,
        Title(
            uk="Сервер без імені тут не запускається, бо невідомо, де йому працювати. "
            "Відкрийте матеріал у «Моїй лабораторії».",
            en="A server without a name does not start here, as nothing says where it should run. "
            "Open a material in My lab.",
        ),
    ),
    STRANGE_SERVER: (
        HTTPStatus.BAD_REQUEST,
        Title(
            uk="Ім'я сервера має вигляд «рівень-образ», наприклад public-maxima. "
            "Відкрийте матеріал у «Моїй лабораторії», і ім'я буде правильним.",
            en="A server's name has the form tier-image, for example public-maxima. "
            "Open a material in My lab, and the name will be right.",
        ),
    ),
    NO_MATERIAL: (
        HTTPStatus.BAD_REQUEST,
        Title(
            uk="Не сказано, який матеріал відкрити. Виберіть його у «Моїй лабораторії».",
            en="Nothing says which material to open. Choose one in My lab.",
        ),
    ),
    STRANGE_OPTION: (
        HTTPStatus.BAD_REQUEST,
        Title(
            uk="Сервер приймає лише параметр material з назвою матеріалу; інше не дозволено. "
            "Відкрийте матеріал у «Моїй лабораторії».",
            en="A server takes only the option material, with a material's name; nothing else is allowed. "
            "Open a material in My lab.",
        ),
    ),
    OTHER_TIER: (
        HTTPStatus.BAD_REQUEST,
        Title(
            uk="Цей матеріал працює на іншому сервері. Відкрийте його у «Моїй лабораторії».",
            en="This material runs on another server. Open it in My lab.",
        ),
    ),
    ENDED_EARLY: (
        HTTPStatus.INTERNAL_SERVER_ERROR,
        Title(
            uk="Сервер зупинився, ще не запустившись. "
            "Спробуйте ще раз; якщо не допоможе, повідомте адміністратора.",
            en="The server stopped before it was up. "
            "Try again; if that does not help, tell the administrator.",
        ),
    ),
}

STARTING = Title(uk="Готуємо ваше місце…", en="Preparing your place…")
LAUNCHED = Title(uk="Сервер запускається…", en="The server is starting…")
ANSWERING = Title(uk="Ще мить: сервер відповідає…", en="One moment: the server is answering…")


def both_plain(title: Title) -> str:
    """Write both languages one after the other."""
    return f"{title.uk} / {title.en}"


def both_html(title: Title) -> str:
    """Write both languages as HTML, each marked as such, so that a page can show the reader's own."""
    return f'<span lang="uk">{escape(title.uk)}</span> <span lang="en">{escape(title.en)}</span>'


def step(percent: int, text: Title) -> dict[str, Any]:
    """Make a step of the progress that JupyterHub shows while a server starts; `percent` from 0 to 100."""
    return {
        "progress": percent,
        "message": both_plain(text),
        "html_message": both_html(text),
    }
