"""An export as a folder: the events, a codebook that explains them, and a manifest that vouches for both."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import maximalab_hub
from maximalab_hub.export.columns import codebook, moment
from maximalab_hub.export.csv import write_csv

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from maximalab_hub.export.columns import Observation
    from maximalab_hub.store.research import Selection
    from maximalab_hub.study import Coverage, Study

EVENTS: Final = "events.csv"
CODEBOOK: Final = "codebook.json"
MANIFEST: Final = "manifest.json"


class ExportError(Exception):
    """The export cannot be written; the text says where and what to do."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a manifest says beside the files: which study, which events, and by which rules."""

    study: Study
    selection: Selection
    coverage: Coverage
    version: str
    time_zone: str
    exported_at: datetime


def write_dataset(
    folder: Path, observations: Iterable[Observation], about: Circumstances
) -> Mapping[str, Any]:
    """Write `events.csv`, `codebook.json` and, when both are whole, `manifest.json`; give the manifest.

    Each file appears whole or not at all; a folder without a manifest is no finished export. Raises
    `ExportError`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        files = {
            EVENTS: _write(folder / EVENTS, write_csv(observations)),
            CODEBOOK: _write(folder / CODEBOOK, [_json(codebook())]),
        }
        manifest = _manifest(about, files)
        _write(folder / MANIFEST, [_json(manifest)])
    except OSError as error:
        raise ExportError(
            f"{folder}: the export cannot be written ({error.strerror}). Choose another folder with"
            " --out, or make room, and export again."
        ) from error
    return manifest


def _write(path: Path, parts: Iterable[bytes]) -> dict[str, object]:
    unfinished = path.with_name(f".{path.name}.part")
    digest, size = sha256(), 0
    try:
        with unfinished.open("wb") as file:
            for part in parts:
                digest.update(part)
                size += len(part)
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return {"sha256": digest.hexdigest(), "bytes": size}


def _manifest(about: Circumstances, files: Mapping[str, object]) -> dict[str, Any]:
    parameters, selection = about.study.parameters, about.selection
    return {
        "study": about.study.id,
        "consent_version": about.study.consent_version,
        "exported_at": moment(about.exported_at),
        "software": f"MaximaLab {maximalab_hub.__version__}",
        "files": files,
        "rows": about.coverage.events,
        "people": about.coverage.people,
        "left_out_without_consent": {
            "people": about.coverage.people_left_out,
            "events": about.coverage.events_left_out,
        },
        "completeness": {
            **asdict(about.coverage.completeness),
            "meaning": "of all starts of the hub and of these people's senders with an event in the chosen period:"
            " numbers of events received and missing; a sender numbers its events from 0 at each start",
        },
        "selection": {
            "course": selection.course,
            "kinds": None if selection.kinds is None else list(selection.kinds),
            "since": None if selection.since is None else moment(selection.since),
            "until": None if selection.until is None else moment(selection.until),
        },
        "setting": {
            "version": about.version,
            "grace_minutes": parameters.rule.grace.total_seconds() / 60,
            "time_zone_of_the_timetable": about.time_zone,
        },
        "order": ["at", "stored event id"],
    }


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()
