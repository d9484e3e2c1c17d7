"""The hub side of MaximaLab: pages, usage service, exports, commands."""

__version__ = "0.1.0"
