"""Set-up from a bare Python: this package imports nothing but the standard library."""
