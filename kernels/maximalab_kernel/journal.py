"""The kernel's log. Python's logging is loaded when there is something to say: it would be a tenth of a start."""

from __future__ import annotations

FORMAT = "maximalab_kernel: %(levelname)s: %(message)s"


class Journal:
    """Says things in the name of one module, on standard error unless the program has set up a log of its own."""

    def __init__(self, name: str) -> None:
        """`name` is the module's."""
        self._name = name

    def warning(self, text: str, *values: object) -> None:
        """`text` with `values` in its places, as `logging` has them."""
        import logging  # noqa: PLC0415  see above

        logging.basicConfig(level=logging.WARNING, format=FORMAT)
        logging.getLogger(self._name).warning(text, *values)
