"""Exports for research: pseudonymous, of those who agreed, the same bytes for the same events."""
