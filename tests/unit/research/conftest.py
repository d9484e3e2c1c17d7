"""The databases of `tests/databases.py` and the exports of `tests/exportexample.py`, for the tests of this folder."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from databases import postgres, postgres_url, sqlite_url, store, store_url
from exportexample import example, made

__all__ = ["example", "made", "postgres", "postgres_url", "sqlite_url", "store", "store_url"]
