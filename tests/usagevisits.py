"""Browsers at the usage service's pages in this process; fixtures for the modules that import them."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from maximalab_hub.service.signin import COOKIE
from usagepages import usage_pages


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory):
    with usage_pages(tmp_path_factory.mktemp("lab")) as app:
        yield app


@pytest.fixture
def visit(app):
    def browser(name: str, language: str = "en") -> TestClient:
        return TestClient(
            app,
            base_url="http://127.0.0.1:8000",
            cookies={COOKIE: f"token-of-{name}"},
            headers={"Accept": "text/html", "Accept-Language": language},
            follow_redirects=False,
        )

    return browser
