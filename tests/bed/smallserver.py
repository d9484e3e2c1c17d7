"""Stands where JupyterLab stands: answers below its prefix, remembers a word, greets on a websocket; and its image.

It asks nobody who they are: what comes back shows where a route leads, and nothing else keeps a visitor out.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import tempfile
from pathlib import Path

SECRET = "BYTES-OF-THE-PRIVATE-TIER"
PROGRAM = """
import base64, hashlib, http.server, os, signal
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
TIER = os.environ["MAXIMALAB_TIER"]
WORD = {"private": "BYTES-OF-THE-PRIVATE-TIER"}.get(TIER, "open bytes")
KEPT = [os.urandom(8).hex()]
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.headers.get("Upgrade", "").lower() == "websocket":
            return self.greet()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = f"{WORD} {TIER} {os.environ['JUPYTERHUB_USER']} {KEPT[0]}".encode()
        self.send_response(200)
        self.send_header("X-JupyterHub-Version", "6.1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
    do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = do_PUT = do_GET
    def do_POST(self):
        KEPT[0] = self.path.rpartition("/")[2]
        self.do_GET()
    def greet(self):
        key = self.headers["Sec-WebSocket-Key"].encode() + GUID
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key).digest()).decode())
        self.end_headers()
        self.wfile.write(bytes([0x81, len(WORD)]) + WORD.encode())
    def log_message(self, *_): pass

class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
Server(("0.0.0.0", 8888), Page).serve_forever()
"""
COMMAND = ["python3", "-c", PROGRAM]
RECIPE = """
FROM debian:trixie-slim AS whole
RUN apt-get update -qq \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 \\
 && rm -rf /var/lib/apt /var/lib/dpkg /var/cache /usr/share/doc /usr/share/locale /usr/share/perl* /usr/lib/*/perl* \\
    /usr/share/zoneinfo /usr/lib/python3*/test /usr/lib/python3*/ensurepip /usr/lib/python3*/pydoc_data \\
 && install -d -o 1000 -g 1000 /home/student /srv/spool /srv/materials
FROM scratch
COPY --from=whole / /
"""
PATIENCE = 900


def build() -> str:
    """Build the image at the machine's own engine where it is not there; its name."""
    name = f"maximalab-bed-server:{hashlib.sha256(RECIPE.encode()).hexdigest()[:12]}"
    with (Path(tempfile.gettempdir()) / "maximalab-bed-server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        there = subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False)
        if there.returncode != 0:
            built = subprocess.run(
                ["docker", "build", "--tag", name, "-"],
                input=RECIPE,
                text=True,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
            assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    return name
