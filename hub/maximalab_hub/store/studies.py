"""Studies as researchers set them up: each change is a new row, and the newest counts.

Where nobody has set one up, the study is the one of the settings file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text

from maximalab_hub.settings_sections import Bilingual, StudySection
from maximalab_hub.store.models import StudyRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from maximalab_hub.settings import Settings


def with_study(settings: Settings, connection: Connection) -> Settings:
    """Give the settings with the study that counts now; how it is reckoned stays the settings'."""
    rows = newest(connection, 1)
    if not rows:
        return settings
    row = rows[0]
    study = settings.study.model_copy(
        update={
            "id": row.study,
            "title": Bilingual(uk=row.title_uk, en=row.title_en),
            "consent": Bilingual(uk=row.consent_uk, en=row.consent_en),
            "consent_version": row.consent_version,
        }
    )
    return settings.model_copy(update={"study": study})


def newest(connection: Connection, limit: int) -> list[Row[Any]]:
    """Give the newest rows, the newest first."""
    return list(connection.execute(select(StudyRow.__table__).order_by(StudyRow.place.desc()).limit(limit)))


def set_up(
    connection: Connection, settings: Settings, study: StudySection, made_by: str, now: datetime
) -> StudySection:
    """Let this study count from now on; give it with the version of its text.

    A text that differs from the newest one of this study gets the next version, so everybody is asked anew. An older
    text that comes back is a new version as well: consent was given to one, and withdrawn from it perhaps.
    """
    if connection.dialect.name == "postgresql":  # SQLite's transactions that write are alone
        connection.execute(text("LOCK TABLE study IN SHARE ROW EXCLUSIVE MODE"))
    before = with_study(settings, connection).study
    same = (before.id, before.consent) == (study.id, study.consent)
    asked = select(func.max(StudyRow.consent_version)).where(StudyRow.study == study.id)
    stored = connection.execute(asked).scalar() or 0
    known = max(stored, settings.study.consent_version if settings.study.id == study.id else 0)
    version = before.consent_version if same else known + 1
    connection.execute(
        insert(StudyRow).values(
            study=study.id,
            consent_version=version,
            title_uk=study.title.uk,
            title_en=study.title.en,
            consent_uk=study.consent.uk,
            consent_en=study.consent.en,
            made_by=made_by,
            made_at=now,
        )
    )
    return study.model_copy(update={"consent_version": version})
