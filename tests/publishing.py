"""What a teacher's browser does to publish a material, without the browser."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from pageshub import COURSE

if TYPE_CHECKING:
    import httpx

DESCRIPTION = """id = "{id}"
version = {version}
access = "{access}"
image = "maxima"
courses = ["{course}"]
title = {{uk = "Матеріал", en = "Material"}}
summary = {{uk = "Про що", en = "What about"}}
notebooks = {{en = "{id}.ipynb"}}
"""


def material(
    id_: str = "fresh",
    *,
    access: str = "open",
    version: int = 1,
    course: str = COURSE,
    text: str = "",
    **more: bytes,
) -> dict[str, bytes]:
    """Make the files of a material, by name; `text` stands in its notebook."""
    description = DESCRIPTION.format(id=id_, access=access, version=version, course=course)
    notebook = f'{{"cells": [], "text": "{text}"}}'
    return {"material.toml": description.encode(), f"{id_}.ipynb": notebook.encode(), **more}


def zipped(files: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


class Author:
    """A person who publishes, at one entrance."""

    def __init__(self, browser: httpx.Client):
        self.browser = browser
        page = browser.get("/hub/publish").text
        self.xsrf = page.partition('data-xsrf="')[2].partition('"')[0]

    def describe(self, description: bytes, length: int) -> httpx.Response:
        return self._post(f"/hub/publish/describe?length={length}", description)

    def upload(self, address: str, data: bytes) -> httpx.Response:
        return self._post(address, data)

    def send(self, files: dict[str, bytes], data: bytes | None = None) -> httpx.Response:
        """Describe and upload; the answer is the last one."""
        data = zipped(files) if data is None else data
        told = self.describe(files["material.toml"], len(data))
        return self.upload(told.json()["upload"], data) if told.status_code == 200 else told

    def say(self, where: str, word: str) -> httpx.Response:
        """Publish or discard what has come."""
        return self.browser.post(where, data={"_xsrf": self.xsrf, "do": word})

    def publish(self, files: dict[str, bytes]) -> httpx.Response:
        sent = self.send(files)
        assert sent.status_code == 200, sent.text
        return self.say(sent.json()["go"], "publish")

    def of(self, id_: str, deed: str, **form: str) -> httpx.Response:
        return self.browser.post(f"/hub/publish/of/{id_}/{deed}", data={"_xsrf": self.xsrf, **form})

    def _post(self, address: str, data: bytes) -> httpx.Response:
        headers = {"X-XSRFToken": self.xsrf, "Content-Type": "application/octet-stream"}
        return self.browser.post(address, content=data, headers=headers)
