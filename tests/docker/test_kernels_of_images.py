"""What a server offers is what its image is for: kernels in the launcher, and a material that runs with its own.

The test makes an image with a second kernel, in a second. The large ones of images/octave and images/r are built and
asked the same where `MAXIMALAB_TEST_IMAGES="octave r"` names them.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass

import httpx
import pytest
import serverimage
from dockerhub import TokenKernel, make_hub
from floors import VERSIONS, below_the_floor
from maximalab_spawner.catalog import publish
from maximalab_spawner.tiers import Tier
from serverlab import MATERIAL
from tieredhub import API_TOKEN, until

pytestmark = pytest.mark.docker

STAND_IN = """FROM {singleuser}
USER root
RUN cd /opt/lab/share/jupyter/kernels && cp -r python3 other \\
 && printf '%s' '{settings}' >/opt/lab/etc/jupyter/jupyter_server_config.json
USER 1000:1000
"""
SETTINGS = {
    "KernelSpecManager": {"allowed_kernelspecs": ["other", "maxima"]},
    "MultiKernelManager": {"default_kernel_name": "other"},
}


@dataclass(frozen=True)
class Image:
    """An image, the kernel that it is for, and a cell with what it answers."""

    name: str
    kernel: str
    code: str
    answer: str

    def build(self) -> str:
        """Build it on top of the students' image; its reference."""
        singleuser = serverimage.build()
        if self.name == "other":
            text, words = STAND_IN.format(singleuser=singleuser, settings=json.dumps(SETTINGS)), ["-"]
        else:
            text, words = (
                "",
                ["--file", f"images/{self.name}/Dockerfile", "--build-arg", f"SINGLEUSER={singleuser}", "."],
            )
        tag = f"{singleuser}-{self.name}"
        command = ["docker", "build", "--tag", tag, *words]
        built = subprocess.run(
            command,
            input=text,
            cwd=serverimage.ROOT,
            capture_output=True,
            text=True,
            timeout=serverimage.PATIENCE,
            check=False,
        )
        assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
        return tag


LARGE = {"octave": Image("octave", "octave", "6*7", "ans = 42"), "r": Image("r", "ir", "6*7", "[1] 42")}
IMAGES = [
    Image("other", "other", "6*7", "42"),
    *(LARGE[name] for name in os.environ.get("MAXIMALAB_TEST_IMAGES", "").split()),
]


@pytest.fixture(scope="module")
def hub(server_image, tmp_path_factory):
    """A lab with each of the images, and a private material for each."""
    hub = make_hub(tmp_path_factory.mktemp("kernels"))
    hub.lab.images |= {image.name: image.build() for image in IMAGES}
    hub.lab.limits = dict.fromkeys(Tier, "memory_mb = 768")
    hub.lab.write()
    for image in IMAGES:
        offer(hub.lab, image)
    try:
        hub.prepare()
        hub.start()
        yield hub
    finally:
        hub.close()
        hub.lab.clean()


def offer(lab, image: Image) -> None:
    """Publish a material whose notebook asks for the image's kernel."""
    source = lab.folder / "source" / image.name
    source.mkdir()
    (source / "material.toml").write_text(
        MATERIAL.format(name=image.name, access="licensed", image=image.name)
    )
    spec = {"name": image.kernel, "display_name": image.kernel}
    notebook = {"cells": [], "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    (source / "a.ipynb").write_text(json.dumps(notebook))
    publish(
        source,
        catalogue=lab.folder / "catalogue",
        stores={tier: lab.folder / "materials" / tier for tier in Tier},
    )


def ask(hub, server: str, path: str) -> httpx.Response:
    """Ask Ada's server at the VPN entrance."""
    headers = {"Authorization": f"token {API_TOKEN}"}
    return httpx.get(
        f"{hub.doors['vpn'].url}/user/ada/{server}/{path}", headers=headers, timeout=60, follow_redirects=True
    )


def offered(hub, server: str) -> tuple[str, set[str]]:
    """Say which kernel a new notebook gets, and which the launcher shows."""
    told = ask(hub, server, "api/kernelspecs").json()
    return told["default"], set(told["kernelspecs"])


def bring(hub, server: str, material: str) -> None:
    answer = hub.open("ada", server, {"material": material})
    assert answer.status_code in (201, 202), answer.text
    until(lambda: hub.ready("ada", server), f"{server} is ready")


def test_the_students_image_offers_maxima_alone(hub):
    bring(hub, "public-maxima", "simplex")
    assert offered(hub, "public-maxima") == ("maxima", {"maxima"})


@pytest.mark.parametrize("image", IMAGES, ids=[image.name for image in IMAGES])
def test_an_image_s_own_kernel_is_offered_and_its_material_runs_with_it(hub, image):
    server = f"private-{image.name}"
    bring(hub, server, image.name)
    assert offered(hub, server) == (image.kernel, {image.kernel, "maxima"})
    opened = ask(hub, server, f"maximalab/open?material={image.name}&lang=en")
    assert (opened.status_code, opened.url.path.rpartition("/lab/tree/")[2]) == (200, f"{image.name}/a.ipynb")
    notebook = ask(hub, server, f"api/contents/{image.name}/a.ipynb").json()["content"]
    kernel = notebook["metadata"]["kernelspec"]["name"]
    said = TokenKernel(hub.doors["vpn"].url, f"/user/ada/{server}/", kernel).run(image.code)
    assert (said.status, said.text.strip()) == ("ok", image.answer)
    assert TokenKernel(hub.doors["vpn"].url, f"/user/ada/{server}/").run("6*7;").text.split()[-1] == "42"


@pytest.mark.parametrize("image", IMAGES, ids=[image.name for image in IMAGES])
def test_no_image_is_below_a_security_floor(hub, image):
    words = [
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        hub.lab.images[image.name],
        "python",
        "-c",
        VERSIONS,
    ]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert below_the_floor(json.loads(said)) == {}
