"""What a person reads where the sign-in by the provider did not succeed."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from maximalab_spawner.catalog import Title
from maximalab_spawner.refusals import LATER, Refusal

from maximalab_hub.oidc.why import Why

if TYPE_CHECKING:
    from collections.abc import Mapping

_AGAIN: Final = Title(
    uk="Почніть вхід ще раз.",
    en="Begin to sign in again.",
)
_TELL: Final = Title(
    uk="Повідомте адміністратора лабораторії, коли це сталося: причина є в журналі.",
    en="Tell the lab's administrator when it happened: the log says why.",
)

FAILURES: Final[Mapping[Why, Refusal]] = {
    Why.PROVIDER_AWAY: Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Title(uk="Служба входу не відповідає", en="The sign-in service does not answer"),
        Title(
            uk="Лабораторія працює, але служба, яка має підтвердити, хто ви, зараз не відповідає.",
            en="The lab is there, but the service that should say who you are does not answer at the moment.",
        ),
        LATER,
    ),
    Why.PROVIDER_WRONG: Refusal(
        HTTPStatus.BAD_GATEWAY,
        Title(uk="Відповідь служби входу не підходить", en="The sign-in service gave a wrong answer"),
        Title(
            uk="Лабораторія не може довіряти тому, що відповіла служба входу. Причина не у вас: щось"
            " налаштовано неправильно.",
            en="The lab cannot trust what the sign-in service said. You did nothing wrong: something is set up"
            " wrongly.",
        ),
        _TELL,
    ),
    Why.CLOCK: Refusal(
        HTTPStatus.BAD_GATEWAY,
        Title(uk="Годинники розходяться", en="Two clocks differ"),
        Title(
            uk="Годинник лабораторії і годинник служби входу показують різний час, тож підтвердження входу"
            " здається застарілим або завчасним.",
            en="The clocks of the lab and of the sign-in service differ, so its word about you seems too old or too"
            " early.",
        ),
        _TELL,
    ),
    Why.DECLINED: Refusal(
        HTTPStatus.FORBIDDEN,
        Title(uk="Вхід скасовано", en="The sign-in was cancelled"),
        Title(
            uk="На сторінці служби входу дозволу не дали, тож лабораторія не знає, хто ви.",
            en="Permission was not given on the page of the sign-in service, so the lab does not know who you are.",
        ),
        Title(
            uk="Якщо хочете увійти, почніть вхід ще раз і надайте дозвіл.",
            en="To sign in, begin again and give your permission.",
        ),
    ),
    Why.BEGIN_AGAIN: Refusal(
        HTTPStatus.BAD_REQUEST,
        Title(uk="Цей вхід уже не дійсний", en="This sign-in no longer counts"),
        Title(
            uk="Його почали надто давно, в іншій вкладці, за іншою адресою, або браузер не зберігає кукі.",
            en="It was begun too long ago, in another tab or at another address, or the browser keeps no cookies.",
        ),
        _AGAIN,
    ),
    Why.TOO_MANY: Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        Title(uk="Забагато спроб увійти", en="Too many attempts to sign in"),
        Title(
            uk="З цієї мережі було забагато невдалих спроб увійти.",
            en="There were too many attempts to sign in from this network that did not succeed.",
        ),
        Title(
            uk="Зачекайте хвилину і почніть вхід ще раз.", en="Wait a minute, then begin to sign in again."
        ),
    ),
    Why.NO_IDENTITY: Refusal(
        HTTPStatus.FORBIDDEN,
        Title(uk="Лабораторія не може вас упізнати", en="The lab cannot tell who you are"),
        Title(
            uk="Служба входу не назвала того, за чим лабораторія відрізняє людей.",
            en="The sign-in service did not say that by which the lab tells persons apart.",
        ),
        _TELL,
    ),
    Why.EMAIL_UNVERIFIED: Refusal(
        HTTPStatus.FORBIDDEN,
        Title(uk="Вашу електронну адресу не підтверджено", en="Your e-mail address has not been verified"),
        Title(
            uk="Лабораторія впускає лише тих, чию електронну адресу служба входу перевірила.",
            en="The lab lets in only those whose e-mail address the sign-in service has verified.",
        ),
        Title(
            uk="Підтвердьте адресу у своєму обліковому записі служби входу, потім увійдіть ще раз.",
            en="Verify the address in your account at the sign-in service, then sign in again.",
        ),
    ),
    Why.NOT_ALLOWED: Refusal(
        HTTPStatus.FORBIDDEN,
        Title(uk="Цей обліковий запис тут не має доступу", en="This account is not let in here"),
        Title(
            uk="Служба входу підтвердила, хто ви, але лабораторія відкрита лише для певних груп і адрес.",
            en="The sign-in service has said who you are, but the lab is open to certain groups and addresses only.",
        ),
        Title(
            uk="Увійдіть обліковим записом свого університету або попросіть викладача чи адміністратора"
            " лабораторії додати вас.",
            en="Sign in with the account of your university, or ask your teacher or the lab's administrator to add"
            " you.",
        ),
    ),
}
