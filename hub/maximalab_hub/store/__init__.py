"""The usage store: tables, engines, and every query by name."""
