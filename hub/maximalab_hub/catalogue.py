"""The catalogue for who shows figures: they are shown without it, too, with ids for names."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from maximalab_spawner.catalog import CatalogError

if TYPE_CHECKING:
    from maximalab_spawner.catalog import Catalog, CatalogReader

log = logging.getLogger(__name__)


def read_or_warn(catalogue: CatalogReader) -> Catalog | None:
    """Read what courses and materials are called; `None`, and a line in the log, where it cannot be read."""
    try:
        return catalogue.read()
    except CatalogError as error:
        log.warning("figures are told with ids for names: the catalogue cannot be read: %.200s", error)
        return None
