"""Materials as the publishing page sends them to a tier's desk."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import zipfile

from maximalab_spawner.desk import Body, Wanted
from maximalab_spawner.enginedesk import EngineDesk
from serverlab import MATERIAL


def zipped(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def files(version: int = 1, text: bytes = b"") -> dict[str, bytes]:
    description = MATERIAL.format(name="exam", access="private", image="maxima")
    return {
        "material.toml": description.replace("version = 1", f"version = {version}").encode(),
        "a.ipynb": b'{"text": "' + text + b'"}',
        "data/big.bin": os.urandom(300_000) + text,
    }


def wanted(content: dict[str, bytes], version: int = 1, before: int | None = None) -> Wanted:
    fingerprint = hashlib.sha256(content["material.toml"]).hexdigest()
    return Wanted(f"token{version}", "exam", version, before, ("or",), fingerprint)


async def sent(desk: EngineDesk, order: Wanted, data: bytes, *, until: int | None = None):
    """Send a zip in blocks; with `until`, break it off there."""
    body = Body(len(data))
    looking = asyncio.create_task(desk.look(order, body))
    for at in range(0, len(data) if until is None else until, 65536):
        await body.put(data[at : at + 65536])
    await body.end() if until is None else body.break_off()
    try:
        return await looking
    finally:
        body.break_off()
