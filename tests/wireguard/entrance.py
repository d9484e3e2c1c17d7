"""The entrance's stand-in on the VPN's address: a page, and a stream without end. `entrance.py ADDRESS PORT`."""

from __future__ import annotations

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Entrance(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello\n")
        while self.path == "/stream":
            self.wfile.write(b"." * 1000)
            time.sleep(0.05)

    def log_message(self, *_):
        """Say nothing."""


ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Entrance).serve_forever()
