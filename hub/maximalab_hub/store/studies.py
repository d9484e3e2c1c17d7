"""Studies as researchers set them up: each change is a new row, and of each study its newest counts.

Several count side by side, each with its own text, decisions and pseudonyms, until they are closed. Where nobody has
set one up, the study is the one of the settings file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, insert, select, text

from maximalab_hub.consent import agreed
from maximalab_hub.settings_sections import Bilingual, StudySection
from maximalab_hub.store import cellcode
from maximalab_hub.store.erasure_lock import hold_everybody_off
from maximalab_hub.store.models import ConsentRow, StudyRow
from maximalab_hub.store.research import decisions

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from maximalab_hub.settings import Settings


class CodeIsFixedError(Exception):
    """Somebody has agreed to the study: whether it asks for code is part of that, and stays."""


class NoSuchStudyError(Exception):
    """No study of this name counts, or it must be said which of several is meant."""


def with_study(settings: Settings, connection: Connection, name: str | None = None) -> Settings:
    """Give the settings with the study of this name, else the newest; how it is reckoned stays the settings'.

    Raises `NoSuchStudyError` where none of this name counts.
    """
    names = []
    for study in counting(settings, connection):
        if name in {None, study.id}:
            same = study is settings.study
            return settings if same else settings.model_copy(update={"study": study})
        names.append(study.id)
    there = ", ".join(names)
    raise NoSuchStudyError(
        f"no study {name!r} counts; it was closed or never set up. Those that count: {there}"
    )


def with_named_study(settings: Settings, connection: Connection, name: str | None) -> Settings:
    """Do the same for a command, which has to say which of several studies it is for."""
    names = [study.id for study in counting(settings, connection)]
    if name is None and len(names) > 1:
        raise NoSuchStudyError(f"{len(names)} studies count; give one: --study {' or --study '.join(names)}")
    return with_study(settings, connection, name)


def counting(settings: Settings, connection: Connection) -> list[StudySection]:
    """Give the studies that count now, the one that was set up last first."""
    last = select(func.max(StudyRow.place)).group_by(StudyRow.study)
    newest_of_each = (
        select(StudyRow.__table__).where(StudyRow.place.in_(last)).order_by(StudyRow.place.desc())
    )
    rows = list(connection.execute(newest_of_each))
    return [_section(settings, row) for row in rows if row.counts] if rows else [settings.study]


def newest(connection: Connection, limit: int) -> list[Row[Any]]:
    """Give the newest rows, the newest first."""
    return list(connection.execute(select(StudyRow.__table__).order_by(StudyRow.place.desc()).limit(limit)))


def title_of(settings: Settings, connection: Connection, study: str) -> Bilingual:
    """Give the newest title of this study, whether it counts or not."""
    asked = select(StudyRow.__table__).where(StudyRow.study == study).order_by(StudyRow.place.desc()).limit(1)
    row = connection.execute(asked).one_or_none()
    return _section(settings, row).title if row else settings.study.title


def set_up(
    connection: Connection, settings: Settings, study: StudySection, made_by: str, now: datetime
) -> StudySection:
    """Let this study count from now on, beside others; give it with the version of its text.

    A text that differs from this study's, or comes back after the study was closed, gets the next version, so
    everybody is asked anew: consent was given to one, and withdrawn from it perhaps. With the old version goes the code
    that was kept under it. Raises `CodeIsFixedError` where somebody has agreed already and the study asks for code now
    and did not before, or the other way round.
    """
    _alone(connection)
    before = {one.id: one for one in counting(settings, connection)}
    _keep_that_of_the_settings(connection, settings, study, now)
    mine, asked_before = before.get(study.id), check_code(connection, study)
    known_versions = select(func.max(StudyRow.consent_version)).where(StudyRow.study == study.id)
    stored = connection.execute(known_versions).scalar() or 0
    known = max(stored, settings.study.consent_version if settings.study.id == study.id else 0)
    same = mine is not None and _same(mine.consent, study.consent) and mine.asks_code == study.asks_code
    version = mine.consent_version if mine and same else known + 1
    if asked_before and not same:
        cellcode.drop(connection, study.id)
    made = study.model_copy(update={"consent_version": version})
    _add(connection, made, made_by, now)
    return made


def asked_anew(connection: Connection, settings: Settings, study: StudySection) -> int:
    """Count those who agree now and would take no part until they agree again, were this study set up."""
    for mine in counting(settings, connection):
        if mine.id == study.id and not _same(mine.consent, study.consent):
            return len(agreed(decisions(connection, mine.id), mine.consent_version))
    return 0


def close(connection: Connection, settings: Settings, study: str, made_by: str, now: datetime) -> bool:
    """Let this study count no more: nobody is asked, nothing of it is shown, and code that was kept for it goes.

    Not the last one: one always counts.
    """
    _alone(connection)
    before = {one.id: one for one in counting(settings, connection)}
    if study not in before or len(before) == 1:
        return False
    if before[study].asks_code:
        cellcode.drop(connection, study)
    _add(connection, before[study], made_by, now, counts=False)
    return True


def _same(one: Bilingual, other: Bilingual) -> bool:
    """Say whether two texts read the same: a form ends lines as browsers do, a settings file as editors do."""
    lines = [[text.strip().splitlines() for text in (both.uk, both.en)] for both in (one, other)]
    return lines[0] == lines[1]


def _keep_that_of_the_settings(
    connection: Connection, settings: Settings, study: StudySection, now: datetime
) -> None:
    """Let the settings' study go on beside the first that is set up, if somebody has decided about it."""
    usual = settings.study
    decided = exists().where(ConsentRow.study == usual.id)
    if usual.id != study.id and not newest(connection, 1) and connection.execute(select(decided)).scalar():
        _add(connection, usual, "", now)


def _alone(connection: Connection) -> None:
    # The lock of those who erase first: an erasure takes both in this order, and code may have to be deleted.
    hold_everybody_off(connection)
    if connection.dialect.name == "postgresql":  # SQLite's transactions that write are alone
        connection.execute(text("LOCK TABLE study IN SHARE ROW EXCLUSIVE MODE"))


def _add(
    connection: Connection, study: StudySection, made_by: str, now: datetime, *, counts: bool = True
) -> None:
    connection.execute(
        insert(StudyRow).values(
            study=study.id,
            consent_version=study.consent_version,
            title_uk=study.title.uk,
            title_en=study.title.en,
            consent_uk=study.consent.uk,
            consent_en=study.consent.en,
            counts=counts,
            asks_code=study.asks_code,
            made_by=made_by,
            made_at=now,
        )
    )


def check_code(connection: Connection, study: StudySection) -> bool:
    """Say whether the study asked for code before. Raises `CodeIsFixedError` as `set_up` does."""
    before = _asked_for_code(connection, study.id)
    if study.asks_code != before and has_agreed(connection, study.id):
        raise CodeIsFixedError(study.id)
    return before


def has_agreed(connection: Connection, study: str) -> bool:
    """Say whether anybody ever agreed to this study, be it to an older text and withdrawn since."""
    decided = exists().where(ConsentRow.study == study, ConsentRow.agreed)
    return bool(connection.execute(select(decided)).scalar())


def _asked_for_code(connection: Connection, study: str) -> bool:
    asked = select(StudyRow.asks_code).where(StudyRow.study == study).order_by(StudyRow.place.desc()).limit(1)
    return bool(connection.execute(asked).scalar())


def _section(settings: Settings, row: Row[Any]) -> StudySection:
    made = settings.study.model_copy(
        update={
            "id": row.study,
            "title": Bilingual(uk=row.title_uk, en=row.title_en),
            "consent": Bilingual(uk=row.consent_uk, en=row.consent_en),
            "consent_version": row.consent_version,
        }
    )
    return made.asking_for_code(row.asks_code)
