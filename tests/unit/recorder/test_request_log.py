"""What JupyterHub's part of a student's server logs of a failed request."""

from __future__ import annotations

import asyncio
import logging

import httpx
from jupyterhub import log
from maximalab_recorder import requestlog
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler


class Broken(RequestHandler):
    def get(self) -> None:
        raise RuntimeError("broken")


def test_no_token_is_logged_and_what_helps_to_find_the_fault_is(caplog, monkeypatch):
    monkeypatch.setattr(log, "_scrub_headers", log._scrub_headers)
    requestlog.install()
    secrets = {
        "X-XSRFToken": "of the form",
        "Cookie": "a=of the session",
        "Authorization": "token of-the-server",
    }

    async def ask() -> int:
        socket, port = bind_unused_port()
        HTTPServer(Application([("/", Broken)], log_function=log.log_request)).add_socket(socket)
        async with httpx.AsyncClient() as client:
            return (
                await client.get(f"http://127.0.0.1:{port}/", headers={**secrets, "Accept": "x/y"})
            ).status_code

    with caplog.at_level(logging.INFO):
        assert asyncio.run(ask()) == 500
    assert '"X-Xsrftoken": "[secret]"' in caplog.text
    assert '"Accept": "x/y"' in caplog.text
    assert [word for word in ("of the form", "of the session", "of-the-server") if word in caplog.text] == []
