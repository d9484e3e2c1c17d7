"""Maxima's own test suite, expression by expression through the kernel and through Maxima alone: the same results."""
