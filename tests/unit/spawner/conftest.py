"""Hypothesis without a deadline: a busy machine is no fault of a rule."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("spawner", deadline=None)
settings.load_profile("spawner")
