"""What a student's server is told: its environment and its arguments, as plain data."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maximalab_spawner.process import MARK

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from maximalab_spawner.tiers import Tier

PLAIN = re.compile(r"[a-z0-9-]")
#: File systems allow 255 bytes in a name.
LONGEST_NAME = 120
#: Variable that names what a server may open; without it the server opens nothing.
HANDED = "MAXIMALAB_MAY_OPEN"
EXTENSIONS = ("maximalab_recorder", "maximalab_materials")
#: Exports that need TeX, pandoc, Qt or Playwright, which no server of ours has: a menu would lead to an error page.
UNABLE = ("LatexExporter", "WebPDFExporter", "QtExporter", "ASCIIDocExporter", "RSTExporter")


def safe_name(name: str) -> str:
    """Write a person's name so that it is one folder's name, and two people never share one.

    Small Latin letters, digits and `-` stay; every other byte (UTF-8) becomes `_` and two digits.
    """
    written = "".join(
        sign if PLAIN.fullmatch(sign) else "".join(f"_{byte:02x}" for byte in sign.encode()) for sign in name
    )
    if len(written) > LONGEST_NAME:
        return f"{written[:LONGEST_NAME]}_sha{hashlib.sha256(name.encode()).hexdigest()[:32]}"
    return written


@dataclass(frozen=True, slots=True)
class Place:
    """Where one server runs, and what it may know of it."""

    tier: Tier
    home: Path
    materials: Path
    spool: Path
    usage_url: str
    language: str
    mark: str
    handed: Sequence[str]
    """Ids of the materials that the server may open; none: it opens nothing."""

    def environment(self) -> dict[str, str]:
        """Give what is set for the server, over what JupyterHub itself sets."""
        return {
            "HOME": str(self.home),
            "JUPYTERHUB_ROOT_DIR": str(self.home),
            "JUPYTER_CONFIG_DIR": str(self.home / ".jupyter"),
            "JUPYTER_DATA_DIR": str(self.home / ".local/share/jupyter"),
            "JUPYTER_RUNTIME_DIR": str(self.home / ".local/share/jupyter/runtime"),
            "MAXIMALAB_TIER": self.tier.value,
            "MAXIMALAB_MATERIALS": str(self.materials),
            HANDED: " ".join(self.handed),
            "MAXIMALAB_SPOOL": str(self.spool),
            "MAXIMALAB_USAGE_URL": self.usage_url,
            "MAXIMALAB_LANG": self.language,
            MARK: self.mark,
        }


def arguments(kernels: Sequence[str], *, as_root: bool) -> list[str]:
    """Give `jupyterhub-singleuser` its arguments: recorder in, terminals and vain exports out, these kernels only."""
    extensions = ", ".join(f"'{name}': True" for name in EXTENSIONS)
    given = [
        "--ServerApp.kernel_manager_class=maximalab_recorder.kernels.RecordingKernelManager",
        "--ServerApp.kernel_websocket_connection_class=maximalab_recorder.websocket.RecordingWebsocketConnection",
        f"--ServerApp.jpserver_extensions={{{extensions}}}",
        "--ServerApp.terminals_enabled=False",
        *(f"--{exporter}.enabled=False" for exporter in UNABLE),
    ]
    if kernels:
        given += [
            f"--KernelSpecManager.allowed_kernelspecs={{{', '.join(map(repr, kernels))}}}",
            "--KernelSpecManager.ensure_native_kernel=False",
            f"--MultiKernelManager.default_kernel_name={kernels[0]}",
        ]
    return [*given, "--allow-root"] if as_root else given
