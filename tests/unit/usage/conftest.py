"""The databases of `tests/databases.py`, for the tests of this folder."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import pytest
from databases import postgres, postgres_url, sqlite_url, store, store_url
from labsettings import settings_toml
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.settings import Settings, load_settings

__all__ = ["postgres", "postgres_url", "sqlite_url", "store", "store_url"]


@pytest.fixture
def lab_settings(tmp_path: Path) -> Settings:
    """Settings of a small lab, with its keys."""
    (tmp_path / "maximalab.toml").write_text(settings_toml())
    ensure_secrets(tmp_path / "secrets")
    return load_settings(tmp_path / "maximalab.toml")
