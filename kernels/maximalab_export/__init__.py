"""A notebook on paper: what nbconvert's `--to maxima_html` and `--to maxima_pdf` are."""

from __future__ import annotations

from maximalab_export.page import MaximaHTML
from maximalab_export.paper import MaximaPDF

__all__ = ["MaximaHTML", "MaximaPDF"]
