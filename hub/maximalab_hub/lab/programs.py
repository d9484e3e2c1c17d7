"""The lab's four processes as commands: two entrances, the usage service, the hub."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_hub.lab import node
from maximalab_hub.lab.places import ROOT
from maximalab_hub.lab.processes import Program
from maximalab_hub.secret_files import Secret, read_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_hub.lab.places import Addresses, Listener, Places

ERROR_PAGES = Path(__file__).with_name("error_pages")
"""What an entrance answers while the hub or a student's server is away."""
NOT_PASSED_ON = ("CONFIGPROXY_AUTH_TOKEN", "JUPYTERHUB_API_TOKEN", "PYTHONPATH", "PYTHONHOME")


class MissingPartError(Exception):
    """A part of the installation is missing; the text says which and what to do."""


def programs(places: Places, addresses: Addresses) -> list[Program]:
    """List the lab's processes in the order of starting."""
    env = environment(places, os.environ)
    return [
        _entrance(places, addresses, "public", env),
        _entrance(places, addresses, "vpn", env),
        _python(places, "usage service", "service.log", env, ["-m", "maximalab_hub.service"]),
        _python(
            places, "hub", "hub.log", env, ["-m", "jupyterhub", "-f", str(ROOT / "jupyterhub_config.py")]
        ),
    ]


def environment(places: Places, ambient: Mapping[str, str]) -> dict[str, str]:
    """Build the processes' environment: our settings, our programs first on PATH, nobody's tokens."""
    env = {name: value for name, value in ambient.items() if name not in NOT_PASSED_ON}
    env["MAXIMALAB_SETTINGS"] = str(places.settings)
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    # Whoever has to go out by a proxy must still reach this machine directly.
    env["NO_PROXY"] = env["no_proxy"] = ",".join(
        filter(None, [env.get("NO_PROXY", env.get("no_proxy", "")), "127.0.0.1,127.0.0.2,localhost"])
    )
    return env


def _python(places: Places, name: str, log: str, env: Mapping[str, str], words: list[str]) -> Program:
    return Program(name, [sys.executable, *words], env, places.state, places.log / log)


def _entrance(places: Places, addresses: Addresses, entrance: str, env: Mapping[str, str]) -> Program:
    if entrance == "public":
        door, api, secret = addresses.public, addresses.public_api, Secret.PROXY_TOKEN_PUBLIC
    else:
        door, api, secret = addresses.vpn, addresses.vpn_api, Secret.PROXY_TOKEN_VPN
    token = read_secret(places.secrets, secret)
    return Program(
        name=door.what,
        command=[*proxy_program(Path(sys.prefix)), *proxy_words(door, api, addresses.hub, entrance)],
        env={**env, "CONFIGPROXY_AUTH_TOKEN": token},
        cwd=places.state,
        log=places.log / f"{entrance}-entrance.log",
    )


def proxy_program(venv: Path) -> list[str]:
    """Find Node and the proxy's program. Raises `MissingPartError`."""
    found, program = node.find(venv), venv / "proxy" / node.CHP
    if found is None or not program.is_file():
        raise MissingPartError("The entrances' proxy is not installed. Run: ./lab setup")
    return [found.node, str(program)]


def proxy_words(door: Listener, api: Listener, hub: Listener, entrance: str) -> list[str]:
    """Give the proxy's arguments: where it listens, whom it asks, and the header that names the entrance."""
    return [
        f"--ip={door.ip}",
        f"--port={door.port}",
        f"--api-ip={api.ip}",
        f"--api-port={api.port}",
        f"--default-target={hub.url}",
        f"--error-path={ERROR_PAGES}",
        f"--custom-header=X-MaximaLab-Entrance: {entrance}",
        # At `info` each of the hub's looks at the routes, every few seconds, is a line for ever.
        "--log-level=warn",
    ]
