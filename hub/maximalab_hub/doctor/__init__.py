"""`maximalab doctor`: is the installation well, and if not, what to do."""

from maximalab_hub.doctor.command import app, doctor

__all__ = ["app", "doctor"]
