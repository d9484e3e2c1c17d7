"""What can be wrong with a material, said once, in both languages: which file, which field, and what to do.

A fault is plain data. The program that looks at what a teacher sends runs on the material's own tier and hands its
faults to the hub, which says them in the reader's language.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Letters of one value, such as a file's name, that are repeated in a fault.
LONGEST_VALUE: Final = 120
#: Faults that are named at a time; a person mends no more at once.
MOST_FAULTS: Final = 50


class Wrong(StrEnum):
    """What is wrong. `{0}`, `{1}` in its words are the fault's values."""

    UNREADABLE = "unreadable"
    NOT_TOML = "not_toml"
    LARGE_DESCRIPTION = "large_description"
    UNKNOWN_FIELD = "unknown_field"
    NO_TEXT = "no_text"
    NO_NUMBER = "no_number"
    NO_NAME = "no_name"
    NO_TABLE = "no_table"
    NO_ACCESS = "no_access"
    NO_COURSES = "no_courses"
    NO_NOTEBOOKS = "no_notebooks"
    RESERVED_ID = "reserved_id"
    NO_COURSE_TABLES = "no_course_tables"
    COURSE_TWICE = "course_twice"
    NO_DESCRIPTION = "no_description"
    COURSE_UNKNOWN = "course_unknown"
    NO_STORE = "no_store"
    NOTEBOOK_MISSING = "notebook_missing"
    NOTEBOOK_BROKEN = "notebook_broken"
    VERSION_OLD = "version_old"
    ACCESS_CHANGED = "access_changed"
    OTHER_CONTENT = "other_content"
    NOT_AS_SAID = "not_as_said"
    MANY_FILES = "many_files"
    LARGE = "large"
    LEADS_OUT = "leads_out"
    NO_PLAIN_PATH = "no_plain_path"
    SPARE_SIGN = "spare_sign"
    NAME_NOT_UTF8 = "name_not_utf8"
    LONG_PATH = "long_path"
    ALIKE = "alike"
    IN_A_FILE = "in_a_file"
    LINK = "link"
    ENCRYPTED = "encrypted"
    STRANGE_PACKING = "strange_packing"
    PACKED_NAME = "packed_name"
    TWICE = "twice"
    NOT_WHOLE = "not_whole"
    NO_ZIP = "no_zip"
    OTHER_LENGTH = "other_length"
    CUT_OFF = "cut_off"
    GONE = "gone"


WORDS: Final[Mapping[Wrong, tuple[str, str]]] = {
    Wrong.UNREADABLE: (
        "не читається ({0}); перевірте, чи файл на місці й доступний для читання",
        "cannot be read ({0}); check that it is there and readable",
    ),
    Wrong.NOT_TOML: (
        "це не TOML ({0}); виправте названий рядок",
        "is not TOML ({0}); mend the line named",
    ),
    Wrong.LARGE_DESCRIPTION: (
        "більший за {0} байтів; залиште в ньому лише опис",
        "is larger than {0} bytes; keep only the description in it",
    ),
    Wrong.UNKNOWN_FIELD: (
        "такого поля тут немає; вилучіть його або використайте одне з: {0}",
        "is not known here; remove it or use one of {0}",
    ),
    Wrong.NO_TEXT: ("напишіть непорожній текст", "write a text that is not empty"),
    Wrong.NO_NUMBER: ("напишіть ціле число, не менше за {0}", "write a whole number from {0} on"),
    Wrong.NO_NAME: ("напишіть назву за зразком {0}", "write a name of the form {0}"),
    Wrong.NO_TABLE: ("напишіть таблицю [{0}]", "write a table [{0}]"),
    Wrong.NO_ACCESS: ("напишіть одне зі слів {0}, а не {1}", "write one of {0}, not {1}"),
    Wrong.NO_COURSES: (
        "напишіть список різних курсів за зразком {0}",
        "write a list of different course ids of the form {0}",
    ),
    Wrong.NO_NOTEBOOKS: (
        "назвіть хоча б один зошит із його мовою",
        "name at least one notebook, by language",
    ),
    Wrong.RESERVED_ID: (
        "{0} — це назва списку курсів; оберіть іншу",
        "{0} is the name of the list of courses; choose another",
    ),
    Wrong.NO_COURSE_TABLES: (
        "напишіть кожен курс як таблицю [[course]]",
        "write each course as a table [[course]]",
    ),
    Wrong.COURSE_TWICE: (
        "назва {0} повторюється; залиште одну",
        "the id {0} stands there twice; keep one",
    ),
    Wrong.NO_DESCRIPTION: (
        "немає файлу {0}; покладіть його поруч із зошитами",
        "holds no {0}; put it beside the notebooks",
    ),
    Wrong.COURSE_UNKNOWN: (
        "курсу {0} немає в жодному courses.toml; опишіть його там (у папці поруч із {1} або в каталозі)",
        "{0} is in no courses.toml; put one that describes it beside {1}",
    ),
    Wrong.NO_STORE: (
        "налаштування catalogue.{0}_store порожнє; назвіть там папку",
        "catalogue.{0}_store is not set; name its folder there",
    ),
    Wrong.NOTEBOOK_MISSING: ("немає файлу {0}; додайте його", "no file {0}; add it"),
    Wrong.NOTEBOOK_BROKEN: (
        "{0} не є зошитом; збережіть його ще раз",
        "{0} is no notebook; save it once more",
    ),
    Wrong.VERSION_OLD: (
        "{0} уже опубліковано; напишіть більше число",
        "{0} is published already; write a number above it",
    ),
    Wrong.ACCESS_CHANGED: (
        "змінився доступ; напишіть {0}",
        "the access has changed; write {0}",
    ),
    Wrong.OTHER_CONTENT: (
        "опубліковано з іншим вмістом; збільште `version`",
        "was published with other content; write a higher `version`",
    ),
    Wrong.NOT_AS_SAID: (
        "у файлі не той опис, який надіслано спочатку; оберіть його ще раз",
        "is not the description that was sent first; choose the file once more",
    ),
    Wrong.MANY_FILES: (
        "містить понад {0} файлів; залиште лише потрібні",
        "holds more than {0} files; leave out what is not needed",
    ),
    Wrong.LARGE: (
        "містить понад {0} байтів; зберігайте великі дані в іншому місці",
        "holds more than {0} bytes; keep large data elsewhere",
    ),
    Wrong.LEADS_OUT: (
        "{0} веде за межі матеріалу; назвіть файл інакше",
        "{0} leads out of the material; give it another name",
    ),
    Wrong.NO_PLAIN_PATH: (
        "{0} — не звичайний шлях; назвіть файл інакше",
        "{0} is no plain path; give it another name",
    ),
    Wrong.SPARE_SIGN: (
        "{0} містить знак, який не кожна система дозволяє в назві; назвіть файл інакше",
        "{0} holds a sign that not every system allows in a name; give it another name",
    ),
    Wrong.NAME_NOT_UTF8: (
        "назва {0} не в UTF-8; назвіть файл інакше",
        "{0} is no text in UTF-8; give it another name",
    ),
    Wrong.LONG_PATH: (
        "{0} довший за {1} байтів; назвіть файл інакше",
        "{0} is longer than {1} bytes; give it another name",
    ),
    Wrong.ALIKE: (
        "{0} і {1} на багатьох комп’ютерах — одна назва; перейменуйте один із них",
        "{0} and {1} are one name on many machines; rename one",
    ),
    Wrong.IN_A_FILE: ("{0} лежить усередині файлу; перейменуйте", "{0} lies in a file; rename one"),
    Wrong.LINK: (
        "{0} є посиланням або не звичайним файлом; покладіть туди сам файл",
        "{0} is a link or no plain file; put the file itself there",
    ),
    Wrong.ENCRYPTED: (
        "{0} зашифровано; запакуйте папку без пароля",
        "{0} is encrypted; pack the folder without a password",
    ),
    Wrong.STRANGE_PACKING: (
        "{0} стиснуто незвичним способом; запакуйте папку звичайним zip",
        "{0} is packed in an unusual way; pack the folder as a plain zip",
    ),
    Wrong.PACKED_NAME: (
        "назва {0} не в UTF-8; використайте латинські літери або іншу програму для пакування",
        "{0} has a name that is not in UTF-8; use Latin letters, or another program to pack",
    ),
    Wrong.TWICE: (
        "{0} трапляється двічі; запакуйте папку ще раз",
        "{0} stands there twice; pack the folder again",
    ),
    Wrong.NOT_WHOLE: (
        "пошкоджений zip ({0}); запакуйте папку ще раз",
        "is no whole zip ({0}); pack the folder again",
    ),
    Wrong.NO_ZIP: (
        "це ані папка, ані zip; виберіть одне з них",
        "is neither a folder nor a zip; name one of these",
    ),
    Wrong.OTHER_LENGTH: (
        "довжина {0} не та, що вказана в zip; запакуйте ще раз",
        "{0} is not as long as the zip says; pack again",
    ),
    Wrong.CUT_OFF: (
        "надійшло {0} байтів із {1}; надішліть ще раз",
        "{0} bytes of {1} have come; send it again",
    ),
    Wrong.GONE: (
        "файлів версії {0} у сховищі вже немає; опублікуйте їх знову",
        "the files of version {0} are not in the store any more; publish them again",
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong."""

    what: Wrong
    file: str
    field: str = ""
    values: tuple[str, ...] = ()

    def remedy(self, language: str) -> str:
        """Say what is wrong and what to do, without the place; any language but `en` is Ukrainian."""
        uk, en = WORDS[self.what]
        return (en if language == "en" else uk).format(*(value[:LONGEST_VALUE] for value in self.values))

    def text(self, language: str = "en") -> str:
        """Say all of it in one line."""
        word = "field" if language == "en" else "поле"
        place = f"{self.file}: {word} `{self.field}`" if self.field else self.file
        return f"{place}: {self.remedy(language)}"

    def as_data(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {"what": self.what.value, "file": self.file, "field": self.field, "values": list(self.values)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Fault:
        """Take what `as_data` gave. Raises `ValueError`, `KeyError` or `TypeError` for anything else."""
        values = tuple(str(value) for value in data["values"])
        fault = cls(Wrong(data["what"]), str(data["file"])[:LONGEST_VALUE], str(data["field"]), values)
        fault.remedy("en")
        return fault


class CatalogError(Exception):
    """A catalogue or a material is not usable. The text names the file, the field and the remedy, one fault a line.

    `faults` holds them in words for both languages; it is empty where only those who run the lab can mend it.
    """

    def __init__(self, *found: Fault | str) -> None:
        self.faults = tuple(one for one in found if isinstance(one, Fault))[:MOST_FAULTS]
        super().__init__(
            "\n".join(one if isinstance(one, str) else one.text() for one in found[:MOST_FAULTS])
        )


def fault(what: Wrong, file: object, *values: object, field: str = "") -> CatalogError:
    """Make the error of one fault."""
    return CatalogError(Fault(what, str(file), field, tuple(str(value) for value in values)))
