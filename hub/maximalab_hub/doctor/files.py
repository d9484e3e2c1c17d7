"""Checks of what lies on disk: settings, store, catalogue, keys, room, and the disk's clock."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_spawner.catalog import CatalogError, read_catalog

from maximalab_hub import migrations
from maximalab_hub.doctor.finding import Finding, ok, wrong
from maximalab_hub.secret_files import Secret, SecretError, read_secret
from maximalab_hub.settings import Settings, SettingsError, load_settings, settings_path
from maximalab_hub.store.engine import StoreAwayError, StoreUrlError
from maximalab_hub.usagestore import usage_engine

if TYPE_CHECKING:
    from sqlalchemy import Engine

LEAST_ROOM = 1_000_000_000
"""Bytes: with less, notebooks may soon fail to save."""
LARGEST_SKEW = 5.0
"""Seconds between two clocks that should be one."""


def settings_file() -> tuple[Settings | None, Finding]:
    """Read the settings, for this check and those that need them."""
    path = settings_path()
    try:
        return load_settings(path), ok(str(path))
    except SettingsError as error:
        return None, wrong(str(error), "Mend the file, or run ./lab setup for the one-command lab")


def store(settings: Settings) -> Finding:
    """Check that the usage store answers and that its schema is the newest."""
    try:
        engine = usage_engine(settings)
    except StoreUrlError as error:
        return wrong(str(error), "Mend usage.db_url in the settings file")
    try:
        return _schema(engine)
    except StoreAwayError as error:
        return wrong(f"does not answer: {error}", "Check usage.db_url, the disk, and the database server")
    finally:
        engine.dispose()


def _schema(engine: Engine) -> Finding:
    found, newest = migrations.current(engine), migrations.newest()
    if found != newest:
        return wrong(f"schema {found or 'missing'}, newest {newest}", "Run: maximalab db upgrade")
    return ok(f"{engine.dialect.name}, schema {found}")


def catalogue(settings: Settings) -> Finding:
    """Check that the catalogue can be read, and all of it."""
    try:
        catalog = read_catalog(settings.catalogue.dir)
    except CatalogError as error:
        return wrong(str(error), "Publish the materials: maximalab materials publish FOLDER")
    if catalog.faults:
        return wrong("; ".join(map(str, catalog.faults))[:400], "Mend and publish these materials again")
    return ok(f"{len(catalog.courses)} courses in {settings.catalogue.dir}")


def keys(settings: Settings) -> Finding:
    """Is every key there, long enough, and readable by its owner alone."""
    faults = []
    for secret in Secret:
        try:
            read_secret(settings.secrets.dir, secret)
        except SecretError as error:
            faults.append(str(error))
    accounts = settings.people.accounts
    if accounts.exists() and accounts.stat().st_mode & 0o077:
        faults.append(f"{accounts}: other users may read the accounts. Run: chmod 600 {accounts}")
    return (
        wrong("; ".join(faults), "Do as said") if faults else ok(f"{len(Secret)} in {settings.secrets.dir}")
    )


def room(settings: Settings) -> Finding:
    """Is there room for more work."""
    free = shutil.disk_usage(settings.lab.state_dir).free
    detail = f"{free / 1e9:.1f} GB free in {settings.lab.state_dir}"
    if free < LEAST_ROOM:
        return wrong(detail, "Make room: notebooks may soon fail to save")
    return ok(detail)


def clock(settings: Settings) -> Finding:
    """Do the system's clock and the disk's agree (they may not on a network disk)."""
    with tempfile.NamedTemporaryFile(dir=settings.lab.state_dir) as file:
        skew = abs(Path(file.name).stat().st_mtime - time.time())
    if skew > LARGEST_SKEW:
        return wrong(f"{skew:.0f} s apart", "Set this machine's and the file server's clock (NTP)")
    return ok(f"disk and system agree within {LARGEST_SKEW:.0f} s")
