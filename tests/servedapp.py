"""A web application in this process on a port of its own, and the hub's files for its pages, for a real browser."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from labrun import until
from maximalab_hub.pages.frame import STATIC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Route


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an ASGI application on a free port of 127.0.0.1; gives the address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started, "the service starts")
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(60)


def with_files_of_the_hub(page: Page) -> Page:
    """Give a page the styles and scripts that the hub serves; beside the service alone nobody does."""

    def static(route: Route) -> None:
        route.fulfill(path=STATIC / route.request.url.rpartition("/")[2].partition("?")[0])

    page.route("**/hub/lab-static/*", static)
    return page
