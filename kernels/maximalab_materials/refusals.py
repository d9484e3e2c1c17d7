"""Why a material was not opened: each reason with its status, and what to do about it in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Words:
    """What happened, why, and what to do now."""

    what: str
    why: str
    remedy: str


class Reason(Enum):
    """A reason not to open a material; its value is the HTTP status and the words in both languages."""

    BAD_ID = (
        400,
        Words(
            "Матеріал не відкрито.",
            "Адреса не називає матеріалу: його назва складається з малих латинських літер, цифр і дефісів.",
            "Відкрийте матеріал кнопкою на сторінці «Моя лабораторія».",
        ),
        Words(
            "The material was not opened.",
            "The address names no material: its name consists of small Latin letters, digits and hyphens.",
            "Open the material by its button on the page “My lab”.",
        ),
    )
    NOT_HANDED = (
        403,
        Words(
            "Матеріал не відкрито.",
            "Цей сервер запущено без права відкривати цей матеріал.",
            "Якщо він є в «Моїй лабораторії», збережіть роботу, зупиніть там сервер і відкрийте матеріал ще раз.",
        ),
        Words(
            "The material was not opened.",
            "This server was started without the right to open this material.",
            "If it is on the page “My lab”, save your work, stop the server there, and open the material again.",
        ),
    )
    UNKNOWN = (
        404,
        Words(
            "Матеріал не відкрито.",
            "Такого матеріалу на цьому рівні немає: його могли вилучити або ще не опублікували.",
            "Поверніться на сторінку «Моя лабораторія» або спитайте викладача.",
        ),
        Words(
            "The material was not opened.",
            "There is no such material on this tier: it was withdrawn, or not published yet.",
            "Go back to the page “My lab”, or ask your teacher.",
        ),
    )
    IN_THE_WAY = (
        409,
        Words(
            "Нову версію не покладено.",
            "У вашому просторі вже є інша папка з такою назвою, а ваше ніколи не перезаписується.",
            "Перейменуйте ту папку в JupyterLab і відкрийте матеріал ще раз.",
        ),
        Words(
            "The new version was not put there.",
            "Your space already has another folder of that name, and what is yours is never overwritten.",
            "Rename that folder in JupyterLab, then open the material again.",
        ),
    )
    NO_STORE = (
        503,
        Words(
            "Матеріал не відкрито.",
            "Сховище матеріалів зараз недоступне.",
            "Спробуйте за кілька хвилин. Якщо не допоможе, напишіть адміністратору лабораторії.",
        ),
        Words(
            "The material was not opened.",
            "The store of materials cannot be reached now.",
            "Try again in a few minutes. If that does not help, write to the lab's administrator.",
        ),
    )
    DAMAGED = (
        503,
        Words(
            "Матеріал не відкрито.",
            "Матеріал у сховищі пошкоджено або він неповний, тому нічого не скопійовано.",
            "Напишіть викладачеві: матеріал треба опублікувати ще раз.",
        ),
        Words(
            "The material was not opened.",
            "The material in the store is damaged or not whole, so nothing was copied.",
            "Write to your teacher: the material has to be published again.",
        ),
    )
    UNWRITABLE = (
        503,
        Words(
            "Матеріал не відкрито.",
            "У ваш простір зараз не можна записати файли. Нічого не змінено.",
            "Перезапустіть свій сервер. Якщо не допоможе, напишіть адміністратору лабораторії.",
        ),
        Words(
            "The material was not opened.",
            "Files cannot be written to your space now. Nothing was changed.",
            "Restart your server. If that does not help, write to the lab's administrator.",
        ),
    )
    NO_SPACE = (
        507,
        Words(
            "Матеріал не відкрито.",
            "У вашому просторі скінчилося місце. Нічого не змінено.",
            "Вилучіть непотрібні файли в JupyterLab і відкрийте матеріал ще раз.",
        ),
        Words(
            "The material was not opened.",
            "Your space is full. Nothing was changed.",
            "Delete files that you do not need in JupyterLab, then open the material again.",
        ),
    )

    @property
    def status(self) -> int:
        """The HTTP status of the page."""
        return self.value[0]

    def words(self, language: str) -> Words:
        """Give what to say in `language`, `uk` or `en`."""
        return self.value[1] if language == "uk" else self.value[2]


class Refused(Exception):  # noqa: N818  (it names what happens to the request)
    """The material is not opened; nothing was changed."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.name)
        self.reason = reason
