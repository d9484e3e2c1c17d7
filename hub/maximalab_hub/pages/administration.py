"""JupyterHub's own administration page, in the lab's frame."""

from __future__ import annotations

from jupyterhub.handlers.pages import AdminHandler

from maximalab_hub.pages.frame import CONTENT_SECURITY_POLICY


class AdministrationHandler(AdminHandler):  # type: ignore[misc]  # JupyterHub carries no annotations
    """`GET /hub/admin`: for admins alone, as JupyterHub has it."""

    def set_default_headers(self) -> None:
        """Let this one page set styles on the spot, which its upstream script does; scripts stay our own."""
        super().set_default_headers()
        policy = f"{CONTENT_SECURITY_POLICY}; style-src 'self' 'unsafe-inline'"
        self.set_header("Content-Security-Policy", policy)
