"""What a person reads where a server does not start: one table, for the pages and for JupyterHub's answers."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

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
NOT_IN_TIME = "not_in_time"
IMAGE_MISSING = "image_missing"
NO_SEAT = "no_seat"
#: In a Swarm: no machine is meant for this, and the one with the person's work is away.
NO_NODE = "no_node"
HOME_AWAY = "home_away"
#: The person's server runs, and was started without the right to open this material.
NOT_HANDED = "not_handed"
#: Publishing.
NOT_TEACHING = "not_teaching"
PUBLISH_AT_VPN = "publish_at_vpn"
NO_DESK = "no_desk"
UPLOAD_GONE = "upload_gone"
UPLOADS_BUSY = "uploads_busy"
#: What publishing is refused for, beside the reasons of the policy.
OF_PUBLISHING = (NOT_TEACHING, PUBLISH_AT_VPN, NO_DESK, UPLOAD_GONE, UPLOADS_BUSY)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason: its HTTP status, what happened, why, and what to do now."""

    status: HTTPStatus
    title: Title
    why: Title
    remedy: Title

    @property
    def text(self) -> Title:
        """All of it in one line, for where there is no page of our own."""
        return Title(
            *(f"{self.title.of(one)}. {self.why.of(one)} {self.remedy.of(one)}" for one in ("uk", "en"))
        )


LATER = Title(
    uk="Спробуйте ще раз за кілька хвилин. Якщо не допоможе, повідомте адміністратора лабораторії.",
    en="Try again in a few minutes. If it lasts, tell the lab's administrator.",
)
FROM_MY_LAB = Title(
    uk="Поверніться до «Моєї лабораторії» і відкрийте матеріал звідти.",
    en="Go back to My lab and open a material there.",
)

REFUSALS: Mapping[str, Refusal] = {
    Reason.NEEDS_VPN: Refusal(
        HTTPStatus.FORBIDDEN,
        Title(uk="Для цього матеріалу потрібен VPN", en="This material needs the VPN"),
        Title(
            uk="Він ліцензійний або приватний, а такі матеріали доступні лише зсередини VPN університету.",
            en="It is licensed or private, and such materials are reachable only from inside the university's VPN.",
        ),
        Title(
            uk="Увімкніть VPN і відкрийте «Мою лабораторію» на вході VPN. "
            "Вашої роботи у відкритих матеріалах це не зачіпає.",
            en="Connect to the VPN, then open My lab at the VPN entrance. "
            "Your work in open materials is not affected.",
        ),
    ),
    Reason.UNKNOWN_MATERIAL: Refusal(
        HTTPStatus.NOT_FOUND,
        Title(uk="Такого матеріалу немає", en="There is no such material"),
        Title(
            uk="У каталозі немає матеріалу з такою назвою; можливо, його перейменовано або вилучено.",
            en="The catalogue knows no material of this name; perhaps it has been renamed or withdrawn.",
        ),
        Title(
            uk="Поверніться до «Моєї лабораторії» й оберіть матеріал зі списку або запитайте викладача.",
            en="Go back to My lab and choose a material from the list, or ask your teacher.",
        ),
    ),
    Reason.NOT_ENROLLED: Refusal(
        HTTPStatus.FORBIDDEN,
        Title(uk="Цей матеріал вам недоступний", en="This material is not open to you"),
        Title(
            uk="Відкрити його можуть лише ті, хто навчається на цьому курсі або викладає його.",
            en="Only those who study or teach its course may open it.",
        ),
        Title(
            uk="Якщо це ваш курс, попросіть викладача записати вас, а потім увійдіть знову.",
            en="If you belong to the course, ask your teacher to enrol you, then sign in again.",
        ),
    ),
    Reason.NO_PRIVATE_TIER: Refusal(
        HTTPStatus.FORBIDDEN,
        Title(uk="У цій лабораторії є лише відкриті матеріали", en="This lab has only open materials"),
        Title(
            uk="Матеріал ліцензійний або приватний, а захищених серверів для нього в цій лабораторії немає.",
            en="The material is licensed or private, and this lab has no protected servers for it.",
        ),
        Title(
            uk="Запитайте викладача, де можна працювати з цим матеріалом.",
            en="Ask your teacher where the material can be used.",
        ),
    ),
    Reason.CATALOGUE_UNREADABLE: Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Title(uk="Не вдається прочитати перелік матеріалів", en="The list of materials cannot be read"),
        Title(
            uk="Без нього не можна сказати, який матеріал дозволено відкривати, тому поки що не відкривається жоден.",
            en="Without it nobody can say which material may be opened, so none is opened for now.",
        ),
        LATER,
    ),
    Reason.TIER_UNAVAILABLE: Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Title(
            uk="Сервери для цього матеріалу зараз недоступні",
            en="The servers for this material are not available now",
        ),
        Title(
            uk="Комп’ютери, на яких працює такий матеріал або лежить ваша робота, не відповідають. Робота збережена.",
            en="The computers that run this kind of material, or hold your work, do not answer. Your work is safe.",
        ),
        LATER,
    ),
    Reason.NO_CAPACITY: Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Title(uk="Усі місця зараз зайняті", en="All places are taken at the moment"),
        Title(
            uk="Уже працює стільки серверів, скільки ця лабораторія може витримати.",
            en="As many servers as this lab can carry are running already.",
        ),
        Title(
            uk="Спробуйте ще раз за кілька хвилин або зупиніть свій сервер, який вам більше не потрібен.",
            en="Try again in a few minutes, or stop a server of yours that you no longer need.",
        ),
    ),
    UNNAMED_SERVER: Refusal(
        HTTPStatus.BAD_REQUEST,
        Title(uk="Сервер без імені тут не запускається", en="A server without a name does not start here"),
        Title(uk="Ніщо не каже, де йому працювати.", en="Nothing says where it should run."),
        FROM_MY_LAB,
    ),
    STRANGE_SERVER: Refusal(
        HTTPStatus.BAD_REQUEST,
        Title(uk="Сервера з таким іменем тут не буває", en="No server has such a name here"),
        Title(
            uk="Ім’я сервера має вигляд «рівень-образ», наприклад public-maxima.",
            en="A server's name has the form tier-image, for example public-maxima.",
        ),
        FROM_MY_LAB,
    ),
    NO_MATERIAL: Refusal(
        HTTPStatus.BAD_REQUEST,
        Title(uk="Не сказано, який матеріал відкрити", en="Nothing says which material to open"),
        Title(uk="Сервер завжди запускається для матеріалу.", en="A server always starts for a material."),
        FROM_MY_LAB,
    ),
    STRANGE_OPTION: Refusal(
        HTTPStatus.BAD_REQUEST,
        Title(uk="Сервер не приймає такого параметра", en="A server does not take such an option"),
        Title(
            uk="Можна сказати лише material з назвою матеріалу.",
            en="Only material, with a material's name, may be said.",
        ),
        FROM_MY_LAB,
    ),
    OTHER_TIER: Refusal(
        HTTPStatus.BAD_REQUEST,
        Title(uk="Цей матеріал працює на іншому сервері", en="This material runs on another server"),
        Title(
            uk="Де йому працювати, каже каталог, а не той, хто запускає сервер.",
            en="Where it runs is said by the catalogue, not by who starts the server.",
        ),
        FROM_MY_LAB,
    ),
    NOT_HANDED: Refusal(
        HTTPStatus.CONFLICT,
        Title(
            uk="Ваш сервер запущено без цього матеріалу",
            en="Your server was started without this material",
        ),
        Title(
            uk="Сервер відкриває лише те, що було вам доступне, коли він запускався.",
            en="A server opens only what you were allowed when it started.",
        ),
        Title(
            uk="Збережіть роботу, зупиніть сервер у «Моїй лабораторії» і відкрийте матеріал ще раз.",
            en="Save your work, stop the server in My lab, and open the material again.",
        ),
    ),
    NOT_TEACHING: Refusal(
        HTTPStatus.FORBIDDEN,
        Title(uk="Матеріали публікують викладачі курсу", en="Materials are published by a course's teachers"),
        Title(
            uk="Ви не викладаєте якогось із курсів цього матеріалу: нинішніх або тих, що були досі.",
            en="You do not teach one of this material's courses, those it has now or had until now.",
        ),
        Title(
            uk="Перевірте, які курси названо в описі, або попросіть адміністратора додати вас до викладачів курсу.",
            en="Check the field courses, or ask the administrator to add you to the course's teachers.",
        ),
    ),
    PUBLISH_AT_VPN: Refusal(
        HTTPStatus.FORBIDDEN,
        Title(
            uk="Такий матеріал публікують на вході VPN", en="Such material is published at the VPN entrance"
        ),
        Title(
            uk="Жоден байт ліцензійного чи приватного матеріалу не має проходити через публічний вхід, "
            "тому тут нічого не прийнято.",
            en="No byte of licensed or private material may pass the public entrance, so nothing was taken in.",
        ),
        Title(
            uk="Увімкніть VPN, відкрийте «Публікацію матеріалів» на вході VPN і надішліть матеріал там.",
            en="Connect to the VPN, open “Publish material” at the VPN entrance and send it there.",
        ),
    ),
    NO_DESK: Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Title(uk="Зараз матеріали не приймаються", en="No material is taken in at the moment"),
        Title(
            uk="Сховище, у якому він мав би лежати, не відповідає або не налаштоване. Нічого не змінилося.",
            en="The storage where it belongs does not answer or is not set up. Nothing has changed.",
        ),
        LATER,
    ),
    UPLOAD_GONE: Refusal(
        HTTPStatus.NOT_FOUND,
        Title(uk="Цього надсилання вже немає", en="This upload is not there any more"),
        Title(
            uk="Його опубліковано, відкинуто або воно чекало понад годину.",
            en="It was published, discarded, or has waited for more than an hour.",
        ),
        Title(uk="Надішліть матеріал ще раз.", en="Send the material once more."),
    ),
    UPLOADS_BUSY: Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        Title(uk="Зараз надсилають інші", en="Others are sending at the moment"),
        Title(
            uk="Лабораторія приймає лише кілька матеріалів одночасно.",
            en="The lab takes in only a few materials at a time.",
        ),
        Title(uk="Спробуйте ще раз за хвилину.", en="Try again in a minute."),
    ),
    NO_SEAT: Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Title(uk="Усі ліцензії зараз зайняті", en="All licences are in use"),
        Title(
            uk="Програма цього матеріалу має обмежену кількість ліцензій. Ваше місце в черзі було: {}.",
            en="The program of this material has a limited number of licences. Your place in the queue was: {}.",
        ),
        Title(
            uk="Спробуйте ще раз за кілька хвилин. Якщо у вас працює інший такий сервер, зупиніть його.",
            en="Try again in a few minutes. If another such server of yours runs, stop it.",
        ),
    ),
    NO_NODE: Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Title(
            uk="Для цього матеріалу ще не призначено комп’ютера",
            en="No computer is assigned to this material yet",
        ),
        Title(
            uk="Жоден комп’ютер лабораторії не позначено як такий, на якому можна працювати з таким матеріалом.",
            en="None of the lab's computers is marked as one that runs this kind of material.",
        ),
        Title(
            uk="Повідомте адміністратора лабораторії: чого саме бракує, покаже її самоперевірка.",
            en="Tell the lab's administrator: the lab's doctor says what is missing.",
        ),
    ),
    HOME_AWAY: Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Title(
            uk="Комп’ютер, на якому лежить ваша робота, зараз недоступний",
            en="The computer that holds your work is not available now",
        ),
        Title(
            uk="Він вимкнений, на обслуговуванні або без зв’язку. Порожнє місце на іншому комп’ютері ми вам "
            "не відкриваємо, щоб ваша робота не розділилася. Усе збережене залишилося там, де було.",
            en="It is switched off, being serviced or cut off. We do not open an empty place on another computer, "
            "so that your work stays in one piece. What you have saved is still where it was.",
        ),
        LATER,
    ),
    IMAGE_MISSING: Refusal(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        Title(uk="Бракує програм для цього матеріалу", en="The programs for this material are missing"),
        Title(
            uk="На комп’ютері, де він мав би працювати, немає образу «{}».",
            en="The computer where it should run has no image “{}”.",
        ),
        Title(
            uk="Повідомте адміністратора лабораторії і назвіть йому цей образ. Ваша робота збережена.",
            en="Tell the lab's administrator, and name this image. Your work is safe.",
        ),
    ),
    ENDED_EARLY: Refusal(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        Title(uk="Сервер не запустився", en="The server did not start"),
        Title(uk="Він зупинився, ще не відповівши.", en="It stopped before it answered."),
        LATER,
    ),
    NOT_IN_TIME: Refusal(
        HTTPStatus.GATEWAY_TIMEOUT,
        Title(uk="Сервер не відповів вчасно", en="The server did not answer in time"),
        Title(
            uk="Він запускався, але так і не відповів, тому його зупинено. Ваша робота збережена.",
            en="It was starting and never answered, so it is stopped. Your work is safe.",
        ),
        LATER,
    ),
}
"""The text of each reason of the policy, and of what else keeps a server from starting."""
