"""What lies outside a lab: a web server, a metadata service and a resolver, in a namespace of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

SERVES = """
import socket, sys, threading
def tell():
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("0.0.0.0", 53))
    while True:
        print("asked", line.recvfrom(512)[0].hex(), flush=True)
threading.Thread(target=tell, daemon=True).start()
line = socket.create_server(("0.0.0.0", 80))
print("up", flush=True)
while True:
    line.accept()[0].close()
"""
METADATA, RESOLVER = "169.254.169.254", "192.0.2.1"


def ip(*words: str):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Outside:
    """One machine beyond the engine's. Only what comes from `subnets` is led to its odd addresses."""

    def __init__(self, subnets: list[str], log):
        word = f"o{os.getpid() % 10**6}"
        self.space, self.near, self.far = word, f"{word}n", f"{word}f"
        self.table, self.subnets = str(20000 + os.getpid() % 10000), subnets
        self.block = f"172.27.{os.getpid() % 250}"
        self.address = f"{self.block}.2"
        self.log = log
        ip("netns", "add", self.space)
        ip("link", "add", self.near, "type", "veth", "peer", "name", self.far, "netns", self.space)
        ip("addr", "add", f"{self.block}.1/30", "dev", self.near)
        ip("link", "set", self.near, "up")
        for link, address in (
            (self.far, f"{self.address}/30"),
            ("lo", f"{METADATA}/32"),
            ("lo", f"{RESOLVER}/32"),
        ):
            ip("-n", self.space, "addr", "add", address, "dev", link)
            ip("-n", self.space, "link", "set", link, "up")
        ip("-n", self.space, "route", "add", "default", "via", f"{self.block}.1")
        ip("route", "add", f"{RESOLVER}/32", "via", self.address)  # whoever asks it, the engine too, is seen
        ip("route", "add", f"{METADATA}/32", "via", self.address, "table", self.table)
        for subnet in subnets:
            ip("rule", "add", "from", subnet, "to", f"{METADATA}/32", "lookup", self.table)
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", self.space, sys.executable, "-c", SERVES],
            stdout=log.open("w"),
            stderr=subprocess.STDOUT,
        )

    def close(self):
        self.process.terminate()
        self.process.wait()
        with suppress(subprocess.CalledProcessError):
            for subnet in self.subnets:
                ip("rule", "del", "from", subnet, "to", f"{METADATA}/32", "lookup", self.table)
        with suppress(subprocess.CalledProcessError):
            ip("route", "del", f"{RESOLVER}/32")
        ip("link", "del", self.near)
        ip("netns", "del", self.space)

    def asked(self) -> bool:
        """Say whether a question of names came here."""
        return "asked" in self.log.read_text()
