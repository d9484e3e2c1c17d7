"""Migrations of the store of devices; `maximalab_hub.migrations` runs them."""
