"""What vouches for an export: the manifest, and how to cite it. Nothing in them moves with the hour of the export."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import maximalab_hub
from maximalab_hub.comparison.suppression import EVENTS_TO, PEOPLE_TO
from maximalab_hub.export.code import CODE_WARNING
from maximalab_hub.export.columns import moment
from maximalab_hub.export.formats import Format

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from maximalab_hub.export.formats import TableName
    from maximalab_hub.store.research import Selection
    from maximalab_hub.study import Coverage, Study

MANIFEST: Final = "manifest.json"
CITATION: Final = "CITATION.cff"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a manifest says beside the files: which study, which events, and by which rules."""

    study: Study
    title: str
    lab: str
    selection: Selection
    coverage: Coverage
    version: str
    time_zone: str
    form: Format = Format.CSV
    tables: Sequence[TableName] = ()
    last_event: datetime | None = None

    @property
    def holds_code(self) -> bool:
        """Whether the export has a table of the code of cells; formats of others have no place for one."""
        ours = self.form in {Format.CSV, Format.PARQUET, Format.JSONL}
        return self.study.asks_code and ours and "events" in self.tables


def manifest_of(about: Circumstances, files: Mapping[str, Mapping[str, object]]) -> dict[str, Any]:
    """Say which study and events, by which rules and software, and with which hashes the files came out."""
    return {
        "study": about.study.id,
        "consent_version": about.study.consent_version,
        "format": about.form.value,
        "tables": [table.value for table in about.tables],
        "software": _software(about.form),
        "files": files,
        "version": dataset_version(files),
        "events": about.coverage.events,
        "people": about.coverage.people,
        "last_event": _moment(about.last_event),
        "left_out_without_consent": {
            **asdict(about.coverage.left_out),
            "meaning": f"rounded down to {PEOPLE_TO} people (smallest_group where that is less) and {EVENTS_TO} events,"
            " and null for fewer people than smallest_group: whoever did not agree shall not be seen by the difference"
            " of two exports",
        },
        "completeness": {
            **asdict(about.coverage.completeness),
            "meaning": "of all starts of the hub and of these people's senders with an event in the chosen period:"
            " numbers of events received and missing; a sender numbers its events from 0 at each start."
            " Starts without end are those of servers that stopped and did not say so: their last events may lack",
        },
        "selection": _selection(about.selection),
        "rules": _rules(about),
        "order": {"events": ["at", "stored event id"], "elsewhere": ["person", "time"]},
        "citation": citation(about, files),
        "export_log": "the lab's export log has an entry with this file's SHA-256 for each time that it was given out:"
        " maximalab export-log find manifest.json",
        **({"code": CODE_WARNING} if about.holds_code else {}),
    }


def dataset_version(files: Mapping[str, Mapping[str, object]]) -> str:
    """Give a short name to exactly these files: the first digits of the hash of their hashes."""
    hashes = "\n".join(f"{name} {files[name]['sha256']}" for name in sorted(files))
    return sha256(hashes.encode()).hexdigest()[:12]


def citation(about: Circumstances, files: Mapping[str, Mapping[str, object]]) -> str:
    """Say in one line how to cite these files."""
    year = f" ({about.last_event.year})" if about.last_event else ""
    return (
        f"{about.lab}{year}. {about.title}: usage data of the study {about.study.id}"
        f" [data set, version {dataset_version(files)}]. MaximaLab {maximalab_hub.__version__}."
    )


def citation_file(about: Circumstances, files: Mapping[str, Mapping[str, object]]) -> bytes:
    """Write the Citation File Format, version 1.2.0; a JSON text is a YAML text."""
    said: dict[str, object] = {
        "cff-version": "1.2.0",
        "type": "dataset",
        "title": f"{about.title}: usage data of the study {about.study.id}",
        "authors": [{"name": about.lab}],
        "version": dataset_version(files),
        "message": citation(about, files),
    }
    if about.last_event is not None:
        said["date-released"] = about.last_event.date().isoformat()
    lines = (f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in said.items())
    return ("\n".join(lines) + "\n").encode()


def as_json(content: object) -> bytes:
    """Write JSON that people can read, too; the same content gives the same bytes."""
    return (json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def _software(form: Format) -> dict[str, str]:
    used = {"MaximaLab": maximalab_hub.__version__, "Python": sys.version.split()[0]}
    return used | {"pyarrow": version("pyarrow")} if form is Format.PARQUET else used


def _selection(selection: Selection) -> dict[str, object]:
    return {
        "course": selection.course,
        "kinds": None if selection.kinds is None else list(selection.kinds),
        "since": _moment(selection.since),
        "until": _moment(selection.until),
        "consent": "of people whose last decision agrees to this version of the text",
    }


def _rules(about: Circumstances) -> dict[str, object]:
    parameters = about.study.parameters
    return {
        "version": about.version,
        "grace_minutes": parameters.rule.grace.total_seconds() / 60,
        "session_gap_minutes": parameters.gap.total_seconds() / 60,
        "idle_after_minutes": parameters.idle_after.total_seconds() / 60,
        "smallest_group": parameters.smallest_group,
        "time_zone": about.time_zone,
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else moment(at)
