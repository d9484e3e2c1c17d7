"""Answers the gateway as the hub does, from the store of devices (how it decides: tests/hub/test_my_devices.py).

peersserver.py PORT TOKEN FILE_OF_QUESTIONS
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

from maximalab_hub.settings import load_settings
from maximalab_hub.vpn.peers import tell
from maximalab_hub.vpn.store import open_devices

PORT, TOKEN, QUESTIONS = int(sys.argv[1]), sys.argv[2], sys.argv[3]
DEVICES = open_devices(load_settings(), lambda: datetime.now(UTC))


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.headers["Authorization"] == f"token {TOKEN}" and self.path == "/hub/vpn/peers"
        body = json.dumps(tell(DEVICES.in_force()) if known else {}).encode()
        self.send_response(200 if known else 403)
        self.end_headers()
        self.wfile.write(body)
        with open(QUESTIONS, "a", encoding="utf-8") as file:  # noqa: PTH123  one letter a question
            file.write("?")

    def log_message(self, *_):
        """Say nothing."""


HTTPServer(("127.0.0.1", PORT), Answers).serve_forever()
