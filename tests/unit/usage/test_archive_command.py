"""`maximalab usage archive` and `import`, as an admin types them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from archivedusage import event, put
from labsettings import settings_toml
from maximalab_hub import migrations
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.store.engine import open_engine
from maximalab_hub.usagecommand import app
from postedevents import stored
from typer.testing import CliRunner

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result
    from sqlalchemy import Engine

DAY = 24 * 60


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A lab with one event every other day of January to March 2026."""
    settings = tmp_path / "maximalab.toml"
    settings.write_text(settings_toml({"usage": {"archive_after_months": 1}}))
    ensure_secrets(tmp_path / "secrets")
    monkeypatch.setenv("MAXIMALAB_SETTINGS", str(settings))
    engine = open_engine(f"sqlite:///{tmp_path / 'usage.sqlite'}")
    migrations.upgrade(engine)
    put(engine, [event(n, n * 2 * DAY) for n in range(40)])
    return engine


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"})


def test_months_go_and_come_back(lab: Engine, tmp_path: Path) -> None:
    before = stored(lab)
    folder = tmp_path / "archive" / "events"
    would = typed("archive", "--through", "2026-02", "--dry-run")
    assert would.stdout.splitlines()[:2] == ["2026-01: 16 events", "2026-02: 14 events"]
    assert not folder.exists()
    done = typed("archive", "--through", "2026-02")
    assert done.stdout.splitlines()[:2] == ["2026-01: 16 events", "2026-02: 14 events"]
    assert f"2 months up to 2026-02 moved; {folder}" in done.stdout
    assert stored(lab) == before
    put(lab, [event(100, 5)])
    assert "2026-01: 1 events, beside 16 that were in its file" in typed("archive").stdout
    copy = tmp_path / "copy.parquet"
    copy.write_bytes((folder / "2026-02.parquet").read_bytes())
    assert "0 events new, 14 known" in typed("import", str(copy)).stdout
    assert (
        "14 events of 2026-02 are in the database again"
        in typed("import", str(folder / "2026-02.parquet")).stdout
    )
    assert not (folder / "2026-02.parquet").exists()
    assert len(stored(lab)) == len(before) + 1


@pytest.mark.parametrize(
    "through",
    [pytest.param("2026-13", id="no month"), pytest.param(f"{datetime.now(UTC):%Y-%m}", id="this month")],
)
def test_only_months_that_ended_are_moved(lab: Engine, through: str) -> None:
    done = typed("archive", "--through", through)
    assert done.exit_code == 2
    assert "Invalid value for --through" in done.output
    assert len(stored(lab)) == 40
