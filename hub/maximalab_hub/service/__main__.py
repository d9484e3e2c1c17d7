"""`python -m maximalab_hub.service`: the usage service, as the settings file says."""

from __future__ import annotations

import gc
import logging
import sys

import uvicorn

from maximalab_hub import migrations
from maximalab_hub.secret_files import SecretError
from maximalab_hub.service.app import create_app
from maximalab_hub.service.events_door import EventsDoor
from maximalab_hub.settings import SettingsError, load_settings
from maximalab_hub.store.engine import StoreAwayError, StoreUrlError

log = logging.getLogger("maximalab_hub.service")


def main() -> int:
    """Serve until stopped; exit code 2 with one clear line where the settings cannot be used."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("httpx", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        settings = load_settings()
        app = create_app(settings)
    except (SettingsError, SecretError, StoreUrlError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        found = migrations.current(app.state.engine)
    except StoreAwayError as error:
        # It may come back, and until then senders are told to keep their events.
        log.error("the usage store does not answer (%s); serving, and refusing for now", error)  # noqa: TRY400
    else:
        if found != migrations.newest():
            sys.stderr.write(
                f"The usage store is at {found or 'no version'}, this program needs {migrations.newest()}."
                " Run: maximalab db upgrade\n"
            )
            return 2
    # What is imported stays: whenever a page makes ten thousand objects, the collector would look all of it through,
    # 300,000 objects, a tenth of a second each time.
    gc.collect()
    gc.freeze()
    # No access log of uvicorn's: its lines hold the codes of sign-ins.
    uvicorn.run(
        EventsDoor(app),
        host=settings.usage.ip,
        port=settings.usage.port,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
