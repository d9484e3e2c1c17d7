"""The databases of `tests/databases.py`, for the tests of this folder, too."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from databases import postgres, postgres_url, sqlite_url, store, store_url

__all__ = ["postgres", "postgres_url", "sqlite_url", "store", "store_url"]
