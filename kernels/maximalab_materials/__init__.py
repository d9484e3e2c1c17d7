"""Puts a material into a student's own space and opens it."""
